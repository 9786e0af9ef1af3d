#include "reactor/backend_support.h"
#include "reactor/support.h"

#include <hawser/reactor/detail/readiness_backend.h>

#include <netinet/tcp.h>

namespace hawser::tests {
namespace {

class Receive : public BackendTest {
 protected:
  void expectUrgentDataInTheStream(Channel& channel, const FileDescriptor& peer) {
    Received received;
    channel.receive(received);
    turn();
    writeTo(peer, "before");
    ASSERT_EQ(::send(peer.get(), "!", 1, MSG_OOB), 1);
    const auto arrived = [&] { return received.text.find('.') != std::string::npos; };
    for (int tries = 0; !arrived() && tries < 100; ++tries) {
      writeTo(peer, ".");
      backend->wait(backend->now() + std::chrono::milliseconds(200));
      backend->deliver();
    }
    EXPECT_TRUE(received.text.starts_with("before!.")) << received.text;
    channel.cancelReceive();
  }
};
HAWSER_ON_EVERY_BACKEND(Receive);

constexpr std::size_t bufferBytes = detail::ReadinessBackend::readBufferBytes;

void makeRoom(int descriptor) {
  const int bytes = 4 << 20;
  ASSERT_EQ(::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
}

TEST_P(Receive, deliversWhatArrives) {
  auto [channel, peer] = connected();
  Received received;
  channel->receive(received);
  writeTo(peer, "hello");
  turnUntil([&] { return !received.text.empty(); });
  EXPECT_EQ(received.text, "hello");
}

TEST_P(Receive, deliversWhatArrivedBeforeItWasAskedFor) {
  auto [channel, peer] = connected();
  writeTo(peer, "early");
  Received received;
  channel->receive(received);
  EXPECT_EQ(received.text, "") << "never from inside receive()";
  turnUntil([&] { return !received.text.empty(); });
  EXPECT_EQ(received.text, "early");
}

TEST_P(Receive, isAStreamOfDeliveries) {
  auto [channel, peer] = connected();
  Received received;
  channel->receive(received);
  for (int i = 0; i < 10; ++i) {
    writeTo(peer, "x");
    turnUntil([&] { return received.text.size() == static_cast<std::size_t>(i + 1); });
  }
  EXPECT_EQ(received.sizes.size(), 10u);
}

TEST_P(Receive, endsWithoutAnErrorWhenThePeerHasFinished) {
  auto [channel, peer] = connected();
  Received received;
  channel->receive(received);
  writeTo(peer, "last words");
  peer.reset();
  turnUntil([&] { return received.ended.has_value(); });
  EXPECT_EQ(received.text, "last words");
  EXPECT_FALSE(*received.ended);
}

TEST_P(Receive, endsWithTheErrorWhenTheConnectionIsReset) {
  ChannelPtr server = listening();
  Accepted accepted;
  server->accept(accepted);
  FileDescriptor peer = client(server->localAddress());
  turnUntil([&] { return !accepted.channels.empty(); });
  Received received;
  accepted.channels[0]->receive(received);
  const linger abort{1, 0};
  ASSERT_EQ(::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort), 0);
  peer.reset();
  turnUntil([&] { return received.ended.has_value(); });
  EXPECT_EQ(*received.ended, std::errc::connection_reset);
}

TEST_P(Receive, noticesAnEndThatCameTogetherWithTheData) {
  auto [channel, peer] = connected();
  writeTo(peer, "x");
  ASSERT_EQ(::shutdown(peer.get(), SHUT_WR), 0);
  Received received;
  channel->receive(received);
  turnUntil([&] { return received.ended.has_value(); });
  EXPECT_EQ(received.text, "x");
}

// RFC 6093, section 6. A byte that follows brings it along if need be: under load Linux (6.18) has
// been seen not to wake the receiver for urgent data, whichever way it waited.
TEST_P(Receive, takesUrgentDataForOrdinaryData) {
  ChannelPtr server = listening();
  Accepted accepted;
  server->accept(accepted);
  FileDescriptor peer = client(server->localAddress());
  turnUntil([&] { return !accepted.channels.empty(); });
  expectUrgentDataInTheStream(*accepted.channels[0], peer);
}

TEST_P(Receive, takesUrgentDataForOrdinaryDataOnAnAdoptedSocket) {
  const FileDescriptor server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::listen(server.get(), 1), 0);
  NativeAddress address;
  address.size = sizeof address.storage;
  ASSERT_EQ(::getsockname(server.get(), address.get(), &address.size), 0);
  const ChannelPtr channel = backend->adopt(client(address));
  const FileDescriptor peer(::accept(server.get(), nullptr, nullptr));
  expectUrgentDataInTheStream(*channel, peer);
}

TEST_P(Receive, whilePausedDeliversNothing) {
  auto [channel, peer] = connected();
  Received received;
  channel->receive(received);
  channel->pauseReceiving();
  writeTo(peer, "wait");
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_EQ(received.text, "");
  channel->resumeReceiving();
  turnUntil([&] { return !received.text.empty(); });
  EXPECT_EQ(received.text, "wait");
}

TEST_P(Receive, pausedInsideADeliveryStopsAtOnce) {
  auto [channel, peer] = connected();
  makeRoom(peer.get());
  Received received;
  received.onData = [&, c = channel.get()] { c->pauseReceiving(); };
  writeTo(peer, std::string(2 * bufferBytes, 'x'));
  channel->receive(received);
  turnUntil([&] { return !received.text.empty(); });
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_EQ(received.sizes.size(), 1u);
  channel->resumeReceiving();
  turnUntil([&] { return received.sizes.size() == 2; });
}

TEST_P(Receive, whilePausedKeepsTheEndToItself) {
  auto [channel, peer] = connected();
  Received received;
  channel->receive(received);
  channel->pauseReceiving();
  peer.reset();
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_FALSE(received.ended);
  channel->resumeReceiving();
  turnUntil([&] { return received.ended.has_value(); });
}

TEST_P(Receive, cancelledDeliversNothingAndLosesNothing) {
  auto [channel, peer] = connected();
  Received first;
  channel->receive(first);
  turn();
  channel->cancelReceive();
  writeTo(peer, "for the next one");
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_EQ(first.text, "");
  Received second;
  channel->receive(second);
  turnUntil([&] { return !second.text.empty(); });
  EXPECT_EQ(second.text, "for the next one");
}

TEST_P(Receive, canBeHandedOverInsideADelivery) {
  auto [channel, peer] = connected();
  Received second;
  auto first = std::make_unique<Received>();
  first->onData = [&, c = channel.get()] {
    c->cancelReceive();
    c->receive(second);
  };
  channel->receive(*first);
  writeTo(peer, "one");
  turnUntil([&] { return first->text == "one"; });
  first.reset();
  writeTo(peer, "two");
  turnUntil([&] { return second.text == "two"; });
}

TEST_P(Receive, twiceAtTheSameTimeIsRefused) {
  auto [channel, peer] = connected();
  Received received;
  channel->receive(received);
  EXPECT_THROW(channel->receive(received), std::logic_error);
}

TEST_P(Receive, aHandlerThatThrowsIsLoggedAndGoesOn) {
  LogCapture log;
  auto [channel, peer] = connected();
  Received received;
  received.onData = [] { throw std::runtime_error("no appetite"); };
  channel->receive(received);
  writeTo(peer, "one");
  turnUntil([&] { return received.text == "one"; });
  writeTo(peer, "two");
  turnUntil([&] { return received.text == "onetwo"; });
  EXPECT_EQ(log.count("no appetite"), 2u);
}

TEST_P(Receive, letsOthersWorkBetweenBuffersFull) {
  auto [busy, busyPeer] = connected();
  auto [quiet, quietPeer] = connected();
  makeRoom(busyPeer.get());
  const std::size_t bytes = 2 * detail::ReadinessBackend::receivesPerTurn * bufferBytes;
  std::string flood(bytes, 'x');
  const ssize_t written = ::send(busyPeer.get(), flood.data(), flood.size(), MSG_DONTWAIT);
  ASSERT_GT(written, detail::ReadinessBackend::receivesPerTurn * ssize_t{bufferBytes});
  Received fromBusy;
  Received fromQuiet;
  busy->receive(fromBusy);
  quiet->receive(fromQuiet);
  writeTo(quietPeer, "please");
  int turns = 0;
  turnUntil([&] { return !fromQuiet.text.empty() || ++turns > 5; });
  EXPECT_EQ(fromQuiet.text, "please");
  EXPECT_GT(fromBusy.text.size(), 0u);
  EXPECT_LE(fromBusy.text.size(), detail::ReadinessBackend::receivesPerTurn * bufferBytes)
      << "in one turn";
  turnUntil([&] { return fromBusy.text.size() == static_cast<std::size_t>(written); });
}

TEST_P(Receive, readsPipesAndFilesToo) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ChannelPtr reading = backend->adopt(FileDescriptor(ends[0]));
  FileDescriptor writing(ends[1]);
  Received received;
  reading->receive(received);
  writeTo(writing, "through a pipe");
  writing.reset();
  turnUntil([&] { return received.ended.has_value(); });
  EXPECT_EQ(received.text, "through a pipe");

  std::FILE* file = std::tmpfile();
  std::fputs("from a file", file);
  std::fflush(file);
  std::rewind(file);
  ChannelPtr disk = backend->adopt(FileDescriptor(::dup(::fileno(file))));
  std::fclose(file);
  Received fromDisk;
  disk->receive(fromDisk);
  turnUntil([&] { return fromDisk.ended.has_value(); });
  EXPECT_EQ(fromDisk.text, "from a file");
}

}  // namespace
}  // namespace hawser::tests
