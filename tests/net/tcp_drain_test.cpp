#include "net/net_fixture.h"

#include <hawser/reactor/shutdown.h>
#include <hawser/reactor/task.h>

namespace hawser::nettest {
namespace {

/// A reactor that is run, with a server and its clients, and stopped in the middle.
class TcpDrain : public ::testing::Test {
 private:
  LogWatch log_;

  void whenConnected(std::size_t clients, const std::function<void()>& then) {
    bool all = peers->peers.size() == clients;
    for (const auto& client : clients_) all = all && client->made();
    for (const auto& peer : peers->peers) all = all && peer->made();
    if (all)
      then();
    else
      reactor.callLater(1ms, [this, clients, then] { whenConnected(clients, then); });
  }

 protected:
  void SetUp() override {
    port = listenTCP(reactor, 0, peers, defaultBacklog, "127.0.0.1");
    reactor.callLater(20s, [this] {
      ADD_FAILURE() << "the reactor ran for 20 s";
      reactor.stop(0s);
    });
  }

  std::string takeLog() { return log_.take(); }
  /// Connects so many clients, runs the reactor, and calls `then` when the server has them all.
  void runWith(std::size_t clients, const std::function<void()>& then, RunOptions options = {}) {
    reactor.callWhenRunning([&] {
      whenConnected(clients, then);
      for (std::size_t i = 0; i < clients; ++i) {
        clients_.push_back(std::make_shared<Peer>());
        TCP4ClientEndpoint(reactor, "127.0.0.1", port->getHost().port())
            .connect(factoryFrom([peer = clients_.back()](const Address&) { return peer; }))
            .addErrback([](const Failure& failure) { ADD_FAILURE() << failure; });
      }
    });
    reactor.run(options);
  }
  std::size_t drained() const { return reactor.shutdownReport().drained; }
  std::size_t aborted() const { return reactor.shutdownReport().aborted; }

  std::vector<std::shared_ptr<Peer>> clients_;
  std::shared_ptr<PeerFactory> peers = std::make_shared<PeerFactory>();
  TestNetwork network;
  Reactor reactor{network.makeBackend()};
  std::shared_ptr<Port> port;
};

TEST_F(TcpDrain, letsConnectionsFinishAndAcceptsNoOthers) {
  runWith(2, [&] {
    reactor.stop(10s);
    reactor.callLater(5ms, [&] {
      EXPECT_FALSE(port->listening());
      for (const auto& client : clients_) {
        EXPECT_TRUE(client->connected());
        client->transport().write("the last words");
        client->transport().loseConnection();
      }
    });
  });
  for (const auto& peer : peers->peers) {
    EXPECT_EQ(peer->received, "the last words");
    EXPECT_EQ(peer->lostWith(), "ConnectionDone");
  }
  EXPECT_EQ(drained(), 2u);
  EXPECT_EQ(aborted(), 0u);
}

TEST_F(TcpDrain, endsWhatIsLeftWhenTheTimeIsOver) {
  runWith(2, [&] {
    reactor.stop(50ms);
    reactor.callLater(5ms, [&] { peers->peers[0]->transport().loseConnection(); });
  });
  EXPECT_EQ(drained(), 1u);
  EXPECT_EQ(aborted(), 1u);
  EXPECT_EQ(peers->peers[1]->lostWith(), "ConnectionLost");
}

TEST_F(TcpDrain, lastsNoLongerThanTheConnections) {
  runWith(0, [&] { reactor.stop(1h); });
  EXPECT_EQ(drained(), 0u);
}

TEST_F(TcpDrain, isWhatEveryStopDoesIfRunWasToldSo) {
  runWith(1,
          [&] {
            reactor.stop();
            reactor.callLater(5ms, [&] { clients_[0]->transport().loseConnection(); });
          },
          {.drain = 10s});
  EXPECT_EQ(drained(), 1u);
}

TEST_F(TcpDrain, isNotWhatAnOrdinaryStopDoes) {
  runWith(1, [&] { reactor.stop(); });
  EXPECT_EQ(drained(), 0u);
  EXPECT_EQ(aborted(), 1u);
}

TEST_F(TcpDrain, maySeeTriggersTellConnectionsToFinish) {
  runWith(1, [&] {
    reactor.addSystemEventTrigger(Phase::before,
                                  [&] { peers->peers[0]->transport().loseConnection(); });
    reactor.stop(10s);
  });
  EXPECT_EQ(drained(), 1u);
  EXPECT_EQ(aborted(), 0u);
}

TEST_F(TcpDrain, mayBeShortenedButNotProlonged) {
  runWith(1, [&] {
    reactor.stop(1h);
    reactor.callLater(5ms, [&] {
      reactor.stop(2h);
      reactor.stop(5ms);
    });
  });
  EXPECT_EQ(aborted(), 1u);
}

TEST_F(TcpDrain, limitsThePatienceWithTriggersToo) {
  runWith(0, [&] {
    reactor.addSystemEventTrigger(Phase::before, [&] { return task::deferLater(reactor, 1h); });
    reactor.stop(10ms);
  });
  EXPECT_TRUE(reactor.ended());
  EXPECT_NE(takeLog().find("while shutting down"), std::string::npos);
}

TEST(TcpDrainOfAClient, isOverAtOnce) {
  LogWatch log;
  NOT_SIMULATED("two reactors");
  Reactor server;
  const auto peers = std::make_shared<PeerFactory>();
  const auto port = listenTCP(server, 0, peers, defaultBacklog, "127.0.0.1");
  Reactor reactor;
  const auto client = std::make_shared<Peer>();
  client->onMade = [&](Peer&) { reactor.stop(1h); };
  reactor.callWhenRunning([&] {
    TCP4ClientEndpoint(reactor, "127.0.0.1", port->getHost().port())
        .connect(factoryFrom([client](const Address&) { return client; }))
        .addErrback([](const Failure& failure) { ADD_FAILURE() << failure; });
  });
  reactor.run();
  EXPECT_TRUE(client->lost());
  EXPECT_EQ(reactor.shutdownReport().aborted, 0u);
}

}  // namespace
}  // namespace hawser::nettest
