#include "net/net_fixture.h"

#include <system_error>

namespace hawser::nettest {
namespace {

class TcpLifetime : public NetTest {
 protected:
  void listen() {
    factory->keep = false;
    port = listenTCP(reactor, 0, factory, defaultBacklog, "127.0.0.1");
    address = port->getHost();
  }
  ClientEndpoint endpoint() { return HostnameEndpoint(reactor, address.host(), address.port()); }

  std::shared_ptr<PeerFactory> factory = std::make_shared<PeerFactory>();
  std::shared_ptr<Port> port;
  Address address;
};

TEST_F(TcpLifetime, ofAProtocolNobodyKeepsIsThatOfItsConnection) {
  std::weak_ptr<Protocol> server;
  std::weak_ptr<Transport> serverTransport;
  factory->prepare = [&](Peer& peer) {
    peer.onMade = [&](Peer& self) {
      server = self.weak_from_this();
      serverTransport = self.transport().weak_from_this();
    };
  };
  listen();
  std::weak_ptr<Protocol> client;
  {
    auto made = valueOf(endpoint().connect(Factory::forProtocol<Peer>()));
    client = made;
  }
  until([&] { return !server.expired(); });
  settle();
  EXPECT_FALSE(client.expired());
  EXPECT_FALSE(serverTransport.expired());
  client.lock()->transport().loseConnection();
  until([&] { return client.expired() && server.expired(); });
  EXPECT_TRUE(serverTransport.expired());
}

TEST_F(TcpLifetime, ofAProtocolReachesToTheEndOfItsConnectionLost) {
  listen();
  auto client = std::make_shared<Peer>();
  const std::weak_ptr<Peer> watched = client;
  bool alive = false;
  client->onLost = [&](Peer&) { alive = !watched.expired(); };
  valueOf(connectProtocol(endpoint(), client));
  client->transport().loseConnection();
  client = nullptr;
  until([&] { return watched.expired(); });
  EXPECT_TRUE(alive);
}

TEST_F(TcpLifetime, ofATransportIsThatOfItsProtocol) {
  listen();
  auto client = std::make_shared<Peer>();
  valueOf(connectProtocol(endpoint(), client));
  const std::weak_ptr<Transport> transport = client->transport().weak_from_this();
  client->transport().loseConnection();
  until([&] { return client->lost(); });
  EXPECT_FALSE(transport.expired());
  client->transport().write("harmless");
  client = nullptr;
  EXPECT_TRUE(transport.expired());
}

TEST_F(TcpLifetime, ofAFactoryCoversItsPortAndItsConnections) {
  listen();
  const auto client = std::make_shared<Peer>();
  valueOf(connectProtocol(endpoint(), client));
  until([&] { return !factory->addresses.empty(); });
  const std::weak_ptr<PeerFactory> watched = factory;
  factory = nullptr;
  EXPECT_FALSE(watched.expired());
  valueOf(port->stopListening());
  port = nullptr;
  EXPECT_FALSE(watched.expired()) << "its connection is live";
  client->transport().loseConnection();
  until([&] { return watched.expired(); });
}

TEST_F(TcpLifetime, ofAClientsFactoryCoversItsConnection) {
  listen();
  auto clients = std::make_shared<PeerFactory>();
  const std::weak_ptr<PeerFactory> watched = clients;
  auto protocol = valueOf(endpoint().connect(clients));
  EXPECT_EQ(clients->starts, 1);
  EXPECT_EQ(clients->stops, 0);
  clients->peers.clear();
  clients->keep = false;
  PeerFactory* factoryItself = clients.get();
  clients = nullptr;
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(factoryItself->stops, 0);
  protocol->transport().loseConnection();
  until([&] { return watched.expired(); });
}

TEST_F(TcpLifetime, ofAPortDoesNotDependOnAnybodyKeepingIt) {
  listen();
  const std::weak_ptr<Port> watched = port;
  port = nullptr;
  const auto client = std::make_shared<Peer>();
  valueOf(connectProtocol(endpoint(), client));
  ASSERT_FALSE(watched.expired());
  static_cast<void>(watched.lock()->stopListening());
  client->transport().loseConnection();
  until([&] { return watched.expired(); });
}

TEST(TcpAndItsReactor, endTogether) {
  const auto factory = std::make_shared<PeerFactory>();
  const auto client = std::make_shared<Peer>();
  std::shared_ptr<Port> port;
  {
    TestNetwork network;
    Reactor reactor(network.makeBackend());
    port = listenTCP(reactor, 0, factory, defaultBacklog, "127.0.0.1");
    const Address address = port->getHost();
    bool connected = false;
    static_cast<void>(
        connectProtocol(HostnameEndpoint(reactor, address.host(), address.port()), client)
            .addCallback([&](const std::shared_ptr<Peer>&) {
              connected = true;
              client->transport().write(std::string(1'000'000, 'x'));
            }));
    for (int turn = 0; turn < 1000 && !(connected && !factory->peers.empty()); ++turn)
      reactor.iterate(10ms);
    ASSERT_TRUE(connected);
    EXPECT_FALSE(client->lost());
  }
  for (const auto& peer : {client, factory->peers.at(0)}) {
    EXPECT_EQ(peer->lostWith(), "ConnectionLost");
    EXPECT_NE(peer->reason->getErrorMessage().find("reactor"), std::string::npos);
    EXPECT_FALSE(peer->connected());
    peer->transport().write("harmless");
    peer->transport().loseConnection();
  }
  EXPECT_FALSE(port->listening());
  EXPECT_EQ(factory->stops, 1);
}

TEST(TcpAndItsReactor, resetWhatTheyHaveNotSentSoThatNobodyTakesItForAll) {
  std::optional<Reactor> reactor(std::in_place);
  const auto factory = std::make_shared<PeerFactory>();
  factory->prepare = [](Peer& server) {
    server.onMade = [](Peer& self) { self.transport().write(std::string(15'000'000, 'x')); };
  };
  const auto port = listenTCP(*reactor, 0, factory, defaultBacklog, "127.0.0.1");
  const RawSocket client = RawSocket::connectedTo(port->getHost());
  while (factory->peers.empty() || factory->peers[0]->transport().queuedBytes() == 15'000'000)
    reactor->iterate(10ms);
  EXPECT_GT(factory->peers[0]->transport().queuedBytes(), 0u);
  reactor.reset();
  EXPECT_EQ(factory->peers[0]->lostWith(), "ConnectionLost");
  EXPECT_THROW(static_cast<void>(client.receiveAll()), std::system_error);
}

TEST(TcpAndItsReactor, mayEndWhileConnecting) {
  TestNetwork network;
  const SilentServer silent(network);
  std::string outcome;
  {
    Reactor reactor(network.makeBackend());
    static_cast<void>(
        HostnameEndpoint(reactor, silent.address().host(), silent.address().port())
            .connect(Factory::forProtocol<Peer>())
            .addErrback([&](const Failure& failure) { outcome = shortType(failure); }));
    reactor.iterate();
    EXPECT_EQ(outcome, "");
  }
  EXPECT_EQ(outcome, "AbandonedError");
}

}  // namespace
}  // namespace hawser::nettest
