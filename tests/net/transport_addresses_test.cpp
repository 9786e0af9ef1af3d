#include "net/net_fixture.h"

namespace hawser::nettest {
namespace {

struct Listening {
  const char* on;
  const char* reachedAt;
};

/// What a connection says of its ends, whatever its port listens on.
class TransportAddresses : public NetTest, public ::testing::WithParamInterface<Listening> {
 protected:
  void SetUp() override {
    port = listenTCP(reactor, 0, peers, defaultBacklog, GetParam().on);
    reached = *Address::fromNumericHost(GetParam().reachedAt, port->getHost().port());
    client = std::make_shared<Peer>();
    valueOf(connectProtocol(HostnameEndpoint(reactor, reached.host(), reached.port()), client));
    until([&] { return !peers->peers.empty(); });
    server = peers->peers.front();
  }
  void expectAddresses() {
    EXPECT_EQ(client->transport().getPeer(), reached);
    EXPECT_EQ(server->transport().getHost().withPort(0), reached.withPort(0));
    EXPECT_EQ(server->transport().getHost().port(), reached.port());
    EXPECT_EQ(server->transport().getPeer(), client->transport().getHost());
  }

  std::shared_ptr<PeerFactory> peers = std::make_shared<PeerFactory>();
  std::shared_ptr<Port> port;
  Address reached;
  std::shared_ptr<Peer> client;
  std::shared_ptr<Peer> server;
};

TEST_P(TransportAddresses, areThoseOfTheConnectionAlsoWhenItHasEnded) {
  expectAddresses();
  client->transport().loseConnection();
  until([&] { return client->lost() && server->lost(); });
  expectAddresses();
}

TEST_P(TransportAddresses, stayKnownWhenThePortAndItsFactoryAreGone) {
  valueOf(port->stopListening());
  port = nullptr;
  peers = nullptr;
  expectAddresses();
  server->transport().abortConnection();
  until([&] { return client->lost() && server->lost(); });
  expectAddresses();
}

INSTANTIATE_TEST_SUITE_P(Tcp, TransportAddresses,
                         ::testing::Values(Listening{"127.0.0.1", "127.0.0.1"},
                                           Listening{"0.0.0.0", "127.0.0.1"},
                                           Listening{"::1", "::1"}, Listening{"::", "::1"}));

}  // namespace
}  // namespace hawser::nettest
