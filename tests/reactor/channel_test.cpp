#include "reactor/backend_support.h"

#include <netinet/tcp.h>
#include <sys/wait.h>

#include <cerrno>
#include <thread>

namespace hawser::tests {
namespace {

// Lifetimes of channels, and what is not an operation.

class ChannelLifetime : public BackendTest {};
HAWSER_ON_EVERY_BACKEND(ChannelLifetime);

TEST_P(ChannelLifetime, closingCallsNobodyAndClosesTheDescriptor) {
  auto [channel, peer] = connected();
  Received received;
  channel->receive(received);
  writeTo(peer, "too late");
  backend->wait(Backend::TimePoint::min());
  channel.reset();
  backend->deliver();
  EXPECT_EQ(received.text, "");
  EXPECT_FALSE(received.ended);
  turn();  // in which the kernel lets go of it
  char byte = 0;
  EXPECT_LE(::read(peer.get(), &byte, 1), 0);
}

TEST_P(ChannelLifetime, mayBeClosedInsideItsOwnDelivery) {
  auto [channel, peer] = connected();
  auto received = std::make_unique<Received>();
  bool called = false;
  received->onData = [&, &owned = channel] {
    called = true;
    owned.reset();
  };
  channel->receive(*received);
  writeTo(peer, "x");
  turnUntil([&] { return called; });
  received.reset();
  turn();
}

TEST_P(ChannelLifetime, mayCloseAnotherWhoseTurnWouldBeNext) {
  auto [first, firstPeer] = connected();
  auto [second, secondPeer] = connected();
  Received fromFirst;
  Received fromSecond;
  first->receive(fromFirst);
  second->receive(fromSecond);
  turn();
  fromFirst.onData = [&, &other = second] { other.reset(); };
  fromSecond.onData = [&, &other = first] { other.reset(); };
  writeTo(firstPeer, "x");
  writeTo(secondPeer, "x");
  turn();
  EXPECT_EQ(fromFirst.text.size() + fromSecond.text.size(), 1u);
}

TEST_P(ChannelLifetime, aNewChannelIsNotGivenTheEventsOfAnOldOne) {
  auto [old, oldPeer] = connected();
  auto [other, otherPeer] = connected();
  Received fromOld;
  Received fromNew;
  Received fromOther;
  ChannelPtr fresh;
  FileDescriptor freshPeer;
  old->receive(fromOld);
  other->receive(fromOther);
  turn();
  // Whoever is served first replaces the other one, in the same place and with the same number.
  const auto replace = [&](ChannelPtr& channel) {
    channel.reset();
    std::tie(fresh, freshPeer) = connected();
    fresh->receive(fromNew);
  };
  fromOld.onData = [&, &channel = other] { replace(channel); };
  fromOther.onData = [&, &channel = old] { replace(channel); };
  writeTo(oldPeer, "x");
  writeTo(otherPeer, "x");
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_EQ(fromNew.text, "");
  EXPECT_FALSE(fromNew.ended);
}

TEST_P(ChannelLifetime, aNewConnectionIsNotTakenForConnectedByAnEventOfAnOldOne) {
  // A server that answers nobody any more: its queue of one is full.
  ChannelPtr server = backend->open(AF_INET, SOCK_STREAM);
  ASSERT_FALSE(server->bind(loopback(0)));
  ASSERT_FALSE(server->listen(0));
  const FileDescriptor filling = client(server->localAddress());

  auto [one, onePeer] = connected();
  auto [other, otherPeer] = connected();
  Received fromOne;
  Received fromOther;
  ChannelPtr fresh;
  ConnectOutcome outcome;
  one->receive(fromOne);
  other->receive(fromOther);
  turn();
  const auto replace = [&](ChannelPtr& channel) {
    channel.reset();
    fresh = backend->open(AF_INET, SOCK_STREAM);
    fresh->connect(server->localAddress(), outcome);
  };
  fromOne.onData = [&, &channel = other] { replace(channel); };
  fromOther.onData = [&, &channel = one] { replace(channel); };
  writeTo(onePeer, "x");
  writeTo(otherPeer, "x");
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_FALSE(outcome.known());
}

TEST_P(ChannelLifetime, mayOutliveItsBackendAndDoesNothingThen) {
  auto [channel, peer] = connected();
  Received received;
  SendOutcome sent;
  channel->receive(received);
  backend.reset();
  EXPECT_EQ(channel->descriptor(), -1);
  char byte = 0;
  EXPECT_LE(::read(peer.get(), &byte, 1), 0) << "the descriptor is closed";
  channel->receive(received);
  channel->pauseReceiving();
  channel->resumeReceiving();
  SendQueue queue;
  queue.append("x");
  EXPECT_FALSE(channel->send(queue, sent));
  EXPECT_TRUE(channel->setOption(IPPROTO_TCP, TCP_NODELAY, 1));
  channel.reset();
}

TEST_P(ChannelLifetime, optionsReachTheSocket) {
  ChannelPtr channel = backend->open(AF_INET, SOCK_STREAM);
  EXPECT_FALSE(channel->setOption(IPPROTO_TCP, TCP_NODELAY, 1));
  int value = 0;
  std::size_t size = 0;
  EXPECT_FALSE(channel->getOption(IPPROTO_TCP, TCP_NODELAY,
                                  std::as_writable_bytes(std::span(&value, 1)), size));
  EXPECT_EQ(size, sizeof value);
  EXPECT_NE(value, 0);
  EXPECT_TRUE(channel->setOption(IPPROTO_TCP, 12345, 1));
}

TEST_P(ChannelLifetime, aPortInUseIsAnErrorOfBindOrListen) {
  ChannelPtr server = listening();
  ChannelPtr second = backend->open(AF_INET, SOCK_STREAM);
  std::error_code error = second->bind(server->localAddress());
  if (!error) error = second->listen(1);
  EXPECT_EQ(error, std::errc::address_in_use);
}

TEST_P(ChannelLifetime, anAddressIsFreeAgainAsSoonAsItsChannelIsClosed) {
  ChannelPtr server = listening();
  const NativeAddress address = server->localAddress();
  Accepted accepted;
  server->accept(accepted);
  turn();
  server.reset();
  const FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_NE(::connect(client.get(), address.get(), address.size), 0);
  EXPECT_EQ(errno, ECONNREFUSED);
  ChannelPtr second = backend->open(AF_INET, SOCK_STREAM);
  EXPECT_FALSE(second->setOption(SOL_SOCKET, SO_REUSEADDR, 1));
  EXPECT_FALSE(second->bind(address));
  EXPECT_FALSE(second->listen(1));
}

TEST_P(ChannelLifetime, whatAForkedChildDestroysLivesOnInItsParent) {
  ChannelPtr server = listening();
  Accepted accepted;
  server->accept(accepted);
  auto [channel, peer] = connected();
  Received received;
  channel->receive(received);
  turn();
  const pid_t child = ::fork();
  if (child == 0) {
    server.reset();
    channel.reset();
    backend.reset();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const FileDescriptor connecting = client(server->localAddress());
  writeTo(peer, "still here");
  turnUntil([&] { return accepted.channels.size() == 1 && received.text == "still here"; });
}

TEST_P(ChannelLifetime, aSocketThatCannotBeMadeThrows) {
  EXPECT_THROW(static_cast<void>(backend->open(-1, SOCK_STREAM)), std::system_error);
  EXPECT_THROW(static_cast<void>(backend->adopt(FileDescriptor(-1))), std::system_error);
}

class Waiting : public BackendTest {};
HAWSER_ON_EVERY_BACKEND(Waiting);

TEST_P(Waiting, endsAtTheTimeThatItIsGiven) {
  const Backend::TimePoint until = backend->now() + std::chrono::milliseconds(5);
  while (backend->now() < until) backend->wait(until);
  SUCCEED();
}

TEST_P(Waiting, isNotCutShortByAPausedChannelWhosePeerIsGone) {
  auto [channel, peer] = connected();
  Received received;
  channel->receive(received);
  turn();
  channel->pauseReceiving();
  writeTo(peer, "unread");
  peer.reset();
  const Backend::TimePoint until = backend->now() + std::chrono::milliseconds(20);
  int turns = 0;
  for (; backend->now() < until; ++turns) {
    backend->wait(until);
    backend->deliver();
  }
  EXPECT_LT(turns, 10) << "it is busy waiting";
}

TEST_P(Waiting, isEndedByAWakeBeforeIt) {
  backend->wake();
  backend->wait(std::nullopt);
  backend->deliver();
}

TEST_P(Waiting, isEndedByAWakeOfAnotherThreadEachTime) {
  for (int i = 0; i < 100; ++i) {
    std::thread waker([&] { backend->wake(); });
    backend->wait(std::nullopt);
    waker.join();
    backend->deliver();
  }
}

}  // namespace
}  // namespace hawser::tests
