#include <hawser/defer/coroutine.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

Deferred<int> sumOf(Deferred<int> a, Deferred<int> b) {
  const int first = co_await std::move(a);
  co_return first + co_await std::move(b);
}

TEST(Coroutine, runsAtOnceUntilItHasToWait) {
  std::vector<std::string> seen;
  auto [wait, resolver] = makeDeferred<int>();
  const auto body = [&](Deferred<int> waited) -> Deferred<void> {
    seen.push_back("begun");
    seen.push_back("got " + std::to_string(co_await std::move(waited)));
  };
  Deferred<void> done = body(std::move(wait));
  EXPECT_EQ(seen, (std::vector<std::string>{"begun"}));
  EXPECT_EQ(outcome(done), "pending");
  resolver.callback(5);
  EXPECT_EQ(seen, (std::vector<std::string>{"begun", "got 5"}));
  EXPECT_EQ(outcome(done), "nothing");
}

TEST(Coroutine, doesNotSuspendOnWhatIsReady) {
  EXPECT_EQ(outcome(sumOf(succeed(1), succeed(2))), "3");
}

TEST(Coroutine, givesItsResultWhenTheLastOfWhatItAwaitsHasFired) {
  auto [a, resolveA] = makeDeferred<int>();
  auto [b, resolveB] = makeDeferred<int>();
  Deferred<int> sum = sumOf(std::move(a), std::move(b));
  resolveB.callback(20);
  EXPECT_EQ(outcome(sum), "pending");
  resolveA.callback(1);
  EXPECT_EQ(outcome(sum), "21");
}

TEST(Coroutine, goesOnInsideTheCallThatFires) {
  auto [wait, resolver] = makeDeferred<int>();
  bool firing = false, resumedInside = false;
  const auto body = [&](Deferred<int> waited) -> Deferred<void> {
    co_await std::move(waited);
    resumedInside = firing;
  };
  Deferred<void> done = body(std::move(wait));
  firing = true;
  resolver.callback(1);
  firing = false;
  EXPECT_TRUE(resumedInside);
}

TEST(Coroutine, passesItsResultToTheHandlersAddedToIt) {
  auto [a, resolveA] = makeDeferred<int>();
  Deferred<std::string> text = sumOf(std::move(a), succeed(2)).addCallback([](int sum) {
    return "sum " + std::to_string(sum);
  });
  resolveA.callback(40);
  EXPECT_EQ(outcome(text), "sum 42");
}

TEST(Coroutine, throwsWhatItAwaitsFailedWith) {
  for (const bool ready : {true, false}) {
    auto [wait, resolver] = makeDeferred<int>();
    if (ready) resolver.errback(WorseOops());
    const auto body = [](Deferred<int> waited) -> Deferred<std::string> {
      try {
        co_await std::move(waited);
        co_return "no failure";
      } catch (const Oops& oops) {
        co_return oops.what();
      }
    };
    Deferred<std::string> caught = body(std::move(wait));
    if (!ready) resolver.errback(WorseOops());
    EXPECT_EQ(outcome(caught), "worse");
  }
}

TEST(Coroutine, failsWithTheExceptionThatLeavesIt) {
  for (const bool ready : {true, false}) {
    auto [wait, resolver] = makeDeferred<int>();
    if (ready) resolver.callback(1);
    const auto body = [](Deferred<int> waited) -> Deferred<int> {
      if (co_await std::move(waited) == 1) throw Oops();
      co_return 1;
    };
    Deferred<int> failed = body(std::move(wait));
    if (!ready) resolver.callback(1);
    EXPECT_EQ(outcome(failed), "!Oops: oops");
    consume(std::move(failed));
  }
}

TEST(Coroutine, failsWithTheExceptionThatLeavesItBeforeItHasAwaitedAnything) {
  const auto body = [](bool wait) -> Deferred<void> {
    if (!wait) throw Oops();
    co_await succeed();
  };
  Deferred<void> failed = body(false);
  EXPECT_EQ(outcome(failed), "!Oops: oops");
  consume(std::move(failed));
}

TEST(Coroutine, failsWithExceptionsThatAreNotDerivedFromStdException) {
  const auto body = []() -> Deferred<int> {
    co_await succeed();
    throw 42;
  };
  Deferred<int> failed = body();
  ASSERT_NE(failed.peekFailure(), nullptr);
  ASSERT_NE(failed.peekFailure()->get<int>(), nullptr);
  EXPECT_EQ(*failed.peekFailure()->get<int>(), 42);
  consume(std::move(failed));
}

TEST(Coroutine, mayReturnAFailure) {
  for (const bool ready : {true, false}) {
    auto [wait, resolver] = makeDeferred<int>();
    if (ready) resolver.callback(1);
    const auto body = [](Deferred<int> waited) -> Deferred<int> {
      co_await std::move(waited);
      co_return Failure(Oops());
    };
    Deferred<int> failed = body(std::move(wait));
    if (!ready) resolver.callback(1);
    EXPECT_EQ(outcome(failed), "!Oops: oops");
    consume(std::move(failed));
  }
}

TEST(Coroutine, returnsWhatConvertsToItsType) {
  const auto body = []() -> Deferred<std::string> { co_return "a literal"; };
  EXPECT_EQ(outcome(body()), "a literal");
}

TEST(Coroutine, canAwaitCoroutines) {
  auto [a, resolveA] = makeDeferred<int>();
  const auto outer = [](Deferred<int> waited) -> Deferred<int> {
    co_return 2 * co_await sumOf(std::move(waited), succeed(1));
  };
  Deferred<int> result = outer(std::move(a));
  resolveA.callback(20);
  EXPECT_EQ(outcome(result), "42");
}

TEST(Coroutine, canAwaitDeferredsOfOtherTypesThanItsOwn) {
  const auto body = [](Deferred<std::string> text, Deferred<void> nothing) -> Deferred<int> {
    const std::string got = co_await std::move(text);
    co_await std::move(nothing);
    co_return static_cast<int>(got.size());
  };
  auto [text, resolveText] = makeDeferred<std::string>();
  auto [nothing, resolveNothing] = makeDeferred<void>();
  Deferred<int> size = body(std::move(text), std::move(nothing));
  resolveText.callback("four");
  EXPECT_EQ(outcome(size), "pending");
  resolveNothing.callback();
  EXPECT_EQ(outcome(size), "4");
}

TEST(Coroutine, movesValuesThatCannotBeCopied) {
  const auto body = [](Deferred<std::unique_ptr<int>> waited) -> Deferred<std::unique_ptr<int>> {
    std::unique_ptr<int> got = co_await std::move(waited);
    ++*got;
    co_return got;
  };
  auto [wait, resolver] = makeDeferred<std::unique_ptr<int>>();
  Deferred<std::unique_ptr<int>> result = body(std::move(wait));
  resolver.callback(std::make_unique<int>(41));
  ASSERT_NE(result.peekValue(), nullptr);
  EXPECT_EQ(**result.peekValue(), 42);
}

TEST(Coroutine, getsResultsWithoutThrowingByAsResult) {
  for (const bool ready : {true, false}) {
    auto [good, resolveGood] = makeDeferred<int>();
    auto [bad, resolveBad] = makeDeferred<int>();
    if (ready) resolveGood.callback(1);
    if (ready) resolveBad.errback(Oops());
    const auto body = [](Deferred<int> a, Deferred<int> b) -> Deferred<std::string> {
      const Result<int> first = co_await std::move(a).asResult();
      const Result<int> second = co_await std::move(b).asResult();
      co_return textOf(first) + " " + textOf(second);
    };
    Deferred<std::string> text = body(std::move(good), std::move(bad));
    if (!ready) resolveGood.callback(1);
    if (!ready) resolveBad.errback(Oops());
    EXPECT_EQ(outcome(text), "1 !Oops: oops");
  }
}

TEST(Coroutine, canTryAgainAfterAFailureByAsResult) {
  int attempts = 0;
  const auto attempt = [&]() -> Deferred<int> {
    if (++attempts < 3) return Failure(Oops());
    return attempts;
  };
  const auto body = [&]() -> Deferred<int> {
    for (;;) {
      const Result<int> result = co_await attempt().asResult();
      if (result) co_return *result;
    }
  };
  EXPECT_EQ(outcome(body()), "3");
}

TEST(Coroutine, handlesAFailureByAwaitingIt) {
  const LogWatcher log;
  const auto body = [](Deferred<int> waited) -> Deferred<void> {
    const Result<int> ignored = co_await std::move(waited).asResult();
    static_cast<void>(ignored);
  };
  {
    const Deferred<void> done = body(fail<int>(Oops()));
  }
  EXPECT_TRUE(log.unhandled().empty());
}

TEST(Coroutine, awaitsADeferredThatHasHandlers) {
  auto [wait, resolver] = makeDeferred<int>();
  Deferred<int> sum =
      sumOf(std::move(wait).addCallback([](int value) { return value + 1; }), succeed(10));
  resolver.callback(1);
  EXPECT_EQ(outcome(sum), "12");
}

TEST(Coroutine, failsWhenItAwaitsADeferredThatWasMovedFrom) {
  Deferred<int> gone = succeed(1);
  const Deferred<int> taken = std::move(gone);
  Deferred<int> sum = sumOf(std::move(gone), succeed(1));
  ASSERT_NE(sum.peekFailure(), nullptr);
  EXPECT_TRUE(sum.peekFailure()->check<EmptyDeferredError>());
  consume(std::move(sum));
}

TEST(Coroutine, failsWhenItAwaitsAPausedDeferredSinceNobodyCouldUnpauseIt) {
  for (const bool fired : {true, false}) {
    auto [wait, resolver] = makeDeferred<int>();
    if (fired) resolver.callback(1);
    wait.pause();
    Deferred<int> sum = sumOf(std::move(wait), succeed(1));
    ASSERT_NE(sum.peekFailure(), nullptr);
    EXPECT_TRUE(sum.peekFailure()->check<PausedError>());
    if (!fired) resolver.callback(1);
    consume(std::move(sum));
  }
}

}  // namespace
}  // namespace hawser
