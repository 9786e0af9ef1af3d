#include <hawser/testing/fake_clock.h>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

namespace hawser::testing {
namespace {

using namespace std::chrono_literals;

class FakeClockTest : public ::testing::Test {
 protected:
  FakeClock clock;
  std::string calls;

  /// A call that leaves its name.
  auto named(char name) {
    return [this, name] { calls += name; };
  }
};

TEST_F(FakeClockTest, startsAtZeroAndMovesOnlyByHand) {
  EXPECT_EQ(clock.now().time_since_epoch(), 0s);
  clock.advance(3s);
  EXPECT_EQ(clock.now().time_since_epoch(), 3s);
}

TEST_F(FakeClockTest, makesACallWhenItIsDueAndNotBefore) {
  clock.callLater(10s, named('a'));
  clock.advance(9999ms);
  EXPECT_EQ(calls, "");
  clock.advance(1ms);
  EXPECT_EQ(calls, "a");
  clock.advance(1h);
  EXPECT_EQ(calls, "a");
}

TEST_F(FakeClockTest, neverCallsFromInsideCallLater) {
  clock.callLater(0s, named('a'));
  EXPECT_EQ(calls, "");
  clock.advance(0s);
  EXPECT_EQ(calls, "a");
}

TEST_F(FakeClockTest, callsInTheOrderOfTimeThenOfCreation) {
  clock.callLater(2s, named('d'));
  clock.callLater(1s, named('a'));
  clock.callLater(1s, named('b'));
  clock.callLater(3s, named('e'));
  clock.callLater(1s, named('c'));
  clock.advance(5s);
  EXPECT_EQ(calls, "abcde");
}

TEST_F(FakeClockTest, allCallsOfOneAdvanceSeeTheNewTime) {
  std::vector<Clock::Duration> seen;
  for (const auto delay : {1s, 2s})
    clock.callLater(delay, [&] { seen.push_back(clock.now().time_since_epoch()); });
  clock.advance(5s);
  EXPECT_EQ(seen, (std::vector<Clock::Duration>{5s, 5s}));
}

TEST_F(FakeClockTest, callsAddedByACallAreMadeInTheSameAdvanceIfTheyAreDue) {
  clock.callLater(1s, [&] {
    calls += 'a';
    clock.callLater(0s, named('b'));
    clock.callLater(1s, named('c'));
  });
  clock.advance(10s);
  EXPECT_EQ(calls, "ab");
  clock.advance(1s);
  EXPECT_EQ(calls, "abc");
}

TEST_F(FakeClockTest, aCallThatThrowsEndsTheAdvanceAndTheOthersStayDue) {
  clock.callLater(1s, [&] {
    calls += 'a';
    throw std::runtime_error("broken");
  });
  clock.callLater(1s, named('b'));
  clock.callLater(2s, named('c'));
  EXPECT_THROW(clock.advance(1s), std::runtime_error);
  EXPECT_EQ(calls, "a");
  clock.advance(0s);
  EXPECT_EQ(calls, "ab");
  clock.advance(1s);
  EXPECT_EQ(calls, "abc");
}

TEST_F(FakeClockTest, pumpAdvancesStepByStep) {
  clock.callLater(1s, [&] {
    calls += 'a';
    clock.callLater(1s, named('b'));
  });
  clock.pump({1s, 500ms, 500ms});
  EXPECT_EQ(calls, "ab");
}

TEST_F(FakeClockTest, knowsItsPendingCalls) {
  clock.callLater(1s, named('a'));
  DelayedCall second = clock.callLater(2s, named('b'));
  EXPECT_EQ(clock.getDelayedCalls().size(), 2u);
  second.cancel();
  ASSERT_EQ(clock.getDelayedCalls().size(), 1u);
  clock.getDelayedCalls()[0].cancel();
  clock.advance(5s);
  EXPECT_EQ(calls, "");
}

TEST_F(FakeClockTest, refusesNegativeDelaysAndEmptyCalls) {
  EXPECT_THROW(clock.callLater(-1ns, named('a')), std::invalid_argument);
  EXPECT_THROW(clock.callLater(1s, {}), std::invalid_argument);
}

TEST_F(FakeClockTest, neverIsATimeToo) {
  clock.advance(1s);
  const DelayedCall never = clock.callLater(Clock::Duration::max(), named('a'));
  EXPECT_EQ(never.getTime(), Clock::TimePoint::max());
  clock.advance(100h);
  EXPECT_EQ(calls, "");
}

using DelayedCallTest = FakeClockTest;

TEST_F(DelayedCallTest, isActiveUntilItsCallBegins) {
  DelayedCall call;
  bool activeInside = true;
  call = clock.callLater(1s, [&] {
    activeInside = call.active();
    EXPECT_THROW(call.cancel(), AlreadyCalled);
  });
  EXPECT_TRUE(call.active());
  clock.advance(1s);
  EXPECT_FALSE(activeInside);
  EXPECT_THROW(call.cancel(), AlreadyCalled);
  EXPECT_THROW(call.reset(1s), AlreadyCalled);
  EXPECT_THROW(call.delay(1s), AlreadyCalled);
}

TEST_F(DelayedCallTest, cancelledIsNotCalled) {
  DelayedCall call = clock.callLater(1s, named('a'));
  call.cancel();
  EXPECT_FALSE(call.active());
  clock.advance(2s);
  EXPECT_EQ(calls, "");
  EXPECT_THROW(call.cancel(), AlreadyCancelled);
  EXPECT_THROW(call.reset(1s), AlreadyCancelled);
  EXPECT_THROW(call.delay(1s), AlreadyCancelled);
}

TEST_F(DelayedCallTest, cancelDestroysWhatTheCallHeld) {
  auto held = std::make_shared<int>(1);
  DelayedCall call = clock.callLater(1s, [held] {});
  EXPECT_EQ(held.use_count(), 2);
  call.cancel();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(DelayedCallTest, resetCountsFromNow) {
  DelayedCall call = clock.callLater(10s, named('a'));
  clock.advance(5s);
  call.reset(10s);
  EXPECT_EQ(call.getTime().time_since_epoch(), 15s);
  clock.advance(9s);
  EXPECT_EQ(calls, "");
  clock.advance(1s);
  EXPECT_EQ(calls, "a");
}

TEST_F(DelayedCallTest, resetCanBringForward) {
  DelayedCall late = clock.callLater(10s, named('b'));
  clock.callLater(5s, named('a'));
  late.reset(1s);
  clock.advance(10s);
  EXPECT_EQ(calls, "ba");
  EXPECT_THROW(clock.callLater(1s, named('c')).reset(-1s), std::invalid_argument);
}

TEST_F(DelayedCallTest, delayCountsFromTheTimeThatWasSet) {
  DelayedCall call = clock.callLater(10s, named('a'));
  clock.advance(5s);
  call.delay(10s);
  EXPECT_EQ(call.getTime().time_since_epoch(), 20s);
  call.delay(-12s);
  EXPECT_EQ(call.getTime().time_since_epoch(), 8s);
  clock.advance(3s);
  EXPECT_EQ(calls, "a");
}

TEST_F(DelayedCallTest, canBeChangedInsideAnotherCall) {
  DelayedCall cancelled = clock.callLater(1s, named('x'));
  DelayedCall postponed = clock.callLater(1s, named('b'));
  DelayedCall brought = clock.callLater(9s, named('c'));
  clock.callLater(500ms, [&] {
    cancelled.cancel();
    postponed.delay(1s);
    brought.reset(0s);
  });
  clock.advance(1s);
  EXPECT_EQ(calls, "c");
  clock.advance(1s);
  EXPECT_EQ(calls, "cb");
}

TEST_F(DelayedCallTest, isAWeakHandle) {
  static_cast<void>(clock.callLater(1s, named('a')));
  clock.advance(1s);
  EXPECT_EQ(calls, "a") << "dropping the handle cancels nothing";

  DelayedCall handle;
  {
    FakeClock other;
    handle = other.callLater(1s, named('b'));
  }
  EXPECT_FALSE(handle.active());
  EXPECT_THROW(handle.cancel(), AlreadyCancelled);
}

TEST_F(DelayedCallTest, copiesNameTheSameCall) {
  DelayedCall call = clock.callLater(1s, named('a'));
  DelayedCall copy = call;
  call.cancel();
  EXPECT_FALSE(copy.active());
}

TEST_F(DelayedCallTest, whatItsCallHeldMayOwnIt) {
  auto handle = std::make_shared<DelayedCall>();
  *handle = clock.callLater(1s, [handle] {});
  DelayedCall& call = *handle;
  handle.reset();
  call.cancel();  // destroys the handle that it is called on
}

TEST_F(DelayedCallTest, anEmptyHandleIsInactiveAndRefusesTheRest) {
  DelayedCall call;
  EXPECT_FALSE(call.active());
  EXPECT_THROW(call.cancel(), std::logic_error);
  EXPECT_THROW(static_cast<void>(call.getTime()), std::logic_error);
}

}  // namespace
}  // namespace hawser::testing
