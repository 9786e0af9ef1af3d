#include "reactor/backend_support.h"

#include <sys/un.h>

namespace hawser::tests {
namespace {

class Connect : public BackendTest {};
HAWSER_ON_EVERY_BACKEND(Connect);

TEST_P(Connect, tellsWhenItIsConnectedAndNeverFromInside) {
  ChannelPtr server = listening();
  ChannelPtr channel = backend->open(AF_INET, SOCK_STREAM);
  ConnectOutcome outcome;
  channel->connect(server->localAddress(), outcome);
  EXPECT_FALSE(outcome.known());
  turnUntil([&] { return outcome.known(); });
  EXPECT_TRUE(outcome.succeeded);
  EXPECT_EQ(channel->peerAddress().family(), AF_INET);
}

TEST_P(Connect, theChannelCanSendAndReceiveAtOnce) {
  ChannelPtr server = listening();
  Accepted accepted;
  server->accept(accepted);
  ChannelPtr channel = backend->open(AF_INET, SOCK_STREAM);
  Received received;
  SendOutcome sent;
  ConnectOutcome outcome;
  outcome.onEnd = [&] {
    channel->receive(received);
    SendQueue hello;
    hello.append("hello");
    static_cast<void>(channel->send(hello, sent));
  };
  channel->connect(server->localAddress(), outcome);
  turnUntil([&] { return accepted.channels.size() == 1; });
  Received atServer;
  accepted.channels[0]->receive(atServer);
  turnUntil([&] { return atServer.text == "hello"; });
  sendAll(*accepted.channels[0], "yes?");
  turnUntil([&] { return received.text == "yes?"; });
}

TEST_P(Connect, isRefusedWhereNobodyListens) {
  ChannelPtr server = listening();
  const NativeAddress address = server->localAddress();
  server.reset();
  ChannelPtr channel = backend->open(AF_INET, SOCK_STREAM);
  ConnectOutcome outcome;
  channel->connect(address, outcome);
  turnUntil([&] { return outcome.known(); });
  EXPECT_EQ(*outcome.error, std::errc::connection_refused);
}

TEST_P(Connect, anErrorThatIsKnownAtOnceIsToldInTheNextTurn) {
  ChannelPtr channel = backend->open(AF_UNIX, SOCK_STREAM);
  sockaddr_un nowhere{};
  nowhere.sun_family = AF_UNIX;
  std::snprintf(nowhere.sun_path, sizeof nowhere.sun_path, "/nonexistent/socket");
  ConnectOutcome outcome;
  channel->connect({reinterpret_cast<const sockaddr*>(&nowhere), sizeof nowhere}, outcome);
  EXPECT_FALSE(outcome.known());
  turn();
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(*outcome.error, std::errc::no_such_file_or_directory);
}

TEST_P(Connect, cancelledIsNotHeardOfAgain) {
  ChannelPtr server = listening();
  for (const bool underWay : {false, true}) {
    ChannelPtr channel = backend->open(AF_INET, SOCK_STREAM);
    auto outcome = std::make_unique<ConnectOutcome>();
    channel->connect(server->localAddress(), *outcome);
    if (underWay) backend->wait(Backend::TimePoint::min());
    channel->cancelConnect();
    EXPECT_FALSE(outcome->known());
    outcome.reset();
    if (underWay) backend->deliver();
    for (int i = 0; i < 3; ++i) turn();
  }
}

TEST_P(Connect, closedWhileUnderWayClosesTheConnectionThatComesLate) {
  ChannelPtr server = listening();
  Accepted accepted;
  server->accept(accepted);
  ChannelPtr channel = backend->open(AF_INET, SOCK_STREAM);
  ConnectOutcome outcome;
  channel->connect(server->localAddress(), outcome);
  backend->wait(Backend::TimePoint::min());
  channel.reset();
  backend->deliver();
  turnUntil([&] { return accepted.channels.size() == 1; });
  Received atServer;
  accepted.channels[0]->receive(atServer);
  turnUntil([&] { return atServer.ended.has_value(); });
  EXPECT_FALSE(outcome.known());
}

TEST_P(Connect, mayCloseItselfInItsHandler) {
  ChannelPtr server = listening();
  ChannelPtr channel = backend->open(AF_INET, SOCK_STREAM);
  ConnectOutcome outcome;
  outcome.onEnd = [&] { channel.reset(); };
  channel->connect(server->localAddress(), outcome);
  turnUntil([&] { return outcome.known(); });
  EXPECT_FALSE(channel);
}

TEST_P(Connect, twiceAtTheSameTimeIsRefused) {
  ChannelPtr server = listening();
  ChannelPtr channel = backend->open(AF_INET, SOCK_STREAM);
  ConnectOutcome outcome;
  channel->connect(server->localAddress(), outcome);
  EXPECT_THROW(channel->connect(server->localAddress(), outcome), std::logic_error);
}

}  // namespace
}  // namespace hawser::tests
