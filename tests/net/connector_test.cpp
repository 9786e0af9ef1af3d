#include "net/net_fixture.h"

#include <functional>
#include <stdexcept>

namespace hawser::nettest {
namespace {

class Client final : public ClientFactory {
 public:
  std::shared_ptr<Protocol> buildProtocol(const Address&) override {
    events.emplace_back("build");
    if (throws) throw std::runtime_error("no protocol today");
    if (!builds) return nullptr;
    peer = std::make_shared<Peer>();
    return peer;
  }
  void startedConnecting(Connector& connector) override {
    events.emplace_back("started");
    if (onStarted) onStarted(connector);
  }
  void clientConnectionFailed(Connector& connector, const Failure& reason) override {
    events.push_back("failed: " + shortType(reason));
    last = reason;
    if (onFailed) onFailed(connector);
  }
  void clientConnectionLost(Connector& connector, const Failure& reason) override {
    EXPECT_TRUE(peer->lost()) << "the protocol hears of it first";
    events.push_back("lost: " + shortType(reason));
    if (onLost) onLost(connector);
  }

  bool builds = true;
  bool throws = false;
  std::shared_ptr<Peer> peer;
  std::vector<std::string> events;
  std::optional<Failure> last;
  std::function<void(Connector&)> onStarted;
  std::function<void(Connector&)> onFailed;
  std::function<void(Connector&)> onLost;
  int stops = 0;

 private:
  void stopFactory() override { ++stops; }
};

using Events = std::vector<std::string>;
using State = Connector::State;

class ConnectorTest : public NetTest {
 protected:
  void SetUp() override {
    port = listenTCP(reactor, 0, server, defaultBacklog, "127.0.0.1");
    number = port->getHost().port();
  }
  std::shared_ptr<Connector> connect(const ConnectOptions& options = {}) {
    return connectTCP(reactor, "127.0.0.1", number, client, options);
  }

  std::shared_ptr<PeerFactory> server = std::make_shared<PeerFactory>();
  std::shared_ptr<Client> client = std::make_shared<Client>();
  std::shared_ptr<Port> port;
  std::uint16_t number = 0;
};

TEST_F(ConnectorTest, tellsItsFactoryHowItFares) {
  const auto connector = connect();
  EXPECT_EQ(connector->state(), State::connecting);
  EXPECT_EQ(connector->getDestination(), "tcp:127.0.0.1:" + std::to_string(number));
  EXPECT_EQ(client->events, Events{"started"}) << "the rest comes later";
  until([&] { return client->peer && client->peer->made(); });
  EXPECT_EQ(connector->state(), State::connected);
  EXPECT_THROW(connector->connect(), std::logic_error);
  EXPECT_THROW(connector->stopConnecting(), NotConnectingError);
  connector->disconnect();
  until([&] { return client->stops == 1; });
  EXPECT_EQ(connector->state(), State::disconnected);
  EXPECT_EQ(client->events, (Events{"started", "build", "lost: ConnectionDone"}));
  connector->disconnect();
}

TEST_F(ConnectorTest, tellsItsFactoryThatNobodyListens) {
  valueOf(port->stopListening());
  const auto connector = connect();
  until([&] { return client->stops == 1; });
  EXPECT_EQ(client->events, (Events{"started", "failed: ConnectionRefusedError"}));
  EXPECT_EQ(client->last->get<ConnectError>()->where(), connector->getDestination());
  EXPECT_EQ(connector->state(), State::disconnected);
}

TEST_F(ConnectorTest, connectsAgainWhenItsFactoryWantsThat) {
  int again = 2;
  client->onLost = [&](Connector& connector) {
    if (again-- > 0) connector.connect();
  };
  server->prepare = [](Peer& peer) {
    peer.onMade = [](Peer& self) { self.transport().loseConnection(); };
  };
  const auto keep = connect();
  until([&] { return client->stops == 1; });
  EXPECT_EQ(client->events,
            (Events{"started", "build", "lost: ConnectionDone", "started", "build",
                    "lost: ConnectionDone", "started", "build", "lost: ConnectionDone"}));
}

TEST_F(ConnectorTest, triesAgainAfterAFailureWhenItsFactoryWantsThat) {
  valueOf(port->stopListening());
  client->onFailed = [&](Connector& connector) {
    if (client->events.size() > 2) return;
    port = listenTCP(reactor, number, server, defaultBacklog, "127.0.0.1");
    connector.connect();
  };
  const auto connector = connect();
  until([&] { return client->peer && client->peer->made(); });
  EXPECT_EQ(client->events,
            (Events{"started", "failed: ConnectionRefusedError", "started", "build"}));
}

TEST_F(ConnectorTest, givesUpWhenItsTimeIsOver) {
  const SilentServer silent(network);
  connectTCP(reactor, silent.address().host(), silent.address().port(), client, {.timeout = 30ms});
  until([&] { return client->stops == 1; });
  EXPECT_EQ(client->events, (Events{"started", "failed: ConnectTimeoutError"}));
  const std::string text = client->last->getErrorMessage();
  EXPECT_NE(text.find("0.03 s"), std::string::npos) << text;
  EXPECT_NE(text.find(silent.address().toString()), std::string::npos) << text;
  EXPECT_TRUE(reactor.getDelayedCalls().empty());
}

TEST_F(ConnectorTest, givesUpWhenToldToAtAnyTime) {
  const SilentServer silent(network);
  const auto connectSilent = [&] {
    client = std::make_shared<Client>();
    return connectTCP(reactor, silent.address().host(), silent.address().port(), client);
  };
  const Events expected{"started", "failed: ConnectingCancelledError"};

  auto connector = connectSilent();
  connector->stopConnecting();
  EXPECT_EQ(client->events, expected);

  connector = connectSilent();
  settle();
  connector->disconnect();
  EXPECT_EQ(client->events, expected);
  EXPECT_EQ(client->stops, 1);
  EXPECT_TRUE(reactor.getDelayedCalls().empty());

  client = std::make_shared<Client>();
  client->onStarted = [](Connector& started) { started.stopConnecting(); };
  connectTCP(reactor, silent.address().host(), silent.address().port(), client);
  EXPECT_EQ(client->events, expected);
  settle();
  EXPECT_EQ(client->stops, 1);
}

TEST_F(ConnectorTest, failsWithoutAProtocol) {
  client->builds = false;
  connect();
  until([&] { return client->stops == 1; });
  EXPECT_EQ(client->events, (Events{"started", "build", "failed: NoProtocol"}));

  client = std::make_shared<Client>();
  client->throws = true;
  connect();
  until([&] { return client->stops == 1; });
  EXPECT_EQ(client->events, (Events{"started", "build", "failed: runtime_error"}));
}

TEST_F(ConnectorTest, survivesAFactoryThatThrows) {
  client->onStarted = [](Connector&) { throw std::runtime_error("thrown in started"); };
  client->onLost = [](Connector&) { throw std::runtime_error("thrown in lost"); };
  connect();
  until([&] { return client->peer && client->peer->made(); });
  client->peer->transport().loseConnection();
  until([&] { return client->stops == 1; });
  const std::string log = takeLog();
  EXPECT_NE(log.find("thrown in started"), std::string::npos) << log;
  EXPECT_NE(log.find("thrown in lost"), std::string::npos) << log;
}

TEST_F(ConnectorTest, connectsFromTheAddressItWasGiven) {
  connect({.bindAddress = Address::parse("127.0.0.7:0")});
  until([&] { return !server->addresses.empty(); });
  EXPECT_EQ(server->addresses[0].host(), "127.0.0.7");
}

TEST_F(ConnectorTest, saysThatItCannotConnectFromAnAddress) {
  NOT_SIMULATED("every address is somebody's there");
  connect({.bindAddress = Address::parse("192.0.2.1:0")});
  until([&] { return client->stops == 1; });
  EXPECT_EQ(client->events, (Events{"started", "failed: ConnectBindError"}));
  const std::string text = client->last->getErrorMessage();
  EXPECT_NE(text.find("192.0.2.1"), std::string::npos) << text;
}

TEST_F(ConnectorTest, holdsItselfAndItsFactoryOnlyWhileItIsNeeded) {
  const std::weak_ptr<Connector> connector = connect();
  const std::weak_ptr<Client> factory = client;
  client = nullptr;
  ASSERT_FALSE(connector.expired());
  until([&] { return connector.lock()->state() == State::connected; });
  connector.lock()->disconnect();
  until([&] { return connector.expired(); });
  EXPECT_TRUE(factory.expired());
}

}  // namespace
}  // namespace hawser::nettest
