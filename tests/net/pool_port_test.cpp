#include "net/net_fixture.h"

#include <hawser/net/pool_port.h>
#include <hawser/reactor/reactor_pool.h>

#include <atomic>

namespace hawser::nettest {
namespace {

/// Sends back what it gets.
class Echo final : public Protocol {
 public:
  void dataReceived(std::string_view bytes) override { transport().write(bytes); }
};

/// Of one reactor: counts what it has built.
class EchoFactory final : public ServerFactory {
 public:
  explicit EchoFactory(int& built) : built_(built) {}
  std::shared_ptr<Protocol> buildProtocol(const Address&) override {
    ++built_;
    return std::make_shared<Echo>();
  }

 private:
  int& built_;
};

constexpr std::size_t reactors = 2;

/// A pool of two, with the clients on its home.
class PoolPortTest : public NetTest {
 protected:
  void SetUp() override {
    NOT_SIMULATED("a pool has threads");
    valueOf(pool.start(reactor, [this](Reactor& each) {
      each.addSystemEventTrigger(Phase::before, [this] { ++draining; });
    }));
  }

  std::shared_ptr<Port> listen(std::uint16_t number = 0) {
    return valueOf(listenTCP(pool, number,
                             [this](Reactor& each) {
                               EXPECT_TRUE(each.isInIOThread());
                               for (std::size_t i = 0; i < reactors; ++i)
                                 if (&pool.reactor(i) == &each)
                                   return std::make_shared<EchoFactory>(built[i]);
                               return std::shared_ptr<EchoFactory>();
                             },
                             {.interface = "127.0.0.1"}));
  }
  std::shared_ptr<Peer> connect(const Port& port) {
    auto peer = std::make_shared<Peer>();
    return std::static_pointer_cast<Peer>(
        valueOf(TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port())
                    .connect(factoryFrom([peer](const Address&) { return peer; }))));
  }
  /// A connection that a reactor of the pool has certainly accepted.
  std::shared_ptr<Peer> connectAndTalk(const Port& port) {
    auto peer = connect(port);
    peer->transport().write("hello");
    until([&] { return peer->received == "hello"; });
    return peer;
  }

  std::atomic<std::size_t> draining = 0;
  int built[reactors] = {};  // each its own reactor's
  ReactorPool pool{reactors, {.patience = 10s}};
};

TEST_F(PoolPortTest, dividesConnectionsAmongAllReactorsAndEachIsAnswered) {
  const auto port = listen();
  std::vector<std::shared_ptr<Peer>> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(connect(*port));
  for (std::size_t i = 0; i < clients.size(); ++i)
    clients[i]->transport().write("client " + std::to_string(i));
  for (std::size_t i = 0; i < clients.size(); ++i)
    until([&] { return clients[i]->received == "client " + std::to_string(i); });
  const auto counts = valueOf(pool.callOnEach(
      [this](Reactor& each) { return &each == &pool.reactor(0) ? built[0] : built[1]; }));
  EXPECT_EQ(counts[0] + counts[1], 200);
  EXPECT_GT(counts[0], 0);
  EXPECT_GT(counts[1], 0);
}

TEST_F(PoolPortTest, letsConnectionsFinishAndAbortsTheRest) {
  const auto port = listen();
  const auto ends = connectAndTalk(*port);
  const auto stays = connectAndTalk(*port);
  auto stopped = pool.stop(500ms);
  until([&] { return draining == reactors; });
  ends->transport().loseConnection();
  const ReactorPoolReport report = valueOf(std::move(stopped));
  EXPECT_EQ(report.drained(), 1u) << report.toString();
  EXPECT_EQ(report.aborted(), 1u) << report.toString();
  EXPECT_FALSE(report.clean());
  until([&] { return stays->lost(); });
}

TEST_F(PoolPortTest, acceptsNobodyWhileItDrains) {
  const auto port = listen();
  const auto busy = connectAndTalk(*port);
  auto stopped = pool.stop(10s);
  until([&] { return draining == reactors; });
  const auto late = resultOf(TCP4ClientEndpoint(reactor, "127.0.0.1", port->getHost().port())
                                 .connect(Factory::forProtocol<Peer>()));
  EXPECT_TRUE(late.failure().check<ConnectionRefusedError>());
  busy->transport().write(", again");
  until([&] { return busy->received == "hello, again"; });
  busy->transport().loseConnection();
  EXPECT_TRUE(valueOf(std::move(stopped)).clean());
}

TEST_F(PoolPortTest, stopsListeningOnAll) {
  const auto port = listen();
  const std::uint16_t number = port->getHost().port();
  valueOf(port->stopListening());
  EXPECT_FALSE(port->listening());
  const auto late = resultOf(
      TCP4ClientEndpoint(reactor, "127.0.0.1", number).connect(Factory::forProtocol<Peer>()));
  EXPECT_TRUE(late.failure().check<ConnectionRefusedError>());
  valueOf(port->stopListening());
}

TEST_F(PoolPortTest, failsIfThePortIsTaken) {
  const auto taken =
      listenTCP(reactor, 0, Factory::forProtocol<Echo>(), defaultBacklog, "127.0.0.1");
  const auto refused = resultOf(listenTCP(pool, taken->getHost().port(),
                                          [](Reactor&) { return Factory::forProtocol<Echo>(); },
                                          {.interface = "127.0.0.1"}));
  EXPECT_TRUE(refused.failure().check<CannotListenError>()) << refused.failure();
  valueOf(taken->stopListening());
}

TEST_F(PoolPortTest, listensOnNoneIfOneOfThemCannot) {
  std::shared_ptr<std::atomic<int>> calls = std::make_shared<std::atomic<int>>();
  std::weak_ptr<Factory> first;
  const auto refused = resultOf(listenTCP(pool, 0, [calls, &first](Reactor&) {
    if (++*calls == 2) throw std::out_of_range("no factory");
    auto factory = Factory::forProtocol<Echo>();
    first = factory;
    return factory;
  }));
  EXPECT_TRUE(refused.failure().check<std::out_of_range>());
  EXPECT_TRUE(first.expired()) << "the first still listens";
}

TEST_F(PoolPortTest, isRefusedBeforeThePoolHasStarted) {
  ReactorPool idle(1);
  EXPECT_THROW(
      static_cast<void>(listenTCP(idle, 0, [](Reactor&) { return Factory::forProtocol<Echo>(); })),
      ReactorNotRunning);
}

TEST_F(PoolPortTest, cannotListenWhenThePoolHasStopped) {
  static_cast<void>(valueOf(pool.stop()));
  const auto late =
      resultOf(listenTCP(pool, 0, [](Reactor&) { return Factory::forProtocol<Echo>(); }));
  EXPECT_TRUE(late.failure().check<ReactorNotRunning>());
}

}  // namespace
}  // namespace hawser::nettest
