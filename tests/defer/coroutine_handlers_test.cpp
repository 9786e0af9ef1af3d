#include <hawser/defer/coroutine.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

// Longer than what a std::string holds inside itself, so that a checker sees its end.
const std::string longText = "a text that is too long for the small buffer of a string";

/// Something that waits, to be fired by the test: handlers take the Deferred out.
struct Wait {
  Deferred<int> deferred;
  Resolver<int> resolver;
  Wait() : Wait(makeDeferred<int>()) {}

 private:
  explicit Wait(DeferredPair<int> pair)
      : deferred(std::move(pair.deferred)), resolver(std::move(pair.resolver)) {}
};

// A capturing lambda that is a coroutine refers to its captures by `this`; the chain keeps them.

template <class Add>
void expectKeptWhileItRuns(Add add) {
  for (const bool ready : {true, false}) {
    int alive = 0;
    std::string seen;
    auto wait = std::make_shared<Wait>();
    auto [first, fire] = makeDeferred<int>();
    if (ready) fire.callback(1);
    Deferred<int> result = add(std::move(first),
                               [wait, text = longText, counted = Counted(alive),
                                &seen](auto&&... argument) -> Deferred<int> {
                                 const int got = co_await std::move(wait->deferred);
                                 ((seen = text + textOf(argument)), ...);
                                 co_return got;
                               });
    if (!ready) fire.callback(1);
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(outcome(result), "pending");
    wait->resolver.callback(5);
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(seen, longText + "1");
    EXPECT_EQ(outcome(result), "5");
  }
}

TEST(CoroutineHandlers, keepCapturesAndArgumentUntilTheyHaveEnded) {
  expectKeptWhileItRuns([](Deferred<int> first, auto handler) {
    return std::move(first).addCallback(std::move(handler));
  });
}

TEST(CoroutineHandlers, keepThemWhenAddedInPlace) {
  expectKeptWhileItRuns([](Deferred<int> first, auto handler) {
    first.addCallback(std::move(handler));
    return first;
  });
}

TEST(CoroutineHandlers, keepThemBesideAnErrback) {
  expectKeptWhileItRuns([](Deferred<int> first, auto handler) {
    return std::move(first).addCallbacks(std::move(handler), [](const Failure&) { return 0; });
  });
}

TEST(CoroutineHandlers, keepThemInBothLanes) {
  expectKeptWhileItRuns([](Deferred<int> first, auto handler) {
    return std::move(first).addBoth(std::move(handler));
  });
}

TEST(CoroutineHandlers, keepThemWhenMoreHandlersFollow) {
  expectKeptWhileItRuns([](Deferred<int> first, auto handler) {
    return std::move(first).addCallback(std::move(handler)).addCallback([](int value) {
      return value;
    });
  });
}

TEST(CoroutineHandlers, keepThemWhenTheDeferredIsDropped) {
  int alive = 0;
  std::string seen;
  auto wait = std::make_shared<Wait>();
  auto [first, fire] = makeDeferred<int>();
  {
    const Deferred<void> dropped = std::move(first).addCallback(
        [wait, text = longText, counted = Counted(alive), &seen](int value) -> Deferred<void> {
          const int got = co_await std::move(wait->deferred);
          seen = text + std::to_string(value + got);
        });
  }
  fire.callback(1);
  EXPECT_EQ(alive, 1);
  wait->resolver.callback(5);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(seen, longText + "6");
}

TEST(CoroutineHandlers, keepThemWhenAnotherChainWaitsForThem) {
  int alive = 0;
  std::string seen;
  auto wait = std::make_shared<Wait>();
  Deferred<int> outer = succeed(0).addCallback([&](int) {
    return succeed(longText).addCallback(
        [wait, counted = Counted(alive), &seen](const std::string& text) -> Deferred<int> {
          const int got = co_await std::move(wait->deferred);
          seen = text;
          co_return got;
        });
  });
  EXPECT_EQ(alive, 1);
  wait->resolver.callback(5);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(seen, longText);
  EXPECT_EQ(outcome(outer), "5");
}

TEST(CoroutineHandlers, mayTakeAnArgumentByReferenceWhileItIsNotCopyable) {
  auto wait = std::make_shared<Wait>();
  auto [first, fire] = makeDeferred<std::unique_ptr<std::string>>();
  Deferred<std::string> result = std::move(first).addCallback(
      [wait](std::unique_ptr<std::string>&& text) -> Deferred<std::string> {
        co_await std::move(wait->deferred);
        co_return *text;
      });
  fire.callback(std::make_unique<std::string>(longText));
  wait->resolver.callback(5);
  EXPECT_EQ(outcome(result), longText);
}

TEST(CoroutineHandlers, keepTheFailureThatAnErrbackTookByReference) {
  for (const bool ready : {true, false}) {
    auto wait = std::make_shared<Wait>();
    auto [first, fire] = makeDeferred<std::string>();
    if (ready) fire.errback(Oops(longText.c_str()));
    Deferred<std::string> result =
        std::move(first).addErrback([wait](const Oops& oops) -> Deferred<std::string> {
          co_await std::move(wait->deferred);
          co_return oops.what();
        });
    if (!ready) fire.errback(Oops(longText.c_str()));
    wait->resolver.callback(5);
    EXPECT_EQ(outcome(result), longText);
  }
}

TEST(CoroutineHandlers, keepTheResultThatABothHandlerTookByReference) {
  for (const bool ready : {true, false}) {
    auto wait = std::make_shared<Wait>();
    auto [first, fire] = makeDeferred<std::string>();
    if (ready) fire.callback(longText);
    Deferred<std::string> result =
        std::move(first).addBoth([wait](const Result<std::string>& got) -> Deferred<std::string> {
          co_await std::move(wait->deferred);
          co_return *got;
        });
    if (!ready) fire.callback(longText);
    wait->resolver.callback(5);
    EXPECT_EQ(outcome(result), longText);
  }
}

TEST(CoroutineHandlers, keepTheirCapturesInAddFinally) {
  for (const bool ready : {true, false}) {
    int alive = 0;
    std::string seen;
    auto wait = std::make_shared<Wait>();
    auto [first, fire] = makeDeferred<int>();
    if (ready) fire.callback(7);
    Deferred<int> result = std::move(first).addFinally(
        [wait, text = longText, counted = Counted(alive), &seen]() -> Deferred<void> {
          co_await std::move(wait->deferred);
          seen = text;
        });
    if (!ready) fire.callback(7);
    EXPECT_EQ(alive, 1);
    wait->resolver.callback(5);
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(seen, longText);
    EXPECT_EQ(outcome(result), "7");
  }
}

TEST(CoroutineHandlers, freeTheirCapturesBeforeTheNextHandlerRuns) {
  int alive = 0, aliveInTheNext = -1;
  auto wait = std::make_shared<Wait>();
  Deferred<int> result = succeed(1)
                             .addCallback([wait, counted = Counted(alive)](int) -> Deferred<int> {
                               co_return co_await std::move(wait->deferred);
                             })
                             .addCallback([&](int value) {
                               aliveInTheNext = alive;
                               return value;
                             });
  wait->resolver.callback(1);
  EXPECT_EQ(aliveInTheNext, 0);
  EXPECT_EQ(outcome(result), "1");
}

TEST(CoroutineHandlers, freeTheirCapturesWhenWhatTheyReturnIsPausedAndCannotBeWaitedFor) {
  int alive = 0;
  Wait wait;
  const auto body = [](Deferred<int> waited) -> Deferred<int> {
    co_return co_await std::move(waited);
  };
  Deferred<int> paused = body(std::move(wait.deferred));
  paused.pause();
  Deferred<int> result = succeed(1).addCallback(
      [counted = Counted(alive), &paused](int) { return std::move(paused); });
  EXPECT_EQ(alive, 0);
  ASSERT_NE(result.peekFailure(), nullptr);
  EXPECT_TRUE(result.peekFailure()->check<PausedError>());
  consume(std::move(result));
  wait.resolver.callback(1);
}

}  // namespace
}  // namespace hawser
