#include "reactor/threads_support.h"

#include <hawser/defer/coroutine.h>
#include <hawser/reactor/call_on.h>
#include <hawser/reactor/task.h>

#include <atomic>
#include <memory>
#include <optional>

namespace hawser::tests {
namespace {

/// A reactor that runs in a thread of its own until it is ended.
class Elsewhere {
 public:
  Elsewhere() {
    thread_ = std::thread([this] {
      Reactor reactor;
      reactor_ = &reactor;
      reactor.callWhenRunning([this] { runs_.open(); });
      reactor.run({.handleSignals = false});
      ended_.open();
      over_.pass();
    });
    runs_.pass();
  }
  ~Elsewhere() {
    stop();
    ended_.pass();
    over_.open();
    thread_.join();
  }

  Reactor& reactor() { return *reactor_; }
  /// It is there still, but has ended.
  void end() {
    stop();
    ended_.pass();
  }
  void stop() {
    if (!std::exchange(stopped_, true))
      reactor_->callFromThread([this] {
        if (!reactor_->stopping()) reactor_->stop();
      });
  }

 private:
  Gate runs_;
  Gate ended_;
  Gate over_;
  Reactor* reactor_ = nullptr;
  bool stopped_ = false;
  std::thread thread_;
};

class CallOn : public ReactorTest {
 protected:
  Elsewhere other;

  /// What it ended with, when it has.
  template <class T>
  Result<T> resultOf(Deferred<T> deferred) {
    std::optional<Result<T>> result;
    std::move(deferred).addBoth([&](Result<T> how) {
      result.emplace(std::move(how));
      if (reactor.running()) reactor.stop();
    });
    if (!result) run();
    return std::move(*result);
  }
};

TEST_F(CallOn, callsOnTheOtherThreadAndFiresOnItsOwn) {
  std::thread::id there;
  std::thread::id fired;
  auto answer = callOn(reactor, other.reactor(), [&] {
                  there = std::this_thread::get_id();
                  return 42;
                }).addCallback([&](int value) {
    fired = std::this_thread::get_id();
    return value;
  });
  EXPECT_EQ(resultOf(std::move(answer)).value(), 42);
  EXPECT_EQ(fired, std::this_thread::get_id());
  EXPECT_NE(there, std::this_thread::get_id());
}

TEST_F(CallOn, takesTheReactorOfThisThreadIfNoneIsGiven) {
  EXPECT_EQ(
      resultOf(callOn(other.reactor(), [](int a, int b) { return a * b; }, 6, 7)).value(), 42);
}

TEST_F(CallOn, isRefusedWhereThereIsNoReactor) {
  std::thread([&] {
    EXPECT_THROW(static_cast<void>(callOn(other.reactor(), [] {})), NoReactorError);
    EXPECT_THROW(static_cast<void>(callOn(reactor, other.reactor(), [] {})), WrongThreadError);
  }).join();
}

TEST_F(CallOn, mayMoveWhatCannotBeCopied) {
  auto moved = callOn(
      reactor, other.reactor(),
      [](std::unique_ptr<int> box) {
        ++*box;
        return box;
      },
      std::make_unique<int>(41));
  EXPECT_EQ(*resultOf(std::move(moved)).value(), 42);
}

TEST_F(CallOn, mayGiveNothing) {
  std::atomic<bool> called = false;
  EXPECT_TRUE(resultOf(callOn(reactor, other.reactor(), [&] { called = true; })));
  EXPECT_TRUE(called);
}

TEST_F(CallOn, waitsForADeferredOfTheOtherReactor) {
  auto later = callOn(reactor, other.reactor(),
                      [] { return task::deferLater(Reactor::current(), 1ms, [] { return 7; }); });
  EXPECT_EQ(resultOf(std::move(later)).value(), 7);
}

TEST_F(CallOn, mayRunACoroutineWhichKeepsItsCaptures) {
  auto coroutine = [text = std::string(100, 'x')]() -> Deferred<std::string> {
    co_await task::deferLater(Reactor::current(), 1ms);
    co_return text + "y";
  };
  EXPECT_EQ(resultOf(callOn(reactor, other.reactor(), std::move(coroutine))).value(),
            std::string(100, 'x') + "y");
}

TEST_F(CallOn, bringsResultsAndFailuresAsWhatTheyAre) {
  EXPECT_EQ(resultOf(callOn(reactor, other.reactor(), [] { return Result<int>(7); })).value(), 7);
}

TEST_F(CallOn, bringsWhatIsThrownWithTheTracebackOfBothSides) {
  const auto where = std::source_location::current();
  auto failing = callOn(reactor, ReactorHere(other.reactor(), where),
                        []() -> int { throw std::out_of_range("too far"); });
  const Failure failure = resultOf(std::move(failing)).failure();
  EXPECT_TRUE(failure.check<std::out_of_range>());
  const std::string traceback = failure.getTraceback();
  EXPECT_NE(traceback.find("left the job asked for at"), std::string::npos) << traceback;
  EXPECT_NE(traceback.find(lineOf(where)), std::string::npos) << traceback;
  EXPECT_NE(traceback.find("in thread"), std::string::npos) << traceback;
}

TEST_F(CallOn, bringsWhatIsThrownInsteadOfADeferredWithTheTracebackOfBothSides) {
  const auto where = std::source_location::current();
  auto failing = callOn(reactor, ReactorHere(other.reactor(), where),
                        []() -> Deferred<int> { throw std::out_of_range("too far"); });
  const Failure failure = resultOf(std::move(failing)).failure();
  EXPECT_TRUE(failure.check<std::out_of_range>());
  const std::string traceback = failure.getTraceback();
  EXPECT_NE(traceback.find("left the job asked for at"), std::string::npos) << traceback;
  EXPECT_NE(traceback.find(lineOf(where)), std::string::npos) << traceback;
  EXPECT_NE(traceback.find("in thread"), std::string::npos) << traceback;
}

TEST_F(CallOn, bringsTheFailureOfADeferredWithTheTracebackOfBothSides) {
  auto failing = callOn(reactor, other.reactor(), [] {
    return task::deferLater(Reactor::current(), 1ms).addCallback([]() -> int {
      throw std::out_of_range("too far");
    });
  });
  const std::string traceback = resultOf(std::move(failing)).failure().getTraceback();
  EXPECT_NE(traceback.find("raised in the handler added at"), std::string::npos) << traceback;
  EXPECT_NE(traceback.find("in thread"), std::string::npos) << traceback;
  EXPECT_NE(traceback.find("in the Deferred made at"), std::string::npos) << traceback;
}

TEST_F(CallOn, asksInOrder) {
  std::vector<int> order;
  for (int i = 0; i < 100; ++i)
    static_cast<void>(callOn(reactor, other.reactor(), [&order, i] { order.push_back(i); }));
  ASSERT_TRUE(resultOf(callOn(reactor, other.reactor(), [] {})));
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_F(CallOn, ofOnesOwnReactorIsACallInALaterTurn) {
  bool called = false;
  auto own = callOn(reactor, reactor, [&] { called = true; });
  EXPECT_FALSE(called);
  EXPECT_TRUE(resultOf(std::move(own)));
  EXPECT_TRUE(called);
}

TEST_F(CallOn, cancelledBeforeItBeganIsNotMade) {
  Gate gate;
  other.reactor().callFromThread([&] { gate.pass(); });
  gate.awaitArrived(1);
  std::atomic<bool> called = false;
  auto shared = std::make_shared<int>();
  const std::weak_ptr<int> captured = shared;
  auto call =
      callOn(reactor, other.reactor(), [&called, shared = std::move(shared)] { called = true; });
  call.cancel();
  EXPECT_TRUE(resultOf(std::move(call)).failure().check<CancelledError>());
  gate.open();
  other.end();
  EXPECT_FALSE(called);
  EXPECT_TRUE(captured.expired());
}

TEST_F(CallOn, cancelledCancelsTheDeferredOfTheOtherSide) {
  Gate waits;
  auto cancelled = std::make_shared<Gate>();
  auto call = callOn(reactor, other.reactor(), [&waits, cancelled] {
    waits.open();
    return task::deferLater(Reactor::current(), 1h).addErrback([cancelled](const CancelledError&) {
      cancelled->open();
    });
  });
  waits.pass();
  call.cancel();
  EXPECT_TRUE(resultOf(std::move(call)).failure().check<CancelledError>());
  cancelled->pass();
}

TEST_F(CallOn, failsAtOnceIfTheOtherReactorHasEnded) {
  other.end();
  auto call = callOn(reactor, other.reactor(), [] { return 1; });
  EXPECT_EQ(call.state(), DeferredState::failure);
  EXPECT_TRUE(resultOf(std::move(call)).failure().check<ReactorNotRunning>());
}

TEST_F(CallOn, failsIfTheOtherReactorEndsBeforeItsTurn) {
  Gate gate;
  other.reactor().callFromThread([&] {
    gate.pass();
    Reactor::current().stop();
  });
  gate.awaitArrived(1);
  bool called = false;
  auto late = callOn(reactor, other.reactor(), [&] { called = true; });
  gate.open();
  EXPECT_TRUE(resultOf(std::move(late)).failure().check<ReactorNotRunning>());
  EXPECT_FALSE(called);
}

TEST_F(CallOn, failsIfTheOtherReactorEndsBeforeItsDeferredFires) {
  Gate waits;
  auto call = callOn(reactor, other.reactor(), [&] {
    waits.open();
    return task::deferLater(Reactor::current(), 1h);
  });
  waits.pass();
  const SharedLog log;
  other.end();
  EXPECT_TRUE(resultOf(std::move(call)).failure().check<ReactorNotRunning>());
}

TEST_F(CallOn, failsIfTheOtherReactorNeverRuns) {
  std::optional<Reactor> idle;
  idle.emplace();
  auto call = callOn(reactor, *idle, [] {});
  EXPECT_EQ(call.state(), DeferredState::pending);
  idle.reset();
  EXPECT_TRUE(resultOf(std::move(call)).failure().check<ReactorNotRunning>());
}

TEST_F(CallOn, isAbandonedAndCancelledIfItsOwnReactorEnds) {
  LogCapture log;
  Gate waits;
  Gate cancelled;
  bool abandoned = false;
  {
    Reactor home;
    callOn(home, other.reactor(), [&] {
      waits.open();
      return task::deferLater(Reactor::current(), 1h).addErrback([&](const CancelledError&) {
        cancelled.open();
      });
    }).addErrback([&](const AbandonedError&) { abandoned = true; });
    waits.pass();
  }
  EXPECT_TRUE(abandoned);
  cancelled.pass();
}

TEST_F(CallOn, dropsWhatComesWhenItsOwnReactorIsGone) {
  LogCapture log;
  Gate gate;
  auto value = std::make_shared<int>(7);
  const std::weak_ptr<int> weak = value;
  {
    Reactor home;
    callOn(home, other.reactor(), [&gate, value = std::move(value)]() mutable {
      gate.pass();
      return std::move(value);
    }).addErrback([](const AbandonedError&) { return std::shared_ptr<int>(); });
    gate.awaitArrived(1);
  }
  gate.open();
  other.end();
  EXPECT_TRUE(weak.expired());
}

TEST_F(CallOn, isMadeByAReactorThatStopsAsLongAsItTurns) {
  Gate stops;
  other.reactor().callFromThread([&] {
    Reactor& there = Reactor::current();
    there.addSystemEventTrigger(Phase::before, [&stops, &there] {
      stops.open();
      return task::deferLater(there, 20ms);
    });
  });
  other.stop();
  stops.pass();
  EXPECT_EQ(resultOf(callOn(reactor, other.reactor(), [] { return 3; })).value(), 3);
}

TEST_F(CallOn, mayBeCancelledWhileItsOwnReactorEnds) {
  SharedLog log;
  Gate gate;
  other.reactor().callFromThread([&] { gate.pass(); });
  gate.awaitArrived(1);
  bool cancelled = false;
  {
    CancelHandle second;
    Reactor home;
    callOn(home, other.reactor(), [] {}).addErrback([&](const AbandonedError&) {
      second.cancel();
    });
    auto call = callOn(home, other.reactor(), [] {});
    second = call.cancelHandle();
    std::move(call).addErrback([&](const CancelledError&) { cancelled = true; });
  }
  EXPECT_TRUE(cancelled);
  gate.open();
  other.end();  // it has no call of theirs twice, and so comes to an end
}

TEST_F(CallOn, failsIfBothReactorsHaveEnded) {
  SharedLog log;
  other.end();
  reactor.callWhenRunning([this] { reactor.stop(); });
  run();
  bool abandoned = false;
  callOn(reactor, other.reactor(), [] {}).addErrback([&](const AbandonedError&) {
    abandoned = true;
  });
  EXPECT_TRUE(abandoned);
}

}  // namespace
}  // namespace hawser::tests
