#include "reactor/threads_support.h"

#include <hawser/reactor/task.h>

#include <signal.h>

#include <atomic>

namespace hawser::tests {
namespace {

/// A reactor that stops while its threads are busy.
class ShutdownOfThreads : public ReactorTest {
 protected:
  SharedLog log;
  Gate gate;
};

TEST_F(ShutdownOfThreads, waitsForWhatRunsAndDeliversWhatItGives) {
  int got = 0;
  auto job = deferToThread(reactor, [&] {
               gate.pass();
               return 7;
             }).addCallback([&](int value) { got = value; });
  reactor.addSystemEventTrigger(Phase::during, [&] { EXPECT_EQ(got, 7); });
  gate.awaitArrived(1);
  reactor.callWhenRunning([&] {
    reactor.stop();
    reactor.callLater(1ms, [&] { gate.open(); });
  });
  run();
  EXPECT_EQ(got, 7);
}

TEST_F(ShutdownOfThreads, deliversWhateverIsThrownMeanwhile) {
  std::string type;
  deferToThread(reactor, [&](const std::stop_token& stop) {
    gate.pass(stop);
    throw 42;
  }).addErrback([&](const Failure& failure) { type = failure.typeName(); });
  gate.awaitArrived(1);
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_EQ(type, "int");
}

TEST_F(ShutdownOfThreads, asksWhatRunsToStop) {
  bool asked = false;
  auto job = deferToThread(reactor, [&](const std::stop_token& stop) {
               gate.pass(stop);
               return stop.stop_requested();
             }).addCallback([&](bool was) { asked = was; });
  gate.awaitArrived(1);
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_TRUE(asked);
}

TEST_F(ShutdownOfThreads, failsWhatWaits) {
  bool failed = false;
  reactor.suggestThreadPoolSize(1);
  auto running = deferToThread(reactor, [&](const std::stop_token& stop) { gate.pass(stop); });
  gate.awaitArrived(1);
  auto waiting = deferToThread(reactor, [] {
                   ADD_FAILURE() << "it ran";
                 }).addErrback([&](const ThreadPoolStoppedError&) { failed = true; });
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_TRUE(failed);
}

TEST_F(ShutdownOfThreads, comesAfterAllThatTheBeforePhaseWaitsFor) {
  int got = 0;
  reactor.getThreadPool();
  reactor.addSystemEventTrigger(Phase::before, [&] {
    return deferToThread(reactor, [] { return 7; }).addCallback([&](int value) { got = value; });
  });
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_EQ(got, 7);
}

TEST_F(ShutdownOfThreads, leavesNothingToAskForAfterwards) {
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_THROW(static_cast<void>(deferToThread(reactor, [] {})), ReactorNotRunning);
  EXPECT_THROW(reactor.callInThread([] {}), ReactorNotRunning);
}

TEST_F(ShutdownOfThreads, doesNotWaitForTheReactorInAJobThatWaitsForIt) {
  std::atomic<bool> cancelled{false};
  reactor.callInThread([&] {
    try {
      blockingCallFromThread(reactor, [&]() -> Deferred<void> {
        reactor.stop();
        return task::deferLater(reactor, 1h);
      });
    } catch (const CancelledError&) {
      cancelled = true;
    }
  });
  run();
  EXPECT_TRUE(cancelled);
}

TEST_F(ShutdownOfThreads, endsItsPatienceWithASecondSignal) {
  bool abandoned = false;
  auto ending = std::make_unique<Reactor>();
  auto job = deferToThread(*ending, [&] { gate.pass(); }).addErrback([&](const AbandonedError&) {
    abandoned = true;
  });
  gate.awaitArrived(1);
  ending->callWhenRunning([&] { ::raise(SIGTERM); });
  // In a turn after the one that saw the first signal.
  ending->addSystemEventTrigger(Phase::before,
                                [&] { ending->callLater(0s, [] { ::raise(SIGTERM); }); });
  ending->run();
  EXPECT_TRUE(abandoned);
  EXPECT_EQ(log.count("The reactor ends while its threads work on"), 1u);
  gate.open();
  ending.reset();
}

TEST_F(ShutdownOfThreads, tellsWhatItsThreadsWorkOnIfItHasNoPatienceAtAll) {
  auto ending = std::make_unique<Reactor>();
  auto job = deferToThread(*ending, [&] { gate.pass(); }).addErrback([](const AbandonedError&) {});
  gate.awaitArrived(1);
  ending->callWhenRunning([&] { ending->stop(0s); });
  ending->run();
  EXPECT_EQ(log.count("The reactor ends while its threads work on"), 1u);
  gate.open();
  ending.reset();
}

TEST_F(ShutdownOfThreads, lettingGoOfAJobAllowsItToBeCancelled) {
  ThreadPool pool({.maxThreads = 1});
  pool.callInThread([&] { gate.pass(); });
  gate.awaitArrived(1);
  bool cancelled = false;
  {
    CancelHandle second;
    Reactor home;
    deferToThreadPool(home, pool, [] {}).addErrback([&](const AbandonedError&) {
      second.cancel();
    });
    auto job = deferToThreadPool(home, pool, [] {});
    second = job.cancelHandle();
    std::move(job).addErrback([&](const CancelledError&) { cancelled = true; });
  }
  EXPECT_TRUE(cancelled);
  gate.open();
}

TEST_F(ShutdownOfThreads, isNotNeededForAReactorThatNeverRan) {
  bool abandoned = false;
  auto made = std::make_unique<Reactor>();
  auto job = deferToThread(*made, [&](const std::stop_token& stop) {
               gate.pass(stop);
             }).addErrback([&](const AbandonedError&) { abandoned = true; });
  gate.awaitArrived(1);
  made.reset();
  EXPECT_TRUE(abandoned);
}

TEST_F(ShutdownOfThreads, abandonsJobsOfOtherPoolsAndAsksThemToStop) {
  ThreadPool pool({.maxThreads = 1});
  int abandoned = 0;
  bool stopped = false;
  const auto count = [&](const AbandonedError&) { ++abandoned; };
  auto running = deferToThreadPool(reactor, pool, [&](const std::stop_token& stop) {
                   gate.pass(stop);
                   stopped = stop.stop_requested();
                 }).addErrback(count);
  gate.awaitArrived(1);
  auto waiting =
      deferToThreadPool(reactor, pool, [] { ADD_FAILURE() << "it ran"; }).addErrback(count);
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_EQ(abandoned, 2);
  pool.stop();
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace hawser::tests
