#include "net/net_fixture.h"

#include <functional>
#include <stdexcept>

namespace hawser::nettest {
namespace {

class EndpointTest : public NetTest {
 protected:
  std::string listen(const std::string& description) {
    port = valueOf(serverFromString(reactor, description).listen(server));
    return std::to_string(port->getHost().port());
  }
  std::string failureOf(const std::string& description) {
    const auto peer = std::make_shared<Peer>();
    const auto result = resultOf(connectProtocol(clientFromString(reactor, description), peer));
    return result ? "none" : shortType(result.failure());
  }

  std::shared_ptr<PeerFactory> server = std::make_shared<PeerFactory>();
  std::shared_ptr<Port> port;
};

TEST_F(EndpointTest, writtenAsTextConnects) {
  const std::string ipv4 = listen("tcp:0:interface=127.0.0.1");
  const auto ipv4Port = port;
  const std::string ipv6 = listen("tcp6:0:interface=\\:\\:1");
  for (const std::string& text :
       {"tcp:127.0.0.1:" + ipv4, "tcp:host=127.0.0.1:port=" + ipv4 + ":timeout=5",
        "TCP:port=" + ipv4 + ":host=127.0.0.1", "tcp:localhost:" + ipv4,
        "tcp:127.0.0.1:" + ipv4 + ":bindAddress=127.0.0.9", "tcp:[::1]:" + ipv6,
        "tcp:host=\\:\\:1:port=" + ipv6, "tcp:localhost:" + ipv6, ipv4Port->getHost().toString(),
        port->getHost().toString()}) {
    SCOPED_TRACE(text);
    const auto peer = std::make_shared<Peer>();
    const auto connected = valueOf(connectProtocol(clientFromString(reactor, text), peer));
    EXPECT_EQ(connected, peer);
    EXPECT_TRUE(peer->connected());
  }
}

TEST_F(EndpointTest, firesWithTheProtocolThatIsConnectedAlready) {
  listen("tcp:0:interface=127.0.0.1");
  const ClientEndpoint endpoint = clientFromString(reactor, port->getHost().toString());
  const auto protocol = valueOf(endpoint.connect(Factory::forProtocol<Peer>()));
  EXPECT_EQ(static_cast<Peer&>(*protocol).events, std::vector<std::string>{"made"});
}

TEST_F(EndpointTest, printsItselfAsATextThatReadsBack) {
  for (const char* text : {"tcp:example.org:80", "tcp:127.0.0.1:80", "tcp:[::1]:80"}) {
    const ClientEndpoint endpoint = clientFromString(reactor, text);
    EXPECT_EQ(endpoint.toString(), text);
  }
  for (const char* text : {"tcp:80:interface=127.0.0.1", "tcp6:80:interface=[::1]"})
    EXPECT_EQ(serverFromString(reactor, text).toString(), text);
  EXPECT_EQ(serverFromString(reactor, "tcp:80").toString(), "tcp:80:interface=0.0.0.0");
  EXPECT_EQ(serverFromString(reactor, "tcp6:80").toString(), "tcp6:80:interface=[::]");
}

TEST_F(EndpointTest, isAValueThatConnectsAnyNumberOfTimes) {
  listen("tcp:0:interface=127.0.0.1");
  std::vector<ClientEndpoint> endpoints;
  endpoints.push_back(TCP4ClientEndpoint(reactor, "127.0.0.1", port->getHost().port()));
  endpoints.push_back(endpoints[0]);
  for (const auto& endpoint : endpoints)
    for (int time = 0; time < 2; ++time)
      EXPECT_TRUE(valueOf(connectProtocol(endpoint, std::make_shared<Peer>()))->connected());
}

TEST_F(EndpointTest, ofOneFamilyTakesNumericHostsOfThatFamily) {
  EXPECT_THROW(TCP4ClientEndpoint(reactor, "::1", 80), BadAddressError);
  EXPECT_THROW(TCP4ClientEndpoint(reactor, "localhost", 80), BadAddressError);
  EXPECT_THROW(TCP6ClientEndpoint(reactor, "127.0.0.1", 80), BadAddressError);
  EXPECT_THROW(TCP4ServerEndpoint(reactor, 0, 5, "::"), BadAddressError);
  EXPECT_THROW(TCP6ServerEndpoint(reactor, 0, 5, "0.0.0.0"), BadAddressError);
  const auto six = valueOf(TCP6ServerEndpoint(reactor, 0, 5, "::1").listen(server));
  EXPECT_TRUE(valueOf(connectProtocol(TCP6ClientEndpoint(reactor, "::1", six->getHost().port()),
                                      std::make_shared<Peer>()))
                  ->connected());
  const auto four = valueOf(TCP4ServerEndpoint(reactor, 0).listen(server));
  EXPECT_EQ(four->getHost().host(), "0.0.0.0");
}

TEST_F(EndpointTest, whoseTextIsWrongSaysWhatAndWhere) {
  const struct {
    const char* text;
    std::size_t position;
    const char* words;
  } clients[] = {
      {"udp:127.0.0.1:80", 0, "unknown type of client endpoint"},
      {"10000", 0, "unknown type of client endpoint"},
      {"tcp", 3, "\"host\" is missing"},
      {"tcp::80", 4, "\"host\" is empty"},
      {"tcp:localhost", 13, "\"port\" is missing"},
      {"tcp:localhost:0", 14, "\"port\" must be a number from 1 to 65535"},
      {"tcp:localhost:http", 14, "\"port\" must be"},
      {"tcp:localhost:80:30", 17, "an argument too many"},
      {"tcp:localhost:80:timeout=never", 25, "\"timeout\" must be"},
      {"tcp:localhost:80:bindAddress=here", 29, "\"bindAddress\" must be a numeric address"},
      {"tcp:localhost:80:interface=::1", 27, "no argument \"interface\""},
  };
  for (const auto& each : clients) {
    SCOPED_TRACE(each.text);
    try {
      static_cast<void>(clientFromString(reactor, each.text));
      ADD_FAILURE() << "was accepted";
    } catch (const BadEndpointError& error) {
      EXPECT_EQ(error.position(), each.position) << error.what();
      EXPECT_NE(std::string(error.what()).find(each.words), std::string::npos) << error.what();
    }
  }
  for (const char* text : {"", "tcp", "tcp:", "tcp:http", "tcp:65536", "tcp:80:interface=localhost",
                           "tcp:80:backlog=0", "tcp:80:backlog=many", "ssl:80", "tcp:80:::1"})
    EXPECT_THROW(static_cast<void>(serverFromString(reactor, text)), BadEndpointError) << text;
}

TEST_F(EndpointTest, failsWhenNobodyListens) {
  const std::string number = listen("tcp:0:interface=127.0.0.1");
  valueOf(port->stopListening());
  EXPECT_EQ(failureOf("tcp:127.0.0.1:" + number), "ConnectionRefusedError");
  EXPECT_EQ(failureOf("tcp:localhost:" + number), "ConnectionRefusedError");
}

TEST_F(EndpointTest, failsWithoutAProtocol) {
  const std::string number = listen("tcp:0:interface=127.0.0.1");
  const ClientEndpoint endpoint = clientFromString(reactor, "tcp:127.0.0.1:" + number);
  const auto none = factoryFrom([](const Address&) { return std::shared_ptr<Protocol>(); });
  EXPECT_EQ(shortType(resultOf(endpoint.connect(none)).failure()), "NoProtocol");
  const auto throwing = factoryFrom([](const Address&) -> std::shared_ptr<Protocol> {
    throw std::runtime_error("no protocol today");
  });
  EXPECT_EQ(resultOf(endpoint.connect(throwing)).failure().getErrorMessage(), "no protocol today");
  // The server sees these connections come and go.
  until([&] { return server->peers.size() == 2 && server->peers[1]->lost(); });
}

TEST_F(EndpointTest, failsWhenItsTimeIsOver) {
  const SilentServer silent(network);
  EXPECT_EQ(failureOf(silent.address().toString() + ":timeout=0.03"), "ConnectTimeoutError");
  EXPECT_TRUE(reactor.getDelayedCalls().empty());
}

TEST_F(EndpointTest, leavesNoTimerBehind) {
  listen("tcp:0:interface=127.0.0.1");
  const auto peer = std::make_shared<Peer>();
  valueOf(connectProtocol(clientFromString(reactor, port->getHost().toString()), peer));
  EXPECT_TRUE(reactor.getDelayedCalls().empty());
}

TEST_F(EndpointTest, givesUpWhenCancelled) {
  const SilentServer silent(network);
  const auto factory = std::make_shared<PeerFactory>();
  auto connecting = clientFromString(reactor, silent.address().toString()).connect(factory);
  std::optional<Failure> failure;
  auto done = std::move(connecting).addErrback([&](const Failure& why) { failure = why; });
  settle();
  EXPECT_FALSE(failure);
  EXPECT_EQ(factory->starts, 1);
  done.cancel();
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->check<ConnectingCancelledError>());
  EXPECT_TRUE(failure->check<CancelledError>());
  EXPECT_NE(failure->getErrorMessage().find(silent.address().toString()), std::string::npos);
  EXPECT_EQ(factory->stops, 1);
  EXPECT_TRUE(factory->peers.empty());
  EXPECT_TRUE(reactor.getDelayedCalls().empty());
}

TEST_F(EndpointTest, triesTheAddressesOfAHostUntilOneAnswers) {
  // localhost is 127.0.0.1 and ::1; only the second listens.
  const std::string number = listen("tcp6:0:interface=[::1]");
  const auto peer = std::make_shared<Peer>();
  valueOf(connectProtocol(clientFromString(reactor, "tcp:localhost:" + number), peer));
  EXPECT_EQ(peer->transport().getPeer().host(), "::1");
}

TEST_F(EndpointTest, whosePortIsInUseFailsItsDeferred) {
  const std::string number = listen("tcp:0:interface=127.0.0.1");
  const auto endpoint = serverFromString(reactor, "tcp:" + number + ":interface=127.0.0.1");
  const auto result = resultOf(endpoint.listen(server));
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.failure().check<CannotListenError>());
}

}  // namespace
}  // namespace hawser::nettest
