#include "reactor/backend_support.h"
#include "reactor/support.h"

#include <cerrno>
#include <cstring>

namespace hawser::tests {
namespace {

class Datagrams : public BackendTest {
 protected:
  /// A channel with a free UDP port of 127.0.0.1.
  ChannelPtr open() {
    ChannelPtr channel = backend->open(AF_INET, SOCK_DGRAM);
    EXPECT_FALSE(channel->bind(loopback(0)));
    return channel;
  }
  static std::error_code send(Channel& from, const Channel& to, std::string_view text) {
    return from.sendDatagram(std::as_bytes(std::span(text)), to.localAddress());
  }
};
HAWSER_ON_EVERY_BACKEND(Datagrams);

/// Keeps the datagrams it receives.
class Kept final : public DatagramHandler {
 public:
  std::vector<std::string> texts;
  std::vector<NativeAddress> senders;
  std::vector<std::error_code> failures;
  std::optional<std::error_code> ended;
  bool anyTruncated = false;
  std::function<void()> onDatagram = [] {};

  void datagramReceived(std::span<const std::byte> bytes, const NativeAddress& from,
                        bool truncated) override {
    texts.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    senders.push_back(from);
    anyTruncated |= truncated;
    onDatagram();
  }
  void datagramFailed(std::error_code error) override { failures.push_back(error); }
  void datagramsEnded(std::error_code error) override { ended = error; }
};

std::uint16_t portOf(const NativeAddress& address) {
  sockaddr_in native{};
  std::memcpy(&native, address.get(), sizeof native);
  return native.sin_port;
}

TEST_P(Datagrams, arriveWholeAndWithTheirSender) {
  const ChannelPtr receiver = open();
  const ChannelPtr sender = open();
  Kept kept;
  receiver->receiveDatagrams(kept);
  EXPECT_FALSE(send(*sender, *receiver, "one"));
  EXPECT_FALSE(send(*sender, *receiver, "two"));
  EXPECT_TRUE(kept.texts.empty()) << "never from inside a function of the channel";
  turnUntil([&] { return kept.texts.size() == 2; });
  EXPECT_EQ(kept.texts, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(portOf(kept.senders[0]), portOf(sender->localAddress()));
  EXPECT_FALSE(kept.anyTruncated);
}

TEST_P(Datagrams, thatArrivedBeforeAnybodyReceivedAreDelivered) {
  const ChannelPtr receiver = open();
  const ChannelPtr sender = open();
  EXPECT_FALSE(send(*sender, *receiver, "early"));
  Kept kept;
  receiver->receiveDatagrams(kept);
  turnUntil([&] { return !kept.texts.empty(); });
  EXPECT_EQ(kept.texts[0], "early");
}

TEST_P(Datagrams, mayBeEmptyAndMayBeAsLongAsIpAllows) {
  const ChannelPtr receiver = open();
  const ChannelPtr sender = open();
  Kept kept;
  receiver->receiveDatagrams(kept);
  const std::string longest(65'507, 'x');
  EXPECT_FALSE(send(*sender, *receiver, ""));
  EXPECT_FALSE(send(*sender, *receiver, longest));
  EXPECT_EQ(send(*sender, *receiver, longest + "x"), std::errc::message_size);
  EXPECT_FALSE(send(*sender, *receiver, "end"));
  turnUntil([&] { return kept.texts.size() == 3; });
  EXPECT_EQ(kept.texts, (std::vector<std::string>{"", longest, "end"}));
}

TEST_P(Datagrams, thatAreLongerThanTheBufferAreCutAndSayingSo) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
  const FileDescriptor peer(ends[1]);
  const ChannelPtr receiver = backend->adopt(FileDescriptor(ends[0]));
  Kept kept;
  receiver->receiveDatagrams(kept);
  writeTo(peer, std::string(100'000, 'x'));
  turnUntil([&] { return !kept.texts.empty(); });
  EXPECT_EQ(kept.texts[0].size(), 65'536u);
  EXPECT_TRUE(kept.anyTruncated);
}

TEST_P(Datagrams, areNotDeliveredWhilePausedAndAreThereAfterwards) {
  const ChannelPtr receiver = open();
  const ChannelPtr sender = open();
  Kept kept;
  receiver->receiveDatagrams(kept);
  kept.onDatagram = [&] { receiver->pauseReceiving(); };
  for (const char* text : {"one", "two", "three"}) EXPECT_FALSE(send(*sender, *receiver, text));
  turnUntil([&] { return kept.texts.size() == 1; });
  for (int turns = 0; turns < 5; ++turns) turn();
  EXPECT_EQ(kept.texts.size(), 1u);
  receiver->resumeReceiving();
  turnUntil([&] { return kept.texts.size() == 2; });
  kept.onDatagram = [] {};
  receiver->resumeReceiving();
  turnUntil([&] { return kept.texts.size() == 3; });
  EXPECT_EQ(kept.texts.back(), "three");
}

TEST_P(Datagrams, canBeCancelledAndReceivedAgain) {
  const ChannelPtr receiver = open();
  const ChannelPtr sender = open();
  Kept first;
  receiver->receiveDatagrams(first);
  turn();
  receiver->cancelReceive();
  EXPECT_FALSE(send(*sender, *receiver, "for the second"));
  for (int turns = 0; turns < 5; ++turns) turn();
  EXPECT_TRUE(first.texts.empty());
  Kept second;
  receiver->receiveDatagrams(second);
  turnUntil([&] { return !second.texts.empty(); });
  EXPECT_EQ(second.texts[0], "for the second");
}

TEST_P(Datagrams, mayCloseTheirChannelWhenTheyArrive) {
  ChannelPtr receiver = open();
  const ChannelPtr sender = open();
  Kept kept;
  receiver->receiveDatagrams(kept);
  EXPECT_FALSE(send(*sender, *receiver, "one"));
  EXPECT_FALSE(send(*sender, *receiver, "two"));
  kept.onDatagram = [&] { receiver = nullptr; };
  turnUntil([&] { return !kept.texts.empty(); });
  for (int turns = 0; turns < 5; ++turns) turn();
  EXPECT_EQ(kept.texts.size(), 1u);
}

TEST_P(Datagrams, manyOfThemLetOthersHaveTheirTurn) {
  const ChannelPtr busy = open();
  const ChannelPtr quiet = open();
  const ChannelPtr sender = open();
  Kept many;
  Kept few;
  std::size_t before = 0;
  few.onDatagram = [&] { before = many.texts.size(); };
  busy->receiveDatagrams(many);
  quiet->receiveDatagrams(few);
  constexpr std::size_t count = 200;
  for (std::size_t i = 0; i < count; ++i) EXPECT_FALSE(send(*sender, *busy, "x"));
  EXPECT_FALSE(send(*sender, *quiet, "y"));
  turnUntil([&] { return !few.texts.empty(); });
  EXPECT_LT(before, count);
  turnUntil([&] { return many.texts.size() == count; });
}

TEST_P(Datagrams, toAPeerWhereNobodyListensComeBackAsAFailureAndTheNextOnesAreReceived) {
  ChannelPtr peer = open();
  const NativeAddress there = peer->localAddress();
  peer = nullptr;
  turn();
  const ChannelPtr channel = open();
  ASSERT_FALSE(channel->setPeer(there));
  Kept kept;
  channel->receiveDatagrams(kept);
  const std::string text = "is anybody there?";
  EXPECT_FALSE(channel->sendDatagram(std::as_bytes(std::span(text)), {}));
  turnUntil([&] { return !kept.failures.empty(); });
  EXPECT_EQ(kept.failures[0], std::errc::connection_refused);
  EXPECT_FALSE(kept.ended);
  peer = backend->open(AF_INET, SOCK_DGRAM);
  ASSERT_FALSE(peer->bind(there));
  EXPECT_FALSE(send(*peer, *channel, "now there is"));
  turnUntil([&] { return !kept.texts.empty(); });
}

TEST_P(Datagrams, thatHaveNoRoomAreRefusedAtOnce) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
  const FileDescriptor peer(ends[1]);
  const ChannelPtr channel = backend->adopt(FileDescriptor(ends[0]));
  const std::string text(1000, 'x');
  std::error_code error;
  for (int i = 0; i < 10'000 && !error; ++i)
    error = channel->sendDatagram(std::as_bytes(std::span(text)), {});
  EXPECT_EQ(error.value(), EAGAIN);
}

TEST_P(Datagrams, areNotForChannelsOfStreams) {
  auto [channel, peer] = connected();
  Kept kept;
  EXPECT_THROW(channel->receiveDatagrams(kept), std::logic_error);
}

TEST_P(Datagrams, areOneStreamAtATime) {
  const ChannelPtr channel = open();
  Kept kept;
  channel->receiveDatagrams(kept);
  EXPECT_THROW(channel->receiveDatagrams(kept), std::logic_error);
}

TEST_P(Datagrams, endWithTheirBackend) {
  const ChannelPtr receiver = open();
  Kept kept;
  receiver->receiveDatagrams(kept);
  turn();
  backend = nullptr;
  EXPECT_EQ(receiver->descriptor(), -1);
  receiver->receiveDatagrams(kept);
  EXPECT_TRUE(send(*receiver, *receiver, "x"));
}

}  // namespace
}  // namespace hawser::tests
