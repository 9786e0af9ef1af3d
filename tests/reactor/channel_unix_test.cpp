#include "reactor/backend_support.h"
#include "reactor/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/un.h>

#include <cstring>

namespace hawser::tests {
namespace {

/// Keeps the descriptors that it receives, and the order.
class ReceivedWithDescriptors final : public ReceiveHandler {
 public:
  void received(std::span<const std::byte> bytes) override {
    order.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void descriptorsReceived(std::vector<FileDescriptor> arrived) override {
    order += '#';
    for (FileDescriptor& descriptor : arrived) descriptors.push_back(std::move(descriptor));
    onDescriptors();
  }
  void receiveEnded(std::error_code error) override { ended = error; }

  std::string order;
  std::vector<FileDescriptor> descriptors;
  std::optional<std::error_code> ended;
  std::function<void()> onDescriptors = [] {};
};

class UnixStream : public BackendTest {
 protected:
  /// Two channels that are connected with each other.
  std::pair<ChannelPtr, ChannelPtr> join() {
    ChannelPtr server = backend->open(AF_UNIX, SOCK_STREAM);
    EXPECT_FALSE(server->bind(autobound()));
    EXPECT_FALSE(server->listen(5));
    Accepted accepted;
    server->accept(accepted);
    ChannelPtr client = backend->open(AF_UNIX, SOCK_STREAM);
    ConnectOutcome outcome;
    client->connect(server->localAddress(), outcome);
    turnUntil([&] { return outcome.known() && !accepted.channels.empty(); });
    EXPECT_TRUE(outcome.succeeded);
    return {std::move(client), std::move(accepted.channels[0])};
  }
  /// The kernel chooses an abstract name.
  static NativeAddress autobound() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    return {reinterpret_cast<const sockaddr*>(&address), sizeof address.sun_family};
  }
  /// Sends `text`, and with its first byte so many descriptors.
  void send(Channel& channel, std::string_view text, std::size_t count) {
    std::vector<FileDescriptor> descriptors;
    for (std::size_t i = 0; i < count; ++i)
      descriptors.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    SendQueue data;
    data.append(text);
    SendOutcome outcome;
    const bool atOnce = channel.sendWithDescriptors(data, std::move(descriptors), outcome);
    turnUntil([&] { return atOnce || outcome.complete(); });
  }
};
HAWSER_ON_EVERY_BACKEND(UnixStream);

TEST_P(UnixStream, acceptsConnectsSendsAndEnds) {
  auto [one, other] = join();
  ReceivedWithDescriptors received;
  other->receive(received);
  sendAll(*one, "hello");
  turnUntil([&] { return received.order == "hello"; });
  one = nullptr;
  turnUntil([&] { return received.ended.has_value(); });
  EXPECT_FALSE(*received.ended);
}

TEST_P(UnixStream, givesDescriptorsBeforeTheirBytes) {
  auto [one, other] = join();
  ReceivedWithDescriptors received;
  other->receive(received);
  send(*one, "a", 3);
  turnUntil([&] { return received.order == "#a"; });
  EXPECT_EQ(received.descriptors.size(), 3u);
  sendAll(*one, "b");
  send(*one, "c", 1);
  turnUntil([&] { return received.order.size() == 5; });
  EXPECT_EQ(received.descriptors.size(), 4u);
}

TEST_P(UnixStream, givesTheBytesOfDescriptorsThoughTheyPauseAndNothingMore) {
  auto [one, other] = join();
  ReceivedWithDescriptors received;
  received.onDescriptors = [&channel = *other] { channel.pauseReceiving(); };
  other->receive(received);
  send(*one, "a", 1);
  turnUntil([&] { return received.order == "#a"; });
  sendAll(*one, "b");
  for (int turns = 0; turns < 5; ++turns) turn();
  EXPECT_EQ(received.order, "#a");
  other->resumeReceiving();
  turnUntil([&] { return received.order == "#ab"; });
}

TEST_P(UnixStream, mayBeClosedByItsDescriptors) {
  auto [one, other] = join();
  ReceivedWithDescriptors received;
  received.onDescriptors = [&channel = other] { channel = nullptr; };
  other->receive(received);
  send(*one, "a", 2);
  turnUntil([&] { return !received.order.empty(); });
  turn();
  EXPECT_EQ(received.order, "#");
}

TEST_P(UnixStream, closesDescriptorsThatNobodyWants) {
  auto [one, other] = join();
  Received received;
  other->receive(received);
  send(*one, "a", 2);
  turnUntil([&] { return received.text == "a"; });
}

TEST_P(UnixStream, sendsDescriptorsWithTheFirstByteOfMuch) {
  auto [one, other] = join();
  const std::string much(2'000'000, 'x');
  std::vector<FileDescriptor> descriptors;
  descriptors.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  SendQueue data;
  data.append(much);
  SendOutcome outcome;
  ASSERT_FALSE(one->sendWithDescriptors(data, std::move(descriptors), outcome));
  ReceivedWithDescriptors received;
  other->receive(received);
  turnUntil([&] { return received.order.size() == much.size() + 1; });
  EXPECT_EQ(received.order[0], '#');
  EXPECT_EQ(received.descriptors.size(), 1u);
}

TEST_P(UnixStream, dropsTheDescriptorsOfASendThatIsCancelled) {
  auto [one, other] = join();
  SendOutcome ignored;
  SendQueue filling;
  filling.append(std::string(8'000'000, 'x'));
  ASSERT_FALSE(one->send(filling, ignored));
  turn();
  one->cancelSend();
  std::vector<FileDescriptor> descriptors;
  descriptors.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = descriptors[0].get();
  SendQueue data;
  data.append("y");
  ASSERT_FALSE(one->sendWithDescriptors(data, std::move(descriptors), ignored));
  one->cancelSend();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST_P(UnixStream, isWhatDescriptorsNeed) {
  auto [channel, peer] = connected();
  ChannelPtr tcp = backend->open(AF_INET, SOCK_STREAM);
  SendQueue data;
  data.append("x");
  SendOutcome outcome;
  EXPECT_THROW(static_cast<void>(tcp->sendWithDescriptors(data, {}, outcome)), std::logic_error);
}

class ChannelFile : public BackendTest {
 protected:
  FileDescriptor file{[] {
    char name[] = "/tmp/hawser.XXXXXX";
    const int descriptor = ::mkostemp(name, O_CLOEXEC);
    ::unlink(name);
    return descriptor;
  }()};
};
HAWSER_ON_EVERY_BACKEND(ChannelFile);

TEST_P(ChannelFile, isSentByTheKernelOrNotAtAll) {
  auto [channel, peer] = connected();
  writeTo(file, "0123456789");
  SendOutcome outcome;
  if (!channel->sendFile(file.get(), 3, 4, outcome)) {
    EXPECT_NE(backend->name(), "epoll");
    return;
  }
  EXPECT_TRUE(outcome.reports.empty()) << "never from inside sendFile()";
  turnUntil([&] { return outcome.complete(); });
  EXPECT_EQ(outcome.reports[0], (std::pair<std::size_t, std::size_t>{4, 0}));
  EXPECT_EQ(readFrom(peer, 4), "3456");
  // At its end there is nothing to take.
  SendOutcome end;
  ASSERT_TRUE(channel->sendFile(file.get(), 10, 4, end));
  turnUntil([&] { return end.complete(); });
  EXPECT_EQ(end.reports[0].first, 0u);
  sendAll(*channel, "plain bytes");
  EXPECT_EQ(readFrom(peer, 11), "plain bytes");
}

TEST_P(ChannelFile, waitsForRoomAndCanBeCancelled) {
  auto [channel, peer] = connected();
  SendOutcome filling;
  SendQueue data;
  data.append(std::string(8'000'000, 'x'));
  ASSERT_FALSE(channel->send(data, filling));
  turn();
  channel->cancelSend();
  writeTo(file, "content");
  SendOutcome outcome;
  if (!channel->sendFile(file.get(), 0, 7, outcome)) return;
  for (int turns = 0; turns < 5; ++turns) turn();
  EXPECT_TRUE(outcome.reports.empty());
  channel->cancelSend();
  ASSERT_TRUE(channel->sendFile(file.get(), 0, 7, outcome));
  while (outcome.reports.empty()) {
    char bytes[65536];
    ASSERT_GT(::recv(peer.get(), bytes, sizeof bytes, MSG_DONTWAIT), 0);
    turn();
  }
  EXPECT_TRUE(outcome.complete());
}

TEST_P(ChannelFile, failsWhenThePeerIsGone) {
  auto [channel, peer] = connected();
  writeTo(file, "content");
  peer.reset();
  // As a Reactor has it: sendfile, like writing to a pipe, cannot be told to send no signal.
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  SendOutcome outcome;
  if (channel->sendFile(file.get(), 0, 7, outcome)) {
    turnUntil([&] { return outcome.error.has_value(); });
    EXPECT_EQ(*outcome.error, std::errc::broken_pipe);
  }
  ::signal(SIGPIPE, before);
}

}  // namespace
}  // namespace hawser::tests
