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

template <class T>
std::string textOf(const std::optional<T>& item) {
  return item ? hawser::textOf(*item) : "the end";
}

/// What a Deferred of `next()` holds, in words.
template <class T>
std::string itemOf(const Deferred<std::optional<T>>& next) {
  if (const auto* item = next.peekValue()) return textOf(*item);
  if (const Failure* failure = next.peekFailure()) return "!" + hawser::textOf(*failure);
  return next.state() == DeferredState::pending ? "pending" : "paused";
}

AsyncGenerator<int> countTo(int last) {
  for (int i = 1; i <= last; ++i) co_yield i;
}

/// Yields ten times what each of two Deferreds gives.
AsyncGenerator<int> tens(Deferred<int> first, Deferred<int> second) {
  co_yield 10 * co_await std::move(first);
  co_yield 10 * co_await std::move(second);
}

Deferred<std::string> all(AsyncGenerator<int> numbers) {
  std::string text;
  while (const std::optional<int> number = co_await numbers.next())
    text += std::to_string(*number) + " ";
  co_return text + "end";
}

TEST(AsyncGenerator, givesItsValuesAndThenAnEmptyOptionalForEver) {
  AsyncGenerator<int> numbers = countTo(2);
  for (const char* item : {"1", "2", "the end", "the end"}) EXPECT_EQ(itemOf(numbers.next()), item);
}

TEST(AsyncGenerator, isReadInALoopByACoroutine) {
  EXPECT_EQ(outcome(all(countTo(3))), "1 2 3 end");
  auto [first, resolveFirst] = makeDeferred<int>();
  auto [second, resolveSecond] = makeDeferred<int>();
  const Deferred<std::string> text = all(tens(std::move(first), std::move(second)));
  resolveFirst.callback(1);
  EXPECT_EQ(outcome(text), "pending");
  resolveSecond.callback(2);
  EXPECT_EQ(outcome(text), "10 20 end");
}

TEST(AsyncGenerator, isReadByHandlersAsWell) {
  struct Reader {
    AsyncGenerator<int> numbers;
    std::string text;
    Deferred<void> read() {
      return numbers.next().addCallback([this](std::optional<int> number) -> Deferred<void> {
        if (!number) return succeed();
        text += std::to_string(*number) + " ";
        return read();
      });
    }
  };
  auto [first, resolver] = makeDeferred<int>();
  Reader reader{tens(std::move(first), succeed(2)), ""};
  const Deferred<void> done = reader.read();
  EXPECT_EQ(outcome(done), "pending");
  resolver.callback(1);
  EXPECT_EQ(outcome(done), "nothing");
  EXPECT_EQ(reader.text, "10 20 ");
}

TEST(AsyncGenerator, runsOnlyWhileItIsAsked) {
  std::vector<std::string> seen;
  const auto body = [&seen]() -> AsyncGenerator<int> {
    seen.push_back("begun");
    co_yield 1;
    seen.push_back("asked again");
    co_yield 2;
  };
  AsyncGenerator<int> numbers = body();
  EXPECT_EQ(seen, std::vector<std::string>{});
  EXPECT_EQ(itemOf(numbers.next()), "1");
  EXPECT_EQ(seen, std::vector<std::string>{"begun"});
  EXPECT_EQ(itemOf(numbers.next()), "2");
  EXPECT_EQ(seen, (std::vector<std::string>{"begun", "asked again"}));
}

TEST(AsyncGenerator, firesNextInsideTheCallThatFiresWhatItAwaits) {
  auto [first, resolver] = makeDeferred<int>();
  AsyncGenerator<int> numbers = tens(std::move(first), succeed(0));
  std::string seen;
  numbers.next().addCallback([&](std::optional<int> item) { seen = textOf(item); });
  EXPECT_EQ(seen, "");
  resolver.callback(4);
  EXPECT_EQ(seen, "40");
}

TEST(AsyncGenerator, endsWithTheExceptionThatLeavesIt) {
  for (const bool ready : {true, false}) {
    auto [first, resolver] = makeDeferred<int>();
    if (ready) resolver.errback(Oops());
    AsyncGenerator<int> numbers = tens(std::move(first), succeed(0));
    Deferred<std::optional<int>> next = numbers.next();
    if (!ready) resolver.errback(Oops());
    EXPECT_EQ(itemOf(next), "!Oops: oops");
    consume(std::move(next));
    EXPECT_EQ(itemOf(numbers.next()), "the end");
  }
}

TEST(AsyncGenerator, mayHandleAFailureAndGoOn) {
  const auto body = [](Deferred<int> waited) -> AsyncGenerator<std::string> {
    try {
      co_await std::move(waited);
    } catch (const Oops&) {
    }
    co_yield "goes on";
  };
  AsyncGenerator<std::string> texts = body(fail<int>(Oops()));
  EXPECT_EQ(itemOf(texts.next()), "goes on");
  EXPECT_EQ(itemOf(texts.next()), "the end");
}

TEST(AsyncGenerator, namesInItsTracebackTheAwaitThatFailed) {
  AsyncGenerator<int> numbers = tens(fail<int>(Oops()), succeed(0));
  Deferred<std::optional<int>> next = numbers.next();
  ASSERT_NE(next.peekFailure(), nullptr);
  const std::string text = next.peekFailure()->getTraceback();
  EXPECT_NE(text.find("awaited at "), std::string::npos) << text;
  EXPECT_NE(text.find("left the coroutine at "), std::string::npos) << text;
  consume(std::move(next));
}

TEST(AsyncGenerator, refusesToBeAskedWhileAnItemIsOutstanding) {
  auto [first, resolver] = makeDeferred<int>();
  AsyncGenerator<int> numbers = tens(std::move(first), succeed(2));
  const Deferred<std::optional<int>> next = numbers.next();
  EXPECT_THROW(static_cast<void>(numbers.next()), GeneratorBusyError);
  resolver.callback(1);
  EXPECT_EQ(itemOf(next), "10");
  EXPECT_EQ(itemOf(numbers.next()), "20");
}

TEST(AsyncGenerator, refusesToBeAskedByItsOwnBody) {
  std::optional<AsyncGenerator<int>> numbers;
  const auto body = [&]() -> AsyncGenerator<int> { co_yield *co_await numbers->next(); };
  numbers.emplace(body());
  Deferred<std::optional<int>> next = numbers->next();
  ASSERT_NE(next.peekFailure(), nullptr);
  EXPECT_TRUE(next.peekFailure()->check<GeneratorBusyError>());
  consume(std::move(next));
}

TEST(AsyncGenerator, refusesToBeAskedWhileAPausedItemWaits) {
  auto [first, resolver] = makeDeferred<int>();
  AsyncGenerator<int> numbers = tens(std::move(first), succeed(2));
  Deferred<std::optional<int>> next = numbers.next();
  next.pause();
  resolver.callback(1);
  EXPECT_EQ(itemOf(next), "paused");
  EXPECT_THROW(static_cast<void>(numbers.next()), GeneratorBusyError);
  next.unpause();
  EXPECT_EQ(itemOf(next), "10");
  EXPECT_EQ(itemOf(numbers.next()), "20");
}

TEST(AsyncGenerator, thatWasMovedFromSaysSo) {
  AsyncGenerator<int> numbers = countTo(2);
  AsyncGenerator<int> moved = std::move(numbers);
  EXPECT_THROW(static_cast<void>(numbers.next()), EmptyDeferredError);  // NOLINT
  EXPECT_EQ(itemOf(moved.next()), "1");
  numbers = std::move(moved);
  EXPECT_EQ(itemOf(numbers.next()), "2");
  EXPECT_EQ(itemOf(numbers.next()), "the end");
  moved = std::move(numbers);
  EXPECT_EQ(itemOf(moved.next()), "the end");
}

TEST(AsyncGenerator, mayBeMovedWhileItAwaits) {
  auto [first, resolver] = makeDeferred<int>();
  std::optional<AsyncGenerator<int>> numbers = tens(std::move(first), succeed(2));
  const Deferred<std::optional<int>> next = numbers->next();
  AsyncGenerator<int> moved = *std::move(numbers);
  numbers.reset();
  resolver.callback(1);
  EXPECT_EQ(itemOf(next), "10");
  EXPECT_EQ(itemOf(moved.next()), "20");
  EXPECT_EQ(itemOf(moved.next()), "the end");
}

TEST(AsyncGenerator, mayBeAskedAgainByTheHandlerOfAnItem) {
  auto [first, resolver] = makeDeferred<int>();
  AsyncGenerator<int> numbers = tens(std::move(first), succeed(2));
  Deferred<std::string> text = numbers.next().addCallback(
      [&](std::optional<int> item) { return textOf(item) + " " + itemOf(numbers.next()); });
  resolver.callback(1);
  EXPECT_EQ(outcome(text), "10 20");
}

TEST(AsyncGenerator, carriesValuesThatCanOnlyBeMoved) {
  const auto body = [](Deferred<int> waited) -> AsyncGenerator<std::unique_ptr<int>> {
    co_yield std::make_unique<int>(1);
    auto two = std::make_unique<int>(co_await std::move(waited));
    co_yield std::move(two);
  };
  auto [wait, resolver] = makeDeferred<int>();
  AsyncGenerator<std::unique_ptr<int>> numbers = body(std::move(wait));
  const auto first = numbers.next();
  EXPECT_EQ(***first.peekValue(), 1);
  const auto second = numbers.next();
  resolver.callback(2);
  EXPECT_EQ(***second.peekValue(), 2);
}

TEST(AsyncGenerator, carriesValuesThatAreTooLargeForADeferred) {
  struct Large {
    int numbers[100] = {};
    std::string text;
  };
  const auto body = [](Deferred<int> waited) -> AsyncGenerator<Large> {
    // Step by step, since g++ 12 destroys braced aggregates in a co_await or co_yield twice.
    Large one{{1}, "one"};
    co_yield std::move(one);
    const int number = co_await std::move(waited);
    Large two{{number}, "two"};
    co_yield std::move(two);
  };
  auto [wait, resolver] = makeDeferred<int>();
  AsyncGenerator<Large> larges = body(std::move(wait));
  const auto first = larges.next();
  const auto second = larges.next();
  resolver.callback(2);
  EXPECT_EQ((*first.peekValue())->text, "one");
  EXPECT_EQ((*second.peekValue())->text, "two");
  EXPECT_EQ((*second.peekValue())->numbers[0], 2);
}

TEST(AsyncGenerator, failsNextWhenAValueThrowsAsItIsMoved) {
  struct Thrower {
    explicit Thrower(bool later) : throwsLater(later) {}
    Thrower(Thrower&& other) : throwsLater(other.throwsLater), moves(other.moves + 1) {
      if (throwsLater ? moves > 1 : true) throw Oops();
    }
    bool throwsLater;
    int moves = 0;
  };
  const auto body = [](bool later, Deferred<int> waited) -> AsyncGenerator<Thrower> {
    co_await std::move(waited);
    co_yield Thrower(later);
  };
  for (const bool later : {true, false}) {
    for (const bool ready : {true, false}) {
      auto [wait, resolver] = makeDeferred<int>();
      if (ready) resolver.callback(1);
      AsyncGenerator<Thrower> throwers = body(later, std::move(wait));
      auto next = throwers.next();
      if (!ready) resolver.callback(1);
      ASSERT_NE(next.peekFailure(), nullptr) << later << ready;
      EXPECT_TRUE(next.peekFailure()->check<Oops>());
      consume(std::move(next));
      EXPECT_EQ(throwers.next().state(), DeferredState::value) << "the end";
    }
  }
}

TEST(AsyncGenerator, mayYieldWhatConvertsToItsType) {
  const auto body = []() -> AsyncGenerator<std::string> {
    const std::string text = "kept";
    co_yield "literal";
    co_yield text;
    co_yield text;
    co_yield {};
  };
  AsyncGenerator<std::string> texts = body();
  for (const char* item : {"literal", "kept", "kept", "", "the end"})
    EXPECT_EQ(itemOf(texts.next()), item);
}

}  // namespace
}  // namespace hawser
