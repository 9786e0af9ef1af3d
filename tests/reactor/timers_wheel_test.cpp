#include "reactor/timers_fixture.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace hawser::tests {
namespace {

using namespace std::chrono_literals;

class TimerWheelTest : public TimerQueueTest {
 protected:
  static constexpr int levels = 8;
  static constexpr Duration year = 24h * 365;

  static constexpr TimePoint at(std::int64_t nanoseconds) {
    return TimePoint(Duration(nanoseconds));
  }
};

/// How wide a slot of each level is, and what level 7 spans: the edges where calls change levels.
class TimerWheelEdges : public TimerWheelTest, public ::testing::WithParamInterface<int> {
 protected:
  const Duration width{std::int64_t{1} << GetParam()};
};
INSTANTIATE_TEST_SUITE_P(AllLevels, TimerWheelEdges,
                         ::testing::Values(16, 22, 28, 34, 40, 46, 52, 58, 62));

TEST_P(TimerWheelEdges, callsOnBothSidesOfAnEdgeComeAtTheirTimes) {
  for (const TimePoint edge : {at(0), at(0) + width, at(0) - width, at(0) + width / 2 * 3}) {
    clock.time = edge - width / 2 - 5ns;
    std::vector<TimePoint> expected, called;
    for (const Duration from : {+2ns, -1ns, +0ns, +1ns, -2ns}) {
      const TimePoint due = edge + from;
      add(due - clock.time, [&, due] {
        EXPECT_EQ(clock.time, due);
        called.push_back(due);
      });
    }
    for (int i = 0; i < 5; ++i) {
      EXPECT_LE(sleepUntilDue(), levels);
      expected.push_back(edge + (i - 2) * 1ns);
    }
    EXPECT_EQ(called, expected);
    EXPECT_TRUE(queue.empty());
  }
}

TEST_P(TimerWheelEdges, aCallIsNotTakenOutANanosecondTooEarly) {
  add(width);
  clock.time += width - 1ns;
  EXPECT_EQ(makeDueCalls(), 0);
  EXPECT_EQ(queue.nextDue(), clock.time + 1ns);
  clock.time += 1ns;
  EXPECT_EQ(makeDueCalls(), 1);
}

TEST_P(TimerWheelEdges, movingAcrossAnEdgeAndBackLosesNothing) {
  clock.time = at(0) + width - 3ns;
  DelayedCall call = add(1ns);
  call.delay(width);
  EXPECT_EQ(queue.nextDue(), clock.time + 1ns + width);
  call.delay(-width);
  EXPECT_EQ(queue.nextDue(), clock.time + 1ns);
  call.reset(5ns);
  clock.time += 4ns;
  EXPECT_EQ(makeDueCalls(), 0);
  clock.time += 1ns;
  EXPECT_EQ(makeDueCalls(), 1);
}

TEST_P(TimerWheelEdges, amongManyTheReactorWakesForNothingAtMostOnceALevel) {
  for (int i = 0; i < 20; ++i) add(width + i * 3ns);
  int woken = 0;
  while (!queue.empty()) woken += sleepUntilDue();
  EXPECT_LE(woken, levels);
}

TEST_F(TimerWheelTest, aFewCallsAreWaitedForWithoutWakingForNothing) {
  for (const Duration delay : {Duration(1ns), Duration(1ms), Duration(30s), Duration(1h), year}) {
    add(delay);
    add(delay + 1ms);
    EXPECT_EQ(sleepUntilDue(), 0);
    EXPECT_EQ(sleepUntilDue(), 0);
  }
}

TEST_F(TimerWheelTest, cancellingTheEarliestOfManyNeverMakesTheNextTooLate) {
  std::vector<DelayedCall> calls;
  for (int i = 0; i < 100; ++i) calls.push_back(add(1min + i * 10ms));
  for (int i = 0; i + 1 < 100; ++i) {
    calls[static_cast<std::size_t>(i)].cancel();
    EXPECT_LE(queue.nextDue(), calls[static_cast<std::size_t>(i) + 1].getTime());
  }
  EXPECT_LE(sleepUntilDue(), levels);
  EXPECT_EQ(clock.time, calls.back().getTime());
}

TEST_F(TimerWheelTest, theReactorDoesNotWakeForASlotThatWasEmptied) {
  std::vector<DelayedCall> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(add(1min + i * 1ns));
  add(1h);
  EXPECT_LE(queue.nextDue(), clock.time + 1min);
  for (; !calls.empty(); calls.pop_back()) calls.back().cancel();
  EXPECT_EQ(queue.nextDue(), clock.time + 1h);
}

TEST_F(TimerWheelTest, theWholeRangeOfTimeCanBeUsed) {
  std::string called;
  clock.time = TimePoint::min();
  add(Duration::max(), [&] { called += 'b'; });
  clock.time = at(0);
  makeDueCalls();
  add(Duration::max(), [&] { called += 'e'; });
  DelayedCall last = add(Duration::max(), [&] { called += 'f'; });
  EXPECT_EQ(last.getTime(), TimePoint::max());
  add(1s, [&] { called += 'c'; });
  add(0s, [&] { called += 'd'; });
  EXPECT_EQ(called, "b");
  clock.time = TimePoint::max() - 1ns;
  makeDueCalls();
  EXPECT_EQ(called, "bdc");
  EXPECT_EQ(queue.nextDue(), TimePoint::max());
  clock.time = TimePoint::max();
  makeDueCalls();
  EXPECT_EQ(called, "bdcef");
}

TEST_F(TimerWheelTest, aCallMovedBeforeAllTimeIsDueAtOnce) {
  clock.time = at(5);
  DelayedCall call = add(1h);
  call.delay(Duration::min());
  call.delay(Duration::min());
  EXPECT_EQ(call.getTime(), TimePoint::min());
  EXPECT_EQ(makeDueCalls(), 1);
}

TEST_F(TimerWheelTest, aJumpOfYearsCostsNoMoreThanTheCallsOnTheWay) {
  std::vector<TimePoint> called;
  for (int i = 0; i < 200; ++i) add(i * year + i * 1ns, [&] { called.push_back(clock.time); });
  for (int i = 0; i < 199; ++i) {
    clock.time += year;
    EXPECT_EQ(makeDueCalls(), 1);
  }
  clock.time = TimePoint::max();
  EXPECT_EQ(makeDueCalls(), 1);
  EXPECT_TRUE(queue.empty());
}

TEST_F(TimerWheelTest, waitingForSomethingFarDoesNotSpoilWhatIsAddedMeanwhile) {
  for (int i = 0; i < 20; ++i) add(year + i * 1h);
  const auto far = queue.nextDue();
  EXPECT_LE(far, clock.time + year);
  add(1ms);
  EXPECT_EQ(queue.nextDue(), clock.time + 1ms);
  EXPECT_EQ(sleepUntilDue(), 0);
  EXPECT_EQ(queue.nextDue(), far);
}

TEST_F(TimerWheelTest, whileTimeStandsStillNothingIsDueTwice) {
  int made = 0;
  add(0s, [&] { ++made; });
  for (int i = 0; i < 100; ++i) makeDueCalls();
  EXPECT_EQ(made, 1);
  DelayedCall call = add(1ns);
  for (int i = 0; i < 100; ++i) {
    makeDueCalls();
    EXPECT_EQ(queue.nextDue(), clock.time + 1ns);
  }
  EXPECT_TRUE(call.active());
}

TEST_F(TimerWheelTest, aHundredThousandForTheSameTimeAreQuick) {
  int made = 0;
  for (int i = 0; i < 100'000; ++i) add(1h, [&made, i] { EXPECT_EQ(made++, i); });
  clock.time += 1h;
  EXPECT_EQ(makeDueCalls(), 100'000);
}

}  // namespace
}  // namespace hawser::tests
