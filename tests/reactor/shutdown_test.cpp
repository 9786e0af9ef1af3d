#include "reactor/backend_support.h"
#include "reactor/support.h"

#include <hawser/reactor/task.h>

namespace hawser::tests {
namespace {

using Shutdown = ReactorTest;

class Connection final : public Disconnectable {
 public:
  explicit Connection(unique_function<void()> onLost) : onLost_(std::move(onLost)) {}
  void disconnect() override { onLost_(); }

 private:
  unique_function<void()> onLost_;
};

TEST_F(Shutdown, goesThroughItsPhasesInOrder) {
  std::string calls;
  Connection one([&] { calls += "connection1 "; });
  Connection two([&] { calls += "connection2 "; });
  reactor.attach(one);
  reactor.attach(two);
  reactor.addSystemEventTrigger(Phase::after, [&] { calls += "after"; });
  reactor.addSystemEventTrigger(Phase::during, [&] { calls += "during "; });
  reactor.addSystemEventTrigger(Phase::before, [&] { calls += "before1 "; });
  reactor.addSystemEventTrigger(Phase::before, [&] { calls += "before2 "; });
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_EQ(calls, "before1 before2 during connection1 connection2 after");
}

TEST_F(Shutdown, finishesTheTurnFirst) {
  std::string calls;
  reactor.callLater(0s, [&] {
    calls += "stop ";
    reactor.stop();
  });
  reactor.callLater(0s, [&] { calls += "other "; });
  reactor.addSystemEventTrigger(Phase::before, [&] { calls += "before"; });
  run();
  EXPECT_EQ(calls, "stop other before");
}

TEST_F(Shutdown, triggersCanBeRemoved) {
  std::string calls;
  const ShutdownTrigger removed =
      reactor.addSystemEventTrigger(Phase::before, [&] { calls += "x"; });
  ShutdownTrigger later;
  reactor.addSystemEventTrigger(Phase::before, [&] {
    calls += "a";
    EXPECT_TRUE(reactor.removeSystemEventTrigger(later));
  });
  later = reactor.addSystemEventTrigger(Phase::during, [&] { calls += "y"; });
  EXPECT_TRUE(reactor.removeSystemEventTrigger(removed));
  EXPECT_FALSE(reactor.removeSystemEventTrigger(removed));
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_EQ(calls, "a");
}

TEST_F(Shutdown, aTriggerThatThrowsIsLoggedAndTheOthersAreCalled) {
  LogCapture log;
  std::string calls;
  for (const Phase phase : {Phase::before, Phase::during, Phase::after}) {
    reactor.addSystemEventTrigger(phase, [] { throw std::runtime_error("trigger broke"); });
    reactor.addSystemEventTrigger(phase, [&] { calls += "+"; });
  }
  Connection connection([] { throw std::runtime_error("connection broke"); });
  reactor.attach(connection);
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_EQ(calls, "+++");
  EXPECT_EQ(log.count("trigger broke"), 3u);
  EXPECT_EQ(log.count("connection broke"), 1u);
}

TEST_F(Shutdown, dropsPendingTimersWhileTheReactorIsUsable) {
  struct AsksTheReactor {
    Reactor* reactor;
    bool* asked;
    AsksTheReactor(Reactor* r, bool* a) : reactor(r), asked(a) {}
    AsksTheReactor(AsksTheReactor&& other) noexcept
        : reactor(std::exchange(other.reactor, nullptr)), asked(other.asked) {}
    ~AsksTheReactor() {
      if (!reactor) return;
      *asked = true;
      reactor->callLater(1s, [] { FAIL(); });
    }
    void operator()() { FAIL(); }
  };
  bool asked = false;
  const DelayedCall pending = reactor.callLater(1h, AsksTheReactor(&reactor, &asked));
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_TRUE(asked);
  EXPECT_FALSE(pending.active());
  EXPECT_TRUE(reactor.getDelayedCalls().empty());
  EXPECT_THROW(reactor.callLater(1s, [] {}), ReactorNotRunning);
}

TEST_F(Shutdown, waitsForTheDeferredsOfTheBeforePhase) {
  std::string calls;
  reactor.addSystemEventTrigger(
      Phase::before, [&] { return task::deferLater(reactor, 2ms, [&] { calls += "saved "; }); });
  reactor.addSystemEventTrigger(Phase::before, [&] { calls += "next "; });
  reactor.addSystemEventTrigger(Phase::during, [&] { calls += "during"; });
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_EQ(calls, "next saved during");
}

TEST_F(Shutdown, aDeferredOfTheBeforePhaseThatFailsIsLogged) {
  LogCapture log;
  reactor.addSystemEventTrigger(Phase::before,
                                [&] { return fail<void>(std::runtime_error("could not save")); });
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_EQ(log.count("while shutting down: could not save"), 1u);
}

TEST_F(Shutdown, failsWhatNobodyCanFireAnyMoreWhileTheReactorIsUsable) {
  LogCapture log;
  int abandoned = 0;
  for (int i = 0; i < 3; ++i)
    task::deferLater(reactor, 1h).addErrback([&](const AbandonedError&) {
      ++abandoned;
      reactor.callLater(1s, [] { FAIL(); });
    });
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_EQ(abandoned, 3);
  EXPECT_EQ(log.count("The reactor ended while 3 Deferreds were waiting"), 1u);
}

TEST_F(Shutdown, endsEvenThoseWhoTryAgainForEver) {
  LogCapture log;
  std::function<void()> tryAgain = [&] {
    task::deferLater(reactor, 1h)
        .addErrback([&](const AbandonedError&) { tryAgain(); })
        .addErrback(logging::err);
  };
  tryAgain();
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_EQ(log.count("it has ended"), 1u);
}

TEST_F(Shutdown, aConnectionMayDetachItselfOrAnother) {
  std::string calls;
  auto second = std::make_unique<Connection>([&] { calls += "second"; });
  Connection first([&] {
    calls += "first ";
    second.reset();
  });
  Connection third([&] { calls += "third"; });
  reactor.attach(first);
  reactor.attach(*second);
  reactor.attach(third);
  reactor.addSystemEventTrigger(Phase::during, [&] { third.detach(); });
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_EQ(calls, "first ");
}

TEST_F(Shutdown, whoeverConnectsAgainAtOnceDoesNotHoldItUpForEver) {
  std::vector<std::unique_ptr<Connection>> connections;
  std::function<void()> again = [&] {
    connections.push_back(std::make_unique<Connection>([&] { again(); }));
    reactor.attach(*connections.back());
  };
  again();
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_GT(connections.size(), 1u);
}

TEST(ReactorDestruction, disconnectsWhatIsStillConnected) {
  bool lost = false;
  ChannelPtr channel;
  Received received;
  FileDescriptor peer;
  DelayedCall call;
  Connection connection([&] { lost = true; });
  {
    Reactor reactor;
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    channel = reactor.backend().adopt(FileDescriptor(ends[0]));
    peer = FileDescriptor(ends[1]);
    channel->receive(received);
    reactor.attach(connection);
    call = reactor.callLater(1s, [] {});
    reactor.iterate();
  }
  EXPECT_TRUE(lost);
  EXPECT_FALSE(call.active());
  EXPECT_EQ(channel->descriptor(), -1);
}

}  // namespace
}  // namespace hawser::tests
