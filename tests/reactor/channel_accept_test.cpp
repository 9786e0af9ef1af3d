#include "reactor/backend_support.h"
#include "reactor/support.h"
#include "support/descriptor_limit.h"

#include <arpa/inet.h>
#include <fcntl.h>

namespace hawser::tests {
namespace {

class Accept : public BackendTest {};
HAWSER_ON_EVERY_BACKEND(Accept);

/// True if the peer has closed its end.
bool closedByPeer(const FileDescriptor& descriptor) {
  char byte = 0;
  return ::read(descriptor.get(), &byte, 1) <= 0;
}

TEST_P(Accept, givesAChannelForEachConnectionAndItsPeer) {
  ChannelPtr server = listening();
  Accepted accepted;
  server->accept(accepted);
  std::vector<FileDescriptor> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(client(server->localAddress()));
  turnUntil([&] { return accepted.channels.size() == 5; });
  for (std::size_t i = 0; i < 5; ++i) {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    ::getsockname(clients[i].get(), reinterpret_cast<sockaddr*>(&own), &size);
    const auto& peer = reinterpret_cast<const sockaddr_in&>(accepted.peers[i].storage);
    EXPECT_EQ(peer.sin_port, own.sin_port);
    EXPECT_EQ(accepted.peers[i].family(), AF_INET);
  }
}

TEST_P(Accept, acceptsThoseThatCameBeforeItWasAskedTo) {
  ChannelPtr server = listening();
  const FileDescriptor early = client(server->localAddress());
  Accepted accepted;
  server->accept(accepted);
  EXPECT_TRUE(accepted.channels.empty());
  turnUntil([&] { return accepted.channels.size() == 1; });
}

TEST_P(Accept, theChannelsWork) {
  ChannelPtr server = listening();
  Accepted accepted;
  server->accept(accepted);
  const FileDescriptor peer = client(server->localAddress());
  turnUntil([&] { return accepted.channels.size() == 1; });
  EXPECT_NE(::fcntl(accepted.channels[0]->descriptor(), F_GETFD) & FD_CLOEXEC, 0);
  Received received;
  accepted.channels[0]->receive(received);
  writeTo(peer, "ping");
  turnUntil([&] { return received.text == "ping"; });
  sendAll(*accepted.channels[0], "pong");
  EXPECT_EQ(readFrom(peer, 4), "pong");
}

TEST_P(Accept, closesConnectionsThatNobodyKeeps) {
  ChannelPtr server = listening();
  Accepted accepted;
  accepted.onAccept = [&] { accepted.channels.clear(); };
  server->accept(accepted);
  const FileDescriptor peer = client(server->localAddress());
  turnUntil([&] { return accepted.peers.size() == 1; });
  EXPECT_TRUE(closedByPeer(peer));
}

TEST_P(Accept, whilePausedLeavesClientsInTheQueue) {
  ChannelPtr server = listening();
  Accepted accepted;
  server->accept(accepted);
  server->pauseAccepting();
  const FileDescriptor peer = client(server->localAddress());
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_TRUE(accepted.channels.empty());
  server->resumeAccepting();
  turnUntil([&] { return accepted.channels.size() == 1; });
}

TEST_P(Accept, pausedInsideAcceptedTakesOneAtATime) {
  ChannelPtr server = listening();
  Accepted accepted;
  accepted.onAccept = [&] { server->pauseAccepting(); };
  const FileDescriptor one = client(server->localAddress());
  const FileDescriptor two = client(server->localAddress());
  server->accept(accepted);
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_EQ(accepted.channels.size(), 1u);
  server->resumeAccepting();
  turnUntil([&] { return accepted.channels.size() == 2; });
}

TEST_P(Accept, cancelledCallsNobodyAndTheNextAcceptGetsThem) {
  ChannelPtr server = listening();
  Accepted first;
  server->accept(first);
  turn();
  server->cancelAccept();
  const FileDescriptor peer = client(server->localAddress());
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_TRUE(first.channels.empty());
  Accepted second;
  server->accept(second);
  turnUntil([&] { return second.channels.size() == 1; });
}

TEST_P(Accept, closingTheChannelInsideAcceptedRefusesTheRest) {
  ChannelPtr server = listening();
  Accepted accepted;
  accepted.onAccept = [&] { server.reset(); };
  const FileDescriptor one = client(server->localAddress());
  const FileDescriptor two = client(server->localAddress());
  server->accept(accepted);
  turnUntil([&] { return !accepted.channels.empty(); });
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_EQ(accepted.channels.size(), 1u);
  EXPECT_TRUE(closedByPeer(two));
}

TEST_P(Accept, runningOutOfDescriptorsPausesAndIsReportedOnce) {
  if (!DescriptorLimit::possible) GTEST_SKIP() << "the sanitizer needs descriptors";
  ChannelPtr server = listening();
  // Before it begins to accept: a kernel that accepts by itself looks at the limit then.
  DescriptorLimit limit(10);
  Accepted accepted;
  server->accept(accepted);
  const FileDescriptor lucky = client(server->localAddress());
  turnUntil([&] { return accepted.channels.size() == 1; });
  const FileDescriptor peer = client(server->localAddress());
  limit.takeAll();
  for (int i = 0; i < 5; ++i) turn();
  limit.giveBack();
  ASSERT_EQ(accepted.errors.size(), 1u);
  EXPECT_EQ(accepted.errors[0], std::errc::too_many_files_open);
  EXPECT_EQ(accepted.channels.size(), 1u);
  server->resumeAccepting();
  turnUntil([&] { return accepted.channels.size() == 2; });
}

TEST_P(Accept, onASocketThatDoesNotListenFails) {
  ChannelPtr socket = backend->open(AF_INET, SOCK_STREAM);
  Accepted accepted;
  socket->accept(accepted);
  turnUntil([&] { return !accepted.errors.empty(); });
  EXPECT_EQ(accepted.errors[0], std::errc::invalid_argument);
}

}  // namespace
}  // namespace hawser::tests
