#include "net/net_fixture.h"

#include <cerrno>
#include <stdexcept>

namespace hawser::nettest {
namespace {

class TcpListen : public TcpTest {};

template <class Call>
CannotListenError refusalOf(Call call) {
  try {
    call();
  } catch (const CannotListenError& error) {
    return error;
  }
  throw std::runtime_error("it listens");
}

TEST_P(TcpListen, onPortZeroTakesAFreeOneAndTellsWhich) {
  const auto other = listenTCP(reactor, 0, peers, 5, GetParam());
  EXPECT_NE(port->getHost().port(), 0);
  EXPECT_NE(other->getHost().port(), port->getHost().port());
  EXPECT_EQ(port->getHost().host(), GetParam());
  EXPECT_TRUE(port->listening());
}

TEST_P(TcpListen, onAPortInUseSaysWhichAndWhy) {
  const auto error = refusalOf([&] {
    listenTCP(reactor, port->getHost().port(), std::make_shared<PeerFactory>(), 5, GetParam());
  });
  EXPECT_EQ(error.osError(), EADDRINUSE);
  EXPECT_EQ(error.where(), port->getHost().toString());
  EXPECT_NE(std::string(error.what()).find("Address already in use (EADDRINUSE)"),
            std::string::npos)
      << error.what();
}

TEST_P(TcpListen, thatFailedLeavesItsFactoryAlone) {
  const auto factory = std::make_shared<PeerFactory>();
  refusalOf([&] { listenTCP(reactor, port->getHost().port(), factory, 5, GetParam()); });
  EXPECT_EQ(factory->starts, 0);
}

TEST_P(TcpListen, againOnThePortOfAServerThatJustEnded) {
  const Pair pair = connect();
  const std::uint16_t number = port->getHost().port();
  // The server closes first, so that its side of the connection fades away in the kernel.
  pair.server->transport().loseConnection();
  valueOf(port->stopListening());
  until([&] { return pair.server->lost() && pair.client->lost(); });
  port = listenTCP(reactor, number, peers, 5, GetParam());
  EXPECT_EQ(port->getHost().port(), number);
}

TEST_P(TcpListen, endsWithStopListening) {
  const Pair pair = connect();
  EXPECT_EQ(peers->starts, 1);
  const Address address = port->getHost();
  valueOf(port->stopListening());
  valueOf(port->stopListening());
  EXPECT_FALSE(port->listening());
  EXPECT_EQ(port->getHost(), address);
  EXPECT_EQ(peers->stops, 1);
  const auto refused = resultOf(connectProtocol(endpoint(), std::make_shared<Peer>()));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.failure().check<ConnectionRefusedError>());
  // What was accepted lives on.
  pair.client->transport().write("still here");
  until([&] { return pair.server->received == "still here"; });
}

TEST_P(TcpListen, mayEndInsideItsOwnFactory) {
  peers->prepare = [&](Peer&) { static_cast<void>(port->stopListening()); };
  const Pair pair = connect();
  EXPECT_TRUE(pair.server->connected());
  EXPECT_FALSE(port->listening());
}

TEST_P(TcpListen, startsAndStopsAFactoryOnceHoweverManyPortsItHas) {
  const auto other = listenTCP(reactor, 0, peers, 5, GetParam());
  valueOf(port->stopListening());
  EXPECT_EQ(peers->starts, 1);
  EXPECT_EQ(peers->stops, 0);
  valueOf(other->stopListening());
  EXPECT_EQ(peers->stops, 1);
}

TEST_P(TcpListen, letsClientsWaitWhileItIsPaused) {
  port->pauseAccepting();
  port->pauseAccepting();
  const auto client = std::make_shared<Peer>();
  valueOf(connectProtocol(endpoint(), client));
  settle();
  EXPECT_TRUE(peers->peers.empty());
  port->resumeAccepting();
  port->resumeAccepting();
  until([&] { return peers->peers.size() == 1; });
  valueOf(port->stopListening());
  port->pauseAccepting();
  port->resumeAccepting();
}

INSTANTIATE_TEST_SUITE_P(Loopback, TcpListen, ::testing::Values("127.0.0.1", "::1"),
                         [](const auto& host) { return host.index == 0 ? "IPv4" : "IPv6"; });

class TcpListenOn : public NetTest {
 protected:
  CannotListenError refusal(const std::string& interface) {
    return refusalOf([&] { listenTCP(reactor, 0, std::make_shared<PeerFactory>(), 5, interface); });
  }
};

TEST_F(TcpListenOn, everyInterfaceByDefault) {
  const auto port = listenTCP(reactor, 0, std::make_shared<PeerFactory>());
  EXPECT_EQ(port->getHost().host(), "0.0.0.0");
  const auto client = std::make_shared<Peer>();
  valueOf(connectProtocol(HostnameEndpoint(reactor, "127.0.0.1", port->getHost().port()), client));
  EXPECT_TRUE(client->connected());
}

TEST_F(TcpListenOn, anAddressThatIsNotOursSaysSo) {
  NOT_SIMULATED("every address is somebody's there");
  const auto error = refusal("192.0.2.1");
  EXPECT_EQ(error.osError(), EADDRNOTAVAIL);
  EXPECT_NE(std::string(error.what()).find("tcp:192.0.2.1:0"), std::string::npos) << error.what();
}

TEST_F(TcpListenOn, aNameSaysThatANumberIsWanted) {
  const auto error = refusal("localhost");
  EXPECT_NE(std::string(error.what()).find("tcp:localhost:0"), std::string::npos) << error.what();
  EXPECT_NE(std::string(error.what()).find("numeric"), std::string::npos) << error.what();
}

TEST_F(TcpListenOn, aFactoryThatDoesNotStartTellsTheCaller) {
  class Unwilling final : public ServerFactory {
    std::shared_ptr<Protocol> buildProtocol(const Address&) override { return nullptr; }
    void startFactory() override { throw std::runtime_error("not ready"); }
  };
  EXPECT_THROW(listenTCP(reactor, 0, std::make_shared<Unwilling>()), std::runtime_error);
}

}  // namespace
}  // namespace hawser::nettest
