#include "reactor/backend_support.h"
#include "reactor/support.h"

#include <sys/wait.h>

#include <thread>

namespace hawser::tests {
namespace {

using ReactorRun = ReactorTest;

TEST_F(ReactorRun, runsUntilItIsStopped) {
  EXPECT_FALSE(reactor.running());
  reactor.callWhenRunning([&] {
    EXPECT_TRUE(reactor.running());
    EXPECT_FALSE(reactor.stopping());
    reactor.stop();
    EXPECT_TRUE(reactor.running());
    EXPECT_TRUE(reactor.stopping());
  });
  run();
  EXPECT_FALSE(reactor.running());
}

TEST_F(ReactorRun, makesTheCallsOfCallWhenRunningInOrderAndLaterOnesAtOnce) {
  std::string calls;
  reactor.callWhenRunning([&] {
    calls += "a";
    reactor.callWhenRunning([&] { calls += "b"; });
    calls += "c";
  });
  reactor.callWhenRunning([&] { calls += "d"; });
  reactor.callLater(0s, [&] {
    reactor.callWhenRunning([&] { calls += "e"; });
    reactor.stop();
  });
  run();
  EXPECT_EQ(calls, "abcde");
}

TEST_F(ReactorRun, runsOnce) {
  reactor.callWhenRunning([&] {
    EXPECT_THROW(reactor.run(), ReactorAlreadyRunning);
    EXPECT_THROW(reactor.iterate(), ReactorAlreadyRunning);
    reactor.stop();
  });
  run();
  EXPECT_THROW(reactor.run(), ReactorNotRestartable);
}

TEST_F(ReactorRun, canBeStoppedOnceAndOnlyWhileItRuns) {
  EXPECT_THROW(reactor.stop(), ReactorNotRunning);
  reactor.callWhenRunning([&] {
    reactor.stop();
    EXPECT_THROW(reactor.stop(), ReactorNotRunning);
  });
  run();
  EXPECT_THROW(reactor.stop(), ReactorNotRunning);
}

TEST_F(ReactorRun, canBeStoppedInACallOfAThread) {
  std::thread other;
  reactor.callWhenRunning(
      [&] { other = std::thread([&] { reactor.callFromThread([&] { reactor.stop(); }); }); });
  run();
  other.join();
}

TEST_F(ReactorRun, canBeStoppedWhileDataIsDelivered) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  ChannelPtr channel = reactor.backend().adopt(FileDescriptor(ends[0]));
  const FileDescriptor peer(ends[1]);
  Received received;
  received.onData = [&] { reactor.stop(); };
  channel->receive(received);
  writeTo(peer, "stop");
  run();
  EXPECT_EQ(received.text, "stop");
}

TEST_F(ReactorRun, canBeStoppedAtTheEndOfATurn) {
  class Stops final : public AfterTurn {
   public:
    explicit Stops(Reactor& r) : reactor(r) {}
    void afterTurn() override { reactor.stop(); }
    Reactor& reactor;
  } hook(reactor);
  reactor.afterTurn(hook);
  run();
}

TEST_F(ReactorRun, iterateMakesOneTurn) {
  std::string calls;
  reactor.callLater(0s, [&] {
    calls += "a";
    reactor.callLater(0s, [&] { calls += "b"; });
  });
  reactor.iterate();
  EXPECT_EQ(calls, "a");
  reactor.iterate(10s);
  EXPECT_EQ(calls, "ab");
}

class Recorder final : public AfterTurn {
 public:
  explicit Recorder(std::string& calls) : calls_(calls) {}
  void afterTurn() override {
    calls_ += "E";
    if (onEnd) onEnd();
  }
  unique_function<void()> onEnd;

 private:
  std::string& calls_;
};

TEST_F(ReactorRun, whatIsClosedAtTheEndIsClosedWhenItReturns) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  ChannelPtr channel = reactor.backend().adopt(FileDescriptor(ends[0]));
  const FileDescriptor peer(ends[1]);
  Received received;
  channel->receive(received);
  reactor.callLater(2ms, [&] { reactor.stop(); });
  reactor.addSystemEventTrigger(Phase::after, [&] { channel.reset(); });
  run();
  char byte = 0;
  EXPECT_EQ(::recv(peer.get(), &byte, 1, MSG_DONTWAIT), 0);
}

using ReactorTurn = ReactorTest;

TEST_F(ReactorTurn, makesCallsOfThreadsThenTimersThenIoThenWhatWasPutOff) {
  std::string calls;
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  ChannelPtr channel = reactor.backend().adopt(FileDescriptor(ends[0]));
  const FileDescriptor peer(ends[1]);
  Received received;
  Recorder hook(calls);
  received.onData = [&] { calls += "I"; };
  channel->receive(received);
  reactor.afterTurn(hook);
  writeTo(peer, "x");
  reactor.callLater(0s, [&] { calls += "T"; });
  reactor.callFromThread([&] { calls += "R"; });
  reactor.iterate();
  EXPECT_EQ(calls, "RTIE");
}

TEST_F(ReactorTurn, leavesWhatIsAddedInAStepToTheNextTurn) {
  std::string calls;
  Recorder hook(calls);
  hook.onEnd = [&] {
    if (calls.size() < 4) reactor.afterTurn(hook);
  };
  reactor.afterTurn(hook);
  reactor.callFromThread([&] {
    calls += "R";
    reactor.callFromThread([&] { calls += "r"; });
    reactor.callLater(0s, [&] { calls += "u"; });
  });
  reactor.callLater(0s, [&] {
    calls += "T";
    reactor.callLater(0s, [&] { calls += "t"; });
  });
  reactor.iterate();
  EXPECT_EQ(calls, "RTE");
  reactor.iterate();
  EXPECT_EQ(calls, "RTErutE");
}

TEST_F(ReactorTurn, doesNotWaitWhenSomethingWasPutOffToItsEnd) {
  std::string calls;
  Recorder hook(calls);
  reactor.callLater(1h, [] {});
  reactor.afterTurn(hook);
  reactor.afterTurn(hook);
  reactor.iterate(1h);
  EXPECT_EQ(calls, "E") << "once, however often it was asked for";
}

TEST_F(ReactorTurn, whatIsWithdrawnOrDestroyedIsNotDone) {
  std::string calls;
  Recorder withdrawn(calls);
  auto destroyed = std::make_unique<Recorder>(calls);
  Recorder killer(calls);
  killer.onEnd = [&] {
    destroyed.reset();
    withdrawn.withdraw();
  };
  reactor.afterTurn(killer);
  reactor.afterTurn(*destroyed);
  reactor.afterTurn(withdrawn);
  reactor.iterate();
  reactor.iterate();
  EXPECT_EQ(calls, "E");
}

TEST_F(ReactorTurn, happensAtOneTime) {
  std::vector<Clock::TimePoint> seen;
  const auto look = [&] { seen.push_back(reactor.now()); };
  reactor.callFromThread([&] {
    look();
    const auto busyUntil = std::chrono::steady_clock::now() + 2ms;
    while (std::chrono::steady_clock::now() < busyUntil) {
    }
    look();
  });
  reactor.callLater(0s, look);
  const Clock::TimePoint before = reactor.now();
  reactor.iterate();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_GE(seen[0], before);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], seen[2]);
  EXPECT_GE(reactor.now(), seen[0] + 2ms) << "between turns time goes on";
}

TEST_F(ReactorTurn, aHandlerThatThrowsIsLoggedAndTheOthersAreCalled) {
  LogCapture log;
  std::string calls;
  Recorder hook(calls);
  hook.onEnd = [] { throw std::runtime_error("E broke"); };
  Recorder second(calls);
  reactor.afterTurn(hook);
  reactor.afterTurn(second);
  reactor.callWhenRunning([] { throw std::runtime_error("W broke"); });
  reactor.callWhenRunning([&] { calls += "W"; });
  reactor.callFromThread([] { throw std::runtime_error("R broke"); });
  reactor.callFromThread([&] { calls += "R"; });
  reactor.callLater(0s, [] { throw std::runtime_error("T broke"); });
  reactor.callLater(0s, [] { throw 42; });
  reactor.callLater(0s, [&] {
    calls += "T";
    reactor.stop();
  });
  run();
  EXPECT_EQ(calls, "WEERT");
  for (const char* what : {"W broke", "E broke", "R broke", "T broke", "int"})
    EXPECT_EQ(log.count(what), 1u) << what;
}

TEST_F(ReactorTurn, aCallThatThrowsIsLoggedWithThePlaceThatAskedForIt) {
  const logging::Observation silence = logging::silenceStderr();
  std::vector<std::string> tracebacks;
  const auto observation = logging::addObserver([&](const logging::Event& event) {
    if (event.failure) tracebacks.push_back(event.failure->getTraceback());
  });
  const auto fail = [] { throw std::runtime_error("no"); };
  std::vector<std::string> places;
  const auto note = [&](std::source_location where = std::source_location::current()) {
    places.push_back(std::string(where.file_name()) + ":" + std::to_string(where.line()));
  };
  reactor.callWhenRunning(fail), note();
  reactor.callFromThread(fail), note();
  reactor.callLater(0s, fail), note();
  reactor.callLater(1ms, [this] { reactor.stop(); });
  run();
  ASSERT_EQ(tracebacks.size(), places.size());
  for (std::size_t i = 0; i < places.size(); ++i)
    EXPECT_NE(tracebacks[i].find("left the job asked for at " + places[i] + "\n"),
              std::string::npos)
        << tracebacks[i];
}

using ReactorTimers = ReactorTest;

TEST_F(ReactorTimers, areMadeInTheOrderOfTimeThenOfCreation) {
  std::string calls;
  const auto named = [&](char name) { return [&calls, name] { calls += name; }; };
  reactor.callLater(2ms, named('c'));
  reactor.callLater(1ms, named('a'));
  reactor.callLater(1ms, named('b'));
  reactor.callLater(3ms, [&] { reactor.stop(); });
  run();
  EXPECT_EQ(calls, "abc");
}

TEST_F(ReactorTimers, areNotMadeBeforeTheirTime) {
  const Clock::TimePoint start = reactor.now();
  DelayedCall call = reactor.callLater(3ms, [&] {
    EXPECT_GE(reactor.now(), start + 3ms);
    reactor.stop();
  });
  EXPECT_GE(call.getTime(), start + 3ms);
  run();
  EXPECT_GE(reactor.now(), start + 3ms);
}

TEST_F(ReactorTimers, mayCancelAndMoveEachOther) {
  std::string calls;
  DelayedCall cancelled = reactor.callLater(0s, [&] { calls += "x"; });
  DelayedCall postponed = reactor.callLater(0s, [&] {
    calls += "b";
    reactor.stop();
  });
  DelayedCall brought = reactor.callLater(1h, [&] { calls += "a"; });
  reactor.callWhenRunning([&] {
    cancelled.cancel();
    postponed.delay(2ms);
    brought.reset(0s);
  });
  run();
  EXPECT_EQ(calls, "ab");
}

TEST_F(ReactorTimers, thatAddThemselvesAgainWithoutDelayDoNotStarveTheRest) {
  int rounds = 0;
  unique_function<void()> again = [&] {
    ++rounds;
    reactor.callLater(0s, [&] { again(); });
  };
  again();
  reactor.callLater(0s, [&] { reactor.callFromThread([&] { reactor.stop(); }); });
  run();
  EXPECT_LE(rounds, 5);
}

TEST_F(ReactorTimers, refuseNegativeDelays) {
  EXPECT_THROW(reactor.callLater(-1s, [] {}), std::invalid_argument);
  EXPECT_THROW(reactor.callLater(1s, {}), std::invalid_argument);
  EXPECT_THROW(reactor.callWhenRunning({}), std::invalid_argument);
  EXPECT_THROW(reactor.callFromThread({}), std::invalid_argument);
}

TEST(ReactorThread, everythingButCallFromThreadIsRefusedElsewhere) {
  Reactor reactor;
  std::thread([&] {
    EXPECT_THROW(reactor.run(), WrongThreadError);
    EXPECT_THROW(reactor.stop(), WrongThreadError);
    EXPECT_THROW(reactor.callLater(1s, [] {}), WrongThreadError);
    EXPECT_THROW(reactor.callWhenRunning([] {}), WrongThreadError);
    EXPECT_NO_THROW(reactor.callFromThread([] {}));
  }).join();
}

TEST(ReactorThread, currentIsTheLastOneMadeOfThoseAlive) {
  EXPECT_THROW(Reactor::current(), NoReactorError);
  auto first = std::make_unique<Reactor>();
  EXPECT_EQ(&Reactor::current(), first.get());
  auto second = std::make_unique<Reactor>();
  EXPECT_EQ(&Reactor::current(), second.get());
  std::thread([] { EXPECT_THROW(Reactor::current(), NoReactorError); }).join();
  first.reset();
  EXPECT_EQ(&Reactor::current(), second.get());
  second.reset();
  EXPECT_THROW(Reactor::current(), NoReactorError);
}

TEST(ReactorFork, aChildIsToldToMakeItsOwn) {
  Reactor reactor;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    bool refused = false;
    try {
      reactor.callLater(1s, [] {});
    } catch (const WrongThreadError&) {
      refused = true;
    }
    bool works = false;
    Reactor own;
    own.callLater(0s, [&] { works = true; });
    own.iterate();
    ::_exit(refused && works ? 0 : 1);
  }
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NO_THROW(reactor.callLater(1s, [] {}));
}

TEST(ReactorBackend, isTheOneThatItWasGiven) {
  auto backend = makeBackend("epoll");
  Backend* const given = backend.get();
  Reactor reactor(std::move(backend));
  EXPECT_EQ(&reactor.backend(), given);
}

}  // namespace
}  // namespace hawser::tests
