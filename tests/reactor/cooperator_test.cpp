#include <hawser/base/logging.h>
#include <hawser/reactor/cooperator.h>
#include <hawser/testing/fake_clock.h>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hawser::tests {
namespace {

using namespace std::chrono_literals;
using task::CooperativeTask;
using task::Cooperator;

class Cooperating : public ::testing::Test {
 protected:
  testing::FakeClock clock;
  int unitsPerTurn = 1000;
  std::string did;
  std::string ends;

  /// Gives each turn `unitsPerTurn`.
  unique_function<Cooperator::TerminationPredicate()> byUnits() {
    return [this]() -> Cooperator::TerminationPredicate {
      return [left = unitsPerTurn]() mutable { return --left <= 0; };
    };
  }
  Cooperator cooperator{clock, byUnits()};

  /// Notes its letter so many times.
  auto letters(char letter, int times) {
    return [this, letter, times]() mutable {
      did += letter;
      return --times > 0;
    };
  }
  void watch(Deferred<void> deferred) {
    std::move(deferred).addCallback([this] { ends += "done;"; }).addErrback([this](Failure why) {
      ends += why.getErrorMessage() + ';';
    });
  }
  void turn() { clock.advance(0s); }
};

/// One turn is one advance: what a Cooperator schedules inside of it waits for the next.
class CooperatingInTurns : public Cooperating {
 protected:
  class TurnClock final : public Clock {
   public:
    explicit TurnClock(testing::FakeClock& clock) : clock_(clock) {}
    TimePoint now() const noexcept override { return clock_.now(); }
    DelayedCall callLater(Duration delay, unique_function<void()> call,
                          std::source_location where) override {
      return clock_.callLater(delay + 1ms, std::move(call), where);
    }

   private:
    testing::FakeClock& clock_;
  };
  TurnClock turns{clock};

  void turn() { clock.advance(1ms); }
};

TEST_F(Cooperating, doesAllUnitsAndTellsWhenTheyAreDone) {
  watch(cooperator.coiterate(letters('a', 3)));
  EXPECT_EQ(did, "") << "nothing is done on the spot";
  turn();
  EXPECT_EQ(did, "aaa");
  EXPECT_EQ(ends, "done;");
  EXPECT_TRUE(clock.getDelayedCalls().empty());
}

TEST_F(Cooperating, tasksTakeTurns) {
  watch(cooperator.coiterate(letters('a', 3)));
  watch(cooperator.coiterate(letters('b', 1)));
  watch(cooperator.coiterate(letters('c', 2)));
  turn();
  EXPECT_EQ(did, "abcaca");
}

TEST_F(CooperatingInTurns, doesNoMoreInATurnThanItsShareAndThenGoesOnWithTheNext) {
  unitsPerTurn = 2;
  Cooperator sharing(turns, byUnits());
  watch(sharing.coiterate(letters('a', 3)));
  watch(sharing.coiterate(letters('b', 3)));
  watch(sharing.coiterate(letters('c', 3)));
  turn();
  EXPECT_EQ(did, "ab");
  turn();
  EXPECT_EQ(did, "abca");
  turn();
  turn();
  EXPECT_EQ(did, "abcabcab");
  turn();
  EXPECT_EQ(did, "abcabcabc");
  EXPECT_TRUE(clock.getDelayedCalls().empty());
}

TEST_F(CooperatingInTurns, withoutAPredicateAShareIsAMatterOfTime) {
  Cooperator timed(turns);
  int units = 0;
  CooperativeTask endless = timed.cooperate([&] {
    ++units;
    return true;
  });
  turn();
  EXPECT_GT(units, 1);
  EXPECT_EQ(clock.getDelayedCalls().size(), 1u);
  endless.stop();
  EXPECT_TRUE(clock.getDelayedCalls().empty());
}

TEST_F(Cooperating, aUnitMayReturnADeferredAndTheOthersGoOnMeanwhile) {
  std::optional<Resolver<bool>> job;
  watch(cooperator.coiterate([&]() -> Deferred<bool> {
    did += 'w';
    auto [deferred, resolver] = makeDeferred<bool>();
    job = std::move(resolver);
    return std::move(deferred);
  }));
  watch(cooperator.coiterate(letters('a', 2)));
  turn();
  EXPECT_EQ(did, "waa");
  turn();
  EXPECT_EQ(did, "waa") << "it waits, and nothing is scheduled";
  job->callback(true);
  turn();
  EXPECT_EQ(did, "waaw");
  job->callback(false);
  EXPECT_EQ(ends, "done;done;");
}

AsyncGenerator<std::unique_ptr<int>> countTo(int end, Deferred<void> before, std::string& did) {
  co_await std::move(before);
  for (int i = 1; i <= end; ++i) {
    did += std::to_string(i);
    co_yield std::make_unique<int>(i);
  }
}

TEST_F(Cooperating, anAsyncGeneratorIsWorkToo) {
  auto [before, resolver] = makeDeferred<void>();
  watch(cooperator.coiterate(countTo(3, std::move(before), did)));
  watch(cooperator.coiterate(letters('a', 2)));
  turn();
  EXPECT_EQ(did, "aa");
  resolver.callback();
  turn();
  EXPECT_EQ(did, "aa123");
  EXPECT_EQ(ends, "done;done;");
}

TEST_F(Cooperating, stoppingATaskCancelsWhatItsGeneratorAwaits) {
  bool cancelled = false;
  auto [before, resolver] = makeDeferred<void>([&] { cancelled = true; });
  CooperativeTask task = cooperator.cooperate(countTo(3, std::move(before), did));
  watch(task.whenDone());
  turn();
  task.stop();
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(ends, "the task was stopped;");
}

TEST_F(Cooperating, aFailureEndsItsTaskAlone) {
  CooperativeTask failing =
      cooperator.cooperate([]() -> bool { throw std::runtime_error("out of ink"); });
  watch(failing.whenDone());
  watch(cooperator.coiterate(letters('a', 2)));
  turn();
  EXPECT_EQ(did, "aa");
  EXPECT_EQ(ends, "out of ink;done;");
  EXPECT_THROW(failing.stop(), task::TaskFailed);
  watch(failing.whenDone());
  EXPECT_EQ(ends, "out of ink;done;out of ink;") << "also for those who ask late";
}

TEST_F(Cooperating, aFailureThatNobodyAskedForIsLogged) {
  std::vector<std::string> logged;
  const auto quiet = logging::silenceStderr();
  const auto observation = logging::addObserver([&](const logging::Event& event) {
    if (event.failure) logged.push_back(event.failure->getErrorMessage());
  });
  {
    const CooperativeTask failing =
        cooperator.cooperate([]() -> bool { throw std::runtime_error("out of ink"); });
    turn();
    EXPECT_TRUE(logged.empty()) << "somebody may still ask";
  }
  EXPECT_EQ(logged, std::vector<std::string>{"out of ink"});
}

TEST_F(Cooperating, everybodyWhoAsksIsToldOfTheEnd) {
  CooperativeTask task = cooperator.cooperate(letters('a', 1));
  watch(task.whenDone());
  watch(task.whenDone());
  turn();
  watch(task.whenDone());
  EXPECT_EQ(ends, "done;done;done;");
  EXPECT_THROW(task.stop(), task::TaskDone);
  EXPECT_THROW(task.pause(), task::TaskDone);
}

TEST_F(Cooperating, aPausedTaskGoesOnWhenItWasResumedAsOften) {
  CooperativeTask task = cooperator.cooperate(letters('a', 1));
  task.pause();
  task.pause();
  EXPECT_TRUE(clock.getDelayedCalls().empty());
  task.resume();
  turn();
  EXPECT_EQ(did, "");
  task.resume();
  turn();
  EXPECT_EQ(did, "a");
  EXPECT_THROW(task.resume(), task::NotPaused);
}

TEST_F(Cooperating, pausedWhileItWaitsItGoesOnAfterBoth) {
  std::optional<Resolver<bool>> job;
  CooperativeTask task = cooperator.cooperate([&]() -> Deferred<bool> {
    did += 'w';
    auto [deferred, resolver] = makeDeferred<bool>();
    job = std::move(resolver);
    return std::move(deferred);
  });
  turn();
  task.pause();
  job->callback(true);
  turn();
  EXPECT_EQ(did, "w");
  task.resume();
  turn();
  EXPECT_EQ(did, "ww");
  task.stop();
}

TEST_F(Cooperating, aStoppedTaskDoesNoMoreAndIgnoresWhatItWaitedFor) {
  std::optional<Resolver<bool>> job;
  CooperativeTask task = cooperator.cooperate([&]() -> Deferred<bool> {
    auto [deferred, resolver] = makeDeferred<bool>();
    job = std::move(resolver);
    return std::move(deferred);
  });
  watch(task.whenDone());
  turn();
  task.stop();
  EXPECT_THROW(task.stop(), task::TaskStopped);
  job->errback(std::runtime_error("too late"));
  EXPECT_EQ(ends, "the task was stopped;");
}

TEST_F(Cooperating, aTaskMayStopItselfInItsUnit) {
  std::optional<CooperativeTask> self;
  auto owned = std::make_shared<int>(0);
  self = cooperator.cooperate([&, owned] {
    self->stop();
    ++*owned;
    return true;
  });
  watch(self->whenDone());
  turn();
  EXPECT_EQ(*owned, 1);
  EXPECT_EQ(owned.use_count(), 1) << "the work is gone";
  EXPECT_EQ(ends, "the task was stopped;");
}

TEST_F(Cooperating, aUnitMayStopAnotherTask) {
  std::optional<CooperativeTask> other;
  watch(cooperator.coiterate([&] {
    did += 'a';
    other->stop();
    return false;
  }));
  other = cooperator.cooperate(letters('b', 1));
  watch(other->whenDone());
  turn();
  EXPECT_EQ(did, "a");
  EXPECT_EQ(ends, "the task was stopped;done;");
}

TEST_F(Cooperating, aUnitMayAddATask) {
  watch(cooperator.coiterate([&] {
    did += 'a';
    watch(cooperator.coiterate(letters('b', 2)));
    return false;
  }));
  turn();
  EXPECT_EQ(did, "abb");
  EXPECT_EQ(ends, "done;done;");
}

TEST_F(Cooperating, stoppedItEndsItsTasksAndThoseThatCome) {
  watch(cooperator.coiterate(letters('a', 1)));
  CooperativeTask paused = cooperator.cooperate(letters('b', 1));
  watch(paused.whenDone());
  paused.pause();
  cooperator.stop();
  EXPECT_FALSE(cooperator.running());
  EXPECT_EQ(ends, "the Cooperator was stopped;");
  watch(cooperator.coiterate(letters('c', 1)));
  EXPECT_EQ(ends, "the Cooperator was stopped;the Cooperator was stopped;");
  paused.resume();
  EXPECT_THROW(paused.stop(), task::SchedulerStopped);
  turn();
  EXPECT_EQ(did, "");
}

/// Its memory for calls can run out.
class ShortClock final : public Clock {
 public:
  explicit ShortClock(testing::FakeClock& clock) : clock_(clock) {}
  TimePoint now() const noexcept override { return clock_.now(); }
  DelayedCall callLater(Duration delay, unique_function<void()> call,
                        std::source_location where) override {
    if (calls-- == 0) throw std::bad_alloc();
    return clock_.callLater(delay, std::move(call), where);
  }
  int calls = 1;

 private:
  testing::FakeClock& clock_;
};

TEST_F(Cooperating, whoseClockHasNoMemoryFailTheirTasks) {
  ShortClock shortOfMemory(clock);
  unitsPerTurn = 1;
  Cooperator limited(shortOfMemory, byUnits());
  watch(limited.coiterate(letters('a', 2)));
  watch(limited.coiterate(letters('b', 2)));
  turn();
  EXPECT_EQ(did, "a");
  EXPECT_EQ(ends, "std::bad_alloc;std::bad_alloc;") << "they would wait for ever";
  shortOfMemory.calls = 1;
  watch(limited.coiterate(letters('c', 1)));
  turn();
  EXPECT_EQ(did, "ac");
}

TEST_F(Cooperating, aTaskThatCannotBeResumedStaysPaused) {
  ShortClock shortOfMemory(clock);
  Cooperator limited(shortOfMemory, byUnits());
  CooperativeTask task = limited.cooperate(letters('a', 1));
  task.pause();
  shortOfMemory.calls = 0;
  EXPECT_THROW(task.resume(), std::bad_alloc);
  shortOfMemory.calls = 1;
  task.resume();
  turn();
  EXPECT_EQ(did, "a");
}

TEST_F(Cooperating, canBeStartedAnew) {
  cooperator.stop();
  cooperator.start();
  watch(cooperator.coiterate(letters('a', 1)));
  turn();
  EXPECT_EQ(ends, "done;");
}

TEST_F(Cooperating, notStartedItsTasksWait) {
  Cooperator later(clock, nullptr, false);
  watch(later.coiterate(letters('a', 1)));
  turn();
  EXPECT_EQ(did, "");
  EXPECT_FALSE(later.running());
  later.start();
  turn();
  EXPECT_EQ(did, "a");
}

TEST_F(Cooperating, mayBeDestroyedByAUnitOfWork) {
  auto mortal = std::make_unique<Cooperator>(clock);
  watch(mortal->coiterate([&] {
    mortal.reset();
    return true;
  }));
  watch(mortal->coiterate(letters('a', 1)));
  turn();
  EXPECT_EQ(did, "");
  EXPECT_EQ(ends, "the Cooperator was stopped;the Cooperator was stopped;");
}

TEST_F(Cooperating, aPausedTaskThatNobodyCanResumeIsDestroyed) {
  auto owned = std::make_shared<int>(0);
  {
    CooperativeTask task = cooperator.cooperate([owned] { return true; });
    task.pause();
  }
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace hawser::tests
