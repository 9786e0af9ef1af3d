#include <hawser/defer/async_generator.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

/// Yields what it was given, and what the Deferred gives, as long as these last.
AsyncGenerator<int> yields(Counted, std::vector<int> numbers, Deferred<int> waited) {
  for (const int number : numbers) co_yield number;
  co_yield co_await std::move(waited);
}

/// In place of a value: -1 for CancelledError, which it catches.
AsyncGenerator<int> catches(Counted, Deferred<int> first, Deferred<int> second) {
  int caught = 0;
  try {
    co_yield co_await std::move(first);
  } catch (const CancelledError&) {
    caught = -1;
  }
  if (caught != 0) co_yield caught;
  co_yield co_await std::move(second);
}

std::string itemOf(const Deferred<std::optional<int>>& next) {
  if (const auto* item = next.peekValue()) return *item ? textOf(**item) : "the end";
  if (const Failure* failure = next.peekFailure()) return "!" + textOf(*failure);
  return "pending";
}

TEST(AsyncGeneratorLifetime, freesABodyThatNeverRan) {
  int alive = 0;
  {
    const AsyncGenerator<int> numbers = yields(Counted(alive), {1}, succeed(2));
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(AsyncGeneratorLifetime, freesABodyThatStoppedAtAYield) {
  for (const bool waited : {false, true}) {
    int alive = 0;
    auto [wait, resolver] = makeDeferred<int>();
    {
      AsyncGenerator<int> numbers =
          yields(Counted(alive), waited ? std::vector<int>() : std::vector{1}, std::move(wait));
      const Deferred<std::optional<int>> next = numbers.next();
      resolver.callback(1);
      EXPECT_EQ(itemOf(next), "1");
      EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
  }
}

TEST(AsyncGeneratorLifetime, freesItsBodyWhenTheStreamHasEnded) {
  for (const bool fails : {false, true}) {
    int alive = 0;
    AsyncGenerator<int> numbers =
        yields(Counted(alive), {}, fails ? fail<int>(Oops()) : succeed(1));
    for (int i = fails ? 1 : 0; i < 2; ++i) consume(numbers.next());
    EXPECT_EQ(alive, 0);
  }
}

TEST(AsyncGeneratorLifetime, cancelsWhatTheBodyAwaitsWhenItIsDestroyed) {
  int alive = 0;
  bool cancelled = false;
  auto [wait, resolver] = makeDeferred<int>([&] { cancelled = true; });
  std::optional<AsyncGenerator<int>> numbers = yields(Counted(alive), {}, std::move(wait));
  Deferred<std::optional<int>> next = numbers->next();
  numbers.reset();
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(itemOf(next), "!CancelledError: the Deferred was cancelled");
  consume(std::move(next));
}

TEST(AsyncGeneratorLifetime, deliversWhatTheBodyYieldsInsteadAndFreesIt) {
  int alive = 0;
  auto [wait, resolver] = makeDeferred<int>();
  std::optional<AsyncGenerator<int>> numbers = catches(Counted(alive), std::move(wait), succeed(2));
  const Deferred<std::optional<int>> next = numbers->next();
  numbers.reset();
  EXPECT_EQ(itemOf(next), "-1");
  EXPECT_EQ(alive, 0);
}

TEST(AsyncGeneratorLifetime, letsABodyThatAwaitsSomethingElseInsteadEndFirst) {
  int alive = 0;
  const auto body = [](Counted, Deferred<int> first, Deferred<int> second) -> AsyncGenerator<int> {
    const Result<int> ignored = co_await std::move(first).asResult();
    static_cast<void>(ignored);
    co_yield co_await std::move(second);
  };
  auto [first, resolveFirst] = makeDeferred<int>();
  auto [second, resolveSecond] = makeDeferred<int>();
  std::optional<AsyncGenerator<int>> numbers =
      body(Counted(alive), std::move(first), std::move(second));
  const Deferred<std::optional<int>> next = numbers->next();
  numbers.reset();
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(itemOf(next), "pending");
  resolveSecond.callback(2);
  EXPECT_EQ(itemOf(next), "2");
  EXPECT_EQ(alive, 0);
}

TEST(AsyncGeneratorLifetime, logsWhatACancellerThrowsWhenItIsDestroyed) {
  const LogWatcher log;
  int alive = 0;
  auto [wait, resolver] = makeDeferred<int>([] { throw Oops(); });
  std::optional<AsyncGenerator<int>> numbers = yields(Counted(alive), {}, std::move(wait));
  const Deferred<std::optional<int>> next = numbers->next();
  numbers.reset();
  ASSERT_EQ(log.others().size(), 1u);
  EXPECT_NE(log.others()[0].find("Oops: oops"), std::string::npos) << log.others()[0];
  EXPECT_EQ(alive, 1);
  resolver.callback(3);
  EXPECT_EQ(itemOf(next), "3");
  EXPECT_EQ(alive, 0);
}

TEST(AsyncGeneratorLifetime, mayBeDestroyedByItsOwnBody) {
  for (const bool ready : {true, false}) {
    int alive = 0;
    std::optional<AsyncGenerator<int>> numbers;
    const auto body = [&](Counted, Deferred<int> waited) -> AsyncGenerator<int> {
      const int got = co_await std::move(waited);
      numbers.reset();
      co_yield got;
      ADD_FAILURE() << "nobody can have asked for more";
    };
    auto [wait, resolver] = makeDeferred<int>();
    if (ready) resolver.callback(1);
    numbers.emplace(body(Counted(alive), std::move(wait)));
    const Deferred<std::optional<int>> next = numbers->next();
    if (!ready) resolver.callback(1);
    EXPECT_EQ(itemOf(next), "1");
    EXPECT_EQ(alive, 0);
  }
}

TEST(AsyncGeneratorLifetime, mayBeDestroyedByTheHandlerOfAnItem) {
  int alive = 0;
  auto [wait, resolver] = makeDeferred<int>();
  std::optional<AsyncGenerator<int>> numbers = yields(Counted(alive), {}, std::move(wait));
  std::string seen;
  numbers->next().addCallback([&](std::optional<int> item) {
    numbers.reset();
    seen = textOf(*item);
  });
  resolver.callback(1);
  EXPECT_EQ(seen, "1");
  EXPECT_EQ(alive, 0);
}

TEST(AsyncGeneratorLifetime, mayBeDestroyedWhileAPausedItemWaits) {
  int alive = 0;
  auto [wait, resolver] = makeDeferred<int>();
  std::optional<AsyncGenerator<int>> numbers = yields(Counted(alive), {}, std::move(wait));
  Deferred<std::optional<int>> next = numbers->next();
  next.pause();
  resolver.callback(1);
  numbers.reset();
  EXPECT_EQ(alive, 1);
  next.unpause();
  EXPECT_EQ(itemOf(next), "1");
  EXPECT_EQ(alive, 0);
}

TEST(AsyncGeneratorLifetime, goesOnWhenAPausedItemIsDropped) {
  int alive = 0;
  auto [wait, resolver] = makeDeferred<int>();
  AsyncGenerator<int> numbers = yields(Counted(alive), {}, std::move(wait));
  {
    Deferred<std::optional<int>> next = numbers.next();
    next.pause();
    resolver.callback(1);
  }
  EXPECT_EQ(itemOf(numbers.next()), "the end");
  EXPECT_EQ(alive, 0);
}

TEST(AsyncGeneratorLifetime, losesTheItemWhoseDeferredWasDropped) {
  int alive = 0;
  auto [first, resolveFirst] = makeDeferred<int>();
  AsyncGenerator<int> numbers = catches(Counted(alive), std::move(first), succeed(2));
  {
    const Deferred<std::optional<int>> dropped = numbers.next();
  }
  EXPECT_THROW(static_cast<void>(numbers.next()), GeneratorBusyError);
  resolveFirst.callback(1);
  EXPECT_EQ(itemOf(numbers.next()), "2");
}

TEST(AsyncGeneratorLifetime, reportsTheFailureThatNobodyWaitsFor) {
  const LogWatcher log;
  int alive = 0;
  auto [wait, resolver] = makeDeferred<int>();
  AsyncGenerator<int> numbers = yields(Counted(alive), {}, std::move(wait));
  {
    const Deferred<std::optional<int>> dropped = numbers.next();
  }
  resolver.errback(Oops());
  EXPECT_EQ(log.unhandled(), (std::vector<std::string>{"Oops: oops"}));
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(itemOf(numbers.next()), "the end");
}

TEST(AsyncGeneratorLifetime, survivesThatALocalVariableOwnedIt) {
  struct Owner {
    std::optional<AsyncGenerator<int>> numbers;
  };
  const auto body = [](std::shared_ptr<Owner> parameter,
                       Deferred<int> waited) -> AsyncGenerator<int> {
    const std::shared_ptr<Owner> self = std::move(parameter);
    co_yield co_await std::move(waited);
  };
  for (const bool ends : {true, false}) {
    auto [wait, resolver] = makeDeferred<int>();
    auto owner = std::make_shared<Owner>();
    const std::weak_ptr<Owner> weak = owner;
    owner->numbers.emplace(body(owner, std::move(wait)));
    Deferred<std::optional<int>> next = owner->numbers->next();
    if (!ends) owner->numbers.reset();
    owner.reset();
    if (ends) {
      resolver.callback(1);
      EXPECT_EQ(itemOf(next), "1");
      EXPECT_EQ(itemOf(weak.lock()->numbers->next()), "the end");
    }
    EXPECT_TRUE(weak.expired());
    consume(std::move(next));
  }
}

// Cancelling what next() gave.

TEST(AsyncGeneratorCancel, cancelsWhatTheBodyAwaitsAndEndsTheStream) {
  int alive = 0;
  auto [wait, resolver] = makeDeferred<int>();
  AsyncGenerator<int> numbers = yields(Counted(alive), {}, std::move(wait));
  Deferred<std::optional<int>> next = numbers.next();
  next.cancel();
  EXPECT_EQ(itemOf(next), "!CancelledError: the Deferred was cancelled");
  consume(std::move(next));
  EXPECT_EQ(itemOf(numbers.next()), "the end");
  EXPECT_EQ(alive, 0);
}

TEST(AsyncGeneratorCancel, mayBeHandledInsideAndTheStreamGoesOn) {
  int alive = 0;
  auto [first, resolveFirst] = makeDeferred<int>();
  auto [second, resolveSecond] = makeDeferred<int>();
  AsyncGenerator<int> numbers = catches(Counted(alive), std::move(first), std::move(second));
  Deferred<std::optional<int>> next = numbers.next();
  const CancelHandle handle = next.cancelHandle();
  handle.cancel();
  EXPECT_EQ(itemOf(next), "-1");
  const Deferred<std::optional<int>> last = numbers.next();
  handle.cancel();
  EXPECT_EQ(itemOf(last), "pending") << "a handle stands for one item";
  resolveSecond.callback(2);
  EXPECT_EQ(itemOf(last), "2");
}

TEST(AsyncGeneratorCancel, reachesTheBodyThroughTheCoroutineThatReads) {
  int alive = 0;
  auto [wait, resolver] = makeDeferred<int>();
  const auto reads = [](AsyncGenerator<int> numbers) -> Deferred<int> {
    int sum = 0;
    while (const std::optional<int> number = co_await numbers.next()) sum += *number;
    co_return sum;
  };
  Deferred<int> sum = reads(yields(Counted(alive), {1, 2}, std::move(wait)));
  sum.cancel();
  EXPECT_EQ(outcome(sum), "!CancelledError: the Deferred was cancelled");
  EXPECT_EQ(alive, 0);
  consume(std::move(sum));
}

TEST(AsyncGeneratorCancel, throwsWhatTheCancellerThrewAndLeavesTheBodyWaiting) {
  int alive = 0;
  auto [wait, resolver] = makeDeferred<int>([] { throw Oops(); });
  AsyncGenerator<int> numbers = yields(Counted(alive), {}, std::move(wait));
  Deferred<std::optional<int>> next = numbers.next();
  EXPECT_THROW(next.cancel(), Oops);
  resolver.callback(1);
  EXPECT_EQ(itemOf(next), "1");
}

TEST(AsyncGeneratorCancel, isNotNeededForABodyThatWaitsForItsOwnReader) {
  std::optional<Deferred<int>> reader;
  int alive = 0;
  const auto body = [&](Counted, Deferred<int> waited) -> AsyncGenerator<int> {
    co_await std::move(waited);
    co_yield co_await *std::move(reader);
  };
  bool refused = false;
  const auto reads = [&](AsyncGenerator<int> numbers) -> Deferred<int> {
    const Result<std::optional<int>> item = co_await numbers.next().asResult();
    refused = !item && item.failure().check<SelfWaitError>();
    co_return 0;
  };
  auto [wait, resolver] = makeDeferred<int>();
  reader = reads(body(Counted(alive), std::move(wait)));
  resolver.callback(1);
  EXPECT_TRUE(refused);
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace hawser
