#include <hawser/defer/timeout.h>

#include <hawser/defer/coroutine.h>
#include <hawser/testing/fake_clock.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace hawser {
namespace {

using namespace std::chrono_literals;

TEST(Timeout, failsTheDeferredWithTimeoutErrorWhenTheTimeIsUp) {
  testing::FakeClock clock;
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> timed = std::move(deferred).addTimeout(1500ms, clock);
  clock.advance(1499ms);
  EXPECT_EQ(outcome(timed), "pending");
  clock.advance(1ms);
  EXPECT_EQ(outcome(timed), "!TimeoutError: timed out after 1.5 s");
  consume(std::move(timed));
}

TEST(Timeout, namesTheCancellationAsItsCause) {
  testing::FakeClock clock;
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> timed = std::move(deferred).addTimeout(1s, clock);
  clock.advance(1s);
  ASSERT_NE(timed.peekFailure(), nullptr);
  ASSERT_NE(timed.peekFailure()->cause(), nullptr);
  EXPECT_TRUE(timed.peekFailure()->cause()->check<CancelledError>());
  consume(std::move(timed));
}

TEST(Timeout, doesNothingWhenTheResultComesInTime) {
  for (const bool fails : {true, false}) {
    testing::FakeClock clock;
    auto [deferred, resolver] = makeDeferred<int>();
    Deferred<int> timed = std::move(deferred).addTimeout(1s, clock);
    if (fails)
      resolver.errback(Oops());
    else
      resolver.callback(1);
    EXPECT_TRUE(clock.getDelayedCalls().empty()) << "the timer is stopped at once";
    clock.advance(10s);
    EXPECT_EQ(outcome(timed), fails ? "!Oops: oops" : "1");
    consume(std::move(timed));
  }
}

TEST(Timeout, onAReadyDeferredSetsNoTimer) {
  testing::FakeClock clock;
  Deferred<int> timed = succeed(1).addTimeout(1s, clock);
  EXPECT_TRUE(clock.getDelayedCalls().empty());
  EXPECT_EQ(outcome(timed), "1");
}

TEST(Timeout, leavesACancellationBySomebodyElseAsItIs) {
  testing::FakeClock clock;
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> timed = std::move(deferred).addTimeout(1s, clock);
  timed.cancel();
  EXPECT_EQ(outcome(timed), "!CancelledError: the Deferred was cancelled");
  EXPECT_TRUE(clock.getDelayedCalls().empty());
  consume(std::move(timed));
}

TEST(Timeout, keepsTheResultThatTheCancellerGives) {
  testing::FakeClock clock;
  auto [good, resolveGood] = makeDeferred<int>([](Resolver<int>& it) { it.callback(42); });
  auto [bad, resolveBad] = makeDeferred<int>([](Resolver<int>& it) { it.errback(Oops()); });
  Deferred<int> timedGood = std::move(good).addTimeout(1s, clock);
  Deferred<int> timedBad = std::move(bad).addTimeout(1s, clock);
  clock.advance(1s);
  EXPECT_EQ(outcome(timedGood), "42");
  EXPECT_EQ(outcome(timedBad), "!Oops: oops");
  consume(std::move(timedBad));
}

TEST(Timeout, coversTheHandlersAddedBeforeIt) {
  testing::FakeClock clock;
  auto [inner, resolveInner] = makeDeferred<int>();
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> timed =
      std::move(deferred).addCallback([&](int) { return std::move(inner); }).addTimeout(1s, clock);
  resolver.callback(1);
  clock.advance(1s);
  EXPECT_EQ(outcome(timed), "!TimeoutError: timed out after 1 s");
  consume(std::move(timed));
}

TEST(Timeout, doesNotCoverTheHandlersAddedAfterIt) {
  testing::FakeClock clock;
  auto [inner, resolveInner] = makeDeferred<int>();
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> timed =
      std::move(deferred).addTimeout(1s, clock).addCallback([&](int) { return std::move(inner); });
  resolver.callback(1);
  clock.advance(1h);
  EXPECT_EQ(outcome(timed), "pending");
  resolveInner.callback(2);
  EXPECT_EQ(outcome(timed), "2");
}

TEST(Timeout, mayBeHandledBeforeIt) {
  // An errback before the timeout sees the cancellation, and the timeout its answer.
  testing::FakeClock clock;
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> timed =
      std::move(deferred).addErrback([](const CancelledError&) { return 7; }).addTimeout(1s, clock);
  clock.advance(1s);
  EXPECT_EQ(outcome(timed), "7");
}

TEST(Timeout, mayConvertTheResultInAnotherWay) {
  testing::FakeClock clock;
  const auto timedOut = [&](auto onTimeoutCancel) {
    auto [deferred, resolver] = makeDeferred<int>();
    Deferred<int> timed = std::move(deferred).addTimeout(1s, clock, std::move(onTimeoutCancel));
    clock.advance(1s);
    const std::string result = outcome(timed);
    consume(std::move(timed));
    return result;
  };
  EXPECT_EQ(
      timedOut([](Result<int> result) { return result.failure().check<CancelledError>() ? 7 : 8; }),
      "7");
  EXPECT_EQ(timedOut([](const Result<int>&) { return Failure(Oops()); }), "!Oops: oops");
  EXPECT_EQ(timedOut([](const Result<int>& result) { return result; }),
            "!CancelledError: the Deferred was cancelled");
  EXPECT_EQ(timedOut([](const Result<int>&) { return succeed(9); }), "9");
  EXPECT_EQ(timedOut([](const Result<int>&) -> int { throw Oops("thrown"); }), "!Oops: thrown");
}

TEST(Timeout, mayConvertTheResultInACoroutine) {
  testing::FakeClock clock;
  auto [wait, resolveWait] = makeDeferred<int>();
  auto [deferred, resolver] = makeDeferred<int>();
  const auto waited = std::make_shared<Deferred<int>>(std::move(wait));
  Deferred<int> timed = std::move(deferred).addTimeout(
      1s, clock,
      [waited, text = std::string("too long for the small buffer of a string")](
          const Result<int>& result) -> Deferred<int> {
        const int got = co_await std::move(*waited);
        co_return text.empty() || result ? -1 : got;
      });
  clock.advance(1s);
  EXPECT_EQ(outcome(timed), "pending");
  resolveWait.callback(5);
  EXPECT_EQ(outcome(timed), "5");
}

TEST(Timeout, convertsNothingThatCameInTime) {
  testing::FakeClock clock;
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> timed =
      std::move(deferred).addTimeout(1s, clock, [](const Result<int>&) { return 7; });
  resolver.callback(1);
  EXPECT_EQ(outcome(timed), "1");
}

TEST(Timeout, goesOnWhenTheDeferredIsDropped) {
  testing::FakeClock clock;
  bool timedOut = false;
  auto [deferred, resolver] = makeDeferred<int>();
  {
    const Deferred<void> dropped = std::move(deferred).addTimeout(1s, clock).addErrback(
        [&](const TimeoutError&) { timedOut = true; });
  }
  clock.advance(1s);
  EXPECT_TRUE(timedOut);
}

TEST(Timeout, throwsFromTheClockWhatTheCancellerThrows) {
  testing::FakeClock clock;
  auto [deferred, resolver] = makeDeferred<int>([] { throw Oops(); });
  Deferred<int> timed = std::move(deferred).addTimeout(1s, clock);
  EXPECT_THROW(clock.advance(1s), Oops);
  EXPECT_EQ(outcome(timed), "pending");
  resolver.callback(3);
  EXPECT_EQ(outcome(timed), "3");
}

TEST(Timeout, onTwoPlacesOfAChainEndsWithTheShorterOne) {
  testing::FakeClock clock;
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> timed = std::move(deferred).addTimeout(2s, clock).addTimeout(1s, clock);
  clock.advance(1s);
  EXPECT_EQ(outcome(timed), "!TimeoutError: timed out after 1 s");
  EXPECT_TRUE(clock.getDelayedCalls().empty());
  consume(std::move(timed));
}

TEST(Timeout, cancelsACoroutine) {
  testing::FakeClock clock;
  const auto body = [](Deferred<int> waited) -> Deferred<std::string> {
    const Result<int> result = co_await std::move(waited).asResult();
    co_return result ? "a value" : "cancelled";
  };
  auto [wait, resolver] = makeDeferred<int>();
  Deferred<std::string> timed = body(std::move(wait)).addTimeout(1s, clock);
  clock.advance(1s);
  EXPECT_EQ(outcome(timed), "cancelled");
}

TEST(Timeout, isDroppedWithItsClock) {
  auto clock = std::make_unique<testing::FakeClock>();
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> timed = std::move(deferred).addTimeout(1s, *clock);
  clock.reset();
  resolver.callback(1);
  EXPECT_EQ(outcome(timed), "1");
}

TEST(Timeout, refusesANegativeDurationAndLeavesTheDeferredAsItWas) {
  testing::FakeClock clock;
  auto [deferred, resolver] = makeDeferred<int>();
  EXPECT_THROW(static_cast<void>(std::move(deferred).addTimeout(-1s, clock)),
               std::invalid_argument);
  resolver.callback(1);
  EXPECT_EQ(outcome(deferred), "1");
}

TEST(Timeout, mayConvertTheResultOfADeferredWithoutValue) {
  testing::FakeClock clock;
  bool converted = false;
  auto [deferred, resolver] = makeDeferred<void>();
  Deferred<void> timed =
      std::move(deferred).addTimeout(1s, clock, [&](const Result<void>&) { converted = true; });
  clock.advance(1s);
  EXPECT_TRUE(converted);
  EXPECT_EQ(outcome(timed), "nothing");
}

}  // namespace
}  // namespace hawser
