#include <hawser/reactor/looping_call.h>
#include <hawser/testing/fake_clock.h>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace hawser::tests {
namespace {

using namespace std::chrono_literals;
using task::LoopingCall;

class Looping : public ::testing::Test {
 protected:
  testing::FakeClock clock;
  std::vector<long> calls;  // milliseconds since the beginning
  std::string end;

  void note() {
    calls.push_back(
        std::chrono::duration_cast<std::chrono::milliseconds>(clock.now().time_since_epoch())
            .count());
  }
  /// Leaves in `end` how the loop ended.
  void watch(Deferred<void> deferred) {
    std::move(deferred).addCallback([this] { end = "stopped"; }).addErrback([this](Failure why) {
      end = why.getErrorMessage();
    });
  }
  using Times = std::vector<long>;
};

TEST_F(Looping, callsAtOnceAndThenEveryInterval) {
  LoopingCall loop(clock, [&] { note(); });
  watch(loop.start(1s));
  clock.pump({1s, 500ms, 500ms, 1s});
  EXPECT_EQ(calls, (Times{0, 1000, 2000, 3000}));
  EXPECT_TRUE(loop.running());
  loop.stop();
}

TEST_F(Looping, orOnlyAfterTheFirstInterval) {
  LoopingCall loop(clock, [&] { note(); });
  watch(loop.start(1s, false));
  EXPECT_EQ(calls, Times{});
  clock.pump({1s, 1s});
  EXPECT_EQ(calls, (Times{1000, 2000}));
  loop.stop();
}

TEST_F(Looping, stopEndsItAndFiresItsDeferred) {
  LoopingCall loop(clock, [&] { note(); });
  watch(loop.start(1s));
  loop.stop();
  EXPECT_FALSE(loop.running());
  EXPECT_EQ(end, "stopped");
  EXPECT_TRUE(clock.getDelayedCalls().empty());
  EXPECT_THROW(loop.stop(), std::logic_error);
}

TEST_F(Looping, canBeStoppedInItsOwnCall) {
  std::unique_ptr<LoopingCall> loop;
  loop = std::make_unique<LoopingCall>(clock, [&] {
    note();
    if (calls.size() == 2) loop->stop();
  });
  watch(loop->start(1s));
  clock.pump({1s, 1s, 1s});
  EXPECT_EQ(calls, (Times{0, 1000}));
  EXPECT_EQ(end, "stopped");
}

TEST_F(Looping, aFailureOfTheFunctionEndsItAndFailsItsDeferred) {
  LoopingCall loop(clock, [&] {
    note();
    if (calls.size() == 2) throw std::runtime_error("out of breath");
  });
  watch(loop.start(1s));
  clock.pump({1s, 1s});
  EXPECT_EQ(calls, (Times{0, 1000}));
  EXPECT_EQ(end, "out of breath");
  EXPECT_FALSE(loop.running());
}

TEST_F(Looping, aFailureOfTheFirstCallToo) {
  LoopingCall loop(clock, []() -> Deferred<void> { return Failure(std::runtime_error("no")); });
  watch(loop.start(1s));
  EXPECT_EQ(end, "no");
  EXPECT_FALSE(loop.running());
}

TEST_F(Looping, waitsForTheDeferredOfTheFunctionAndSkipsTheBeatsThatPass) {
  std::optional<Resolver<int>> work;
  LoopingCall loop(clock, [&] {
    note();
    auto [deferred, resolver] = makeDeferred<int>();
    work = std::move(resolver);
    return std::move(deferred);
  });
  watch(loop.start(1s));
  clock.advance(3500ms);
  EXPECT_EQ(calls, Times{0});
  work->callback(1);
  EXPECT_EQ(calls, Times{0}) << "back on the beat, not at once";
  clock.advance(500ms);
  EXPECT_EQ(calls, (Times{0, 4000}));
  work->callback(1);
  loop.stop();
}

TEST_F(Looping, stoppedDuringACallFiresWhenThatHasEnded) {
  std::optional<Resolver<void>> work;
  LoopingCall loop(clock, [&] {
    auto [deferred, resolver] = makeDeferred<void>();
    work = std::move(resolver);
    return std::move(deferred);
  });
  watch(loop.start(1s));
  loop.stop();
  EXPECT_FALSE(loop.running());
  EXPECT_EQ(end, "");
  EXPECT_THROW(static_cast<void>(loop.start(1s)), std::logic_error);
  work->callback();
  EXPECT_EQ(end, "stopped");
}

TEST_F(Looping, aLateClockMakesOneCallForAllBeatsThatPassed) {
  LoopingCall loop(clock, [&] { note(); });
  watch(loop.start(1s));
  clock.advance(5500ms);
  clock.advance(500ms);
  EXPECT_EQ(calls, (Times{0, 5500, 6000}));
  loop.stop();
}

TEST_F(Looping, withCountTellsHowManyBeatsThereWere) {
  std::vector<std::int64_t> counts;
  LoopingCall loop = LoopingCall::withCount(clock, [&](std::int64_t n) { counts.push_back(n); });
  watch(loop.start(1s));
  clock.advance(1s);
  clock.advance(3500ms);
  clock.advance(500ms);
  EXPECT_EQ(counts, (std::vector<std::int64_t>{1, 1, 3, 1}));
  loop.stop();
}

TEST_F(Looping, withCountStartedLaterCountsFromTheStart) {
  std::vector<std::int64_t> counts;
  LoopingCall loop = LoopingCall::withCount(clock, [&](std::int64_t n) { counts.push_back(n); });
  watch(loop.start(1s, false));
  clock.advance(2500ms);
  EXPECT_EQ(counts, std::vector<std::int64_t>{2});
  loop.stop();
}

/// What Twisted's LoopingCall does.
TEST_F(Looping, withCountStartedAgainCountsTheBeatsInBetween) {
  using Counts = std::vector<std::pair<std::chrono::milliseconds, std::int64_t>>;
  const struct {
    std::chrono::milliseconds before;
    std::chrono::milliseconds between;
    bool now;
    Counts after;
  } cases[] = {
      {2000ms, 3000ms, true, {{5000ms, 3}, {6000ms, 1}, {7000ms, 1}}},
      {2000ms, 3000ms, false, {{6000ms, 4}, {7000ms, 1}}},
      {2500ms, 250ms, true, {{3750ms, 1}, {4750ms, 1}}},
      {2000ms, 500ms, true, {{3500ms, 1}, {4500ms, 1}}},
      {2000ms, 500ms, false, {{3500ms, 1}, {4500ms, 1}}},
      {2000ms, 1750ms, false, {{4750ms, 2}, {5750ms, 1}}},
      {2000ms, 10s, true, {{12s, 10}, {13s, 1}, {14s, 1}}},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(::testing::Message()
                 << each.before.count() << " ms, then " << each.between.count() << " ms of rest");
    testing::FakeClock time;
    Counts counts;
    LoopingCall loop = LoopingCall::withCount(time, [&](std::int64_t count) {
      counts.emplace_back(
          std::chrono::duration_cast<std::chrono::milliseconds>(time.now().time_since_epoch()),
          count);
    });
    const auto advance = [&time](std::chrono::milliseconds by) {
      for (; by > 0ms; by -= 250ms) time.advance(250ms);
    };
    watch(loop.start(1s));
    advance(each.before);
    loop.stop();
    time.advance(each.between);
    counts.clear();
    watch(loop.start(1s, each.now));
    advance(2s);
    loop.stop();
    EXPECT_EQ(counts, each.after);
  }
}

TEST_F(Looping, anIntervalOfZeroCallsInEveryTurn) {
  std::unique_ptr<LoopingCall> loop;
  loop = std::make_unique<LoopingCall>(clock, [&] {
    note();
    if (calls.size() == 3) loop->stop();
  });
  watch(loop->start(0s));
  EXPECT_EQ(calls.size(), 1u);
  clock.advance(0s);
  EXPECT_EQ(calls.size(), 3u);
}

TEST_F(Looping, resetStartsTheBeatAnew) {
  LoopingCall loop(clock, [&] { note(); });
  watch(loop.start(1s));
  clock.advance(700ms);
  loop.reset();
  clock.advance(700ms);
  EXPECT_EQ(calls, Times{0});
  clock.advance(300ms);
  EXPECT_EQ(calls, (Times{0, 1700}));
  clock.advance(1s);
  EXPECT_EQ(calls, (Times{0, 1700, 2700}));
  loop.stop();
  EXPECT_THROW(loop.reset(), std::logic_error);
}

TEST_F(Looping, canBeStartedAgain) {
  LoopingCall loop(clock, [&] { note(); });
  watch(loop.start(1s));
  EXPECT_THROW(static_cast<void>(loop.start(1s)), std::logic_error);
  loop.stop();
  clock.advance(10s);
  watch(loop.start(2s));
  clock.advance(2s);
  EXPECT_EQ(calls, (Times{0, 10000, 12000}));
  loop.stop();
}

TEST_F(Looping, cancellingItsDeferredEndsIt) {
  LoopingCall loop(clock, [&] { note(); });
  Deferred<void> deferred = loop.start(1s);
  deferred.cancel();
  EXPECT_FALSE(loop.running());
  EXPECT_TRUE(clock.getDelayedCalls().empty());
  watch(std::move(deferred));
  EXPECT_EQ(end, CancelledError().what());
}

TEST_F(Looping, cancellingItsDeferredCancelsTheCallUnderWay) {
  bool cancelled = false;
  Resolver<void> work;
  LoopingCall loop(clock, [&] {
    auto [deferred, resolver] = makeDeferred<void>([&] { cancelled = true; });
    work = std::move(resolver);
    return std::move(deferred);
  });
  Deferred<void> deferred = loop.start(1s);
  deferred.cancel();
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(loop.running());
  watch(std::move(deferred));
  EXPECT_EQ(end, CancelledError().what());
}

TEST_F(Looping, destroyedMakesNoFurtherCallAndAbandonsItsDeferred) {
  {
    LoopingCall loop(clock, [&] { note(); });
    watch(loop.start(1s));
  }
  clock.advance(5s);
  EXPECT_EQ(calls, Times{0});
  EXPECT_NE(end, "");
  EXPECT_NE(end, "stopped");
}

TEST_F(Looping, mayBeDestroyedInItsOwnCall) {
  std::unique_ptr<LoopingCall> loop;
  loop = std::make_unique<LoopingCall>(clock, [&] {
    note();
    loop.reset();
  });
  watch(loop->start(1s));
  clock.advance(5s);
  EXPECT_EQ(calls, Times{0});
}

TEST_F(Looping, refusesANegativeInterval) {
  LoopingCall loop(clock, [] {});
  EXPECT_THROW(static_cast<void>(loop.start(-1s)), std::invalid_argument);
}

}  // namespace
}  // namespace hawser::tests
