#include <hawser/defer/coroutine.h>

#include <hawser/config.h>

#include "defer/heap.h"
#include "defer/support.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hawser {
namespace {

#if defined(__SANITIZE_ADDRESS__)
static_assert(!HAWSER_POOL, "a pool would hide from the checker what is used after it was freed");
#endif

// A million steps take no stack and no memory, whatever the compiler does about tail calls.

constexpr int million = 1'000'000;

/// Runs `body(million)`, which gives a Deferred<int> of how many steps it took.
template <class Body>
void expectFlat(Body body) {
  EXPECT_LT(heap::peakOf([&body] { EXPECT_EQ(outcome(body(million)), std::to_string(million)); }),
            heap::fewKilobytes);
}

TEST(CoroutineGuarantees, aMillionReadyAwaitsTakeNoStack) {
  expectFlat([](int steps) -> Deferred<int> {
    int sum = 0;
    for (int i = 0; i < steps; ++i) sum += co_await succeed(1);
    co_return sum;
  });
}

TEST(CoroutineGuarantees, aMillionReadyAwaitsOfNothingTakeNoStack) {
  expectFlat([](int steps) -> Deferred<int> {
    int i = 0;
    for (; i < steps; ++i) co_await succeed();
    co_return i;
  });
}

TEST(CoroutineGuarantees, aMillionReadyAwaitsAsResultsTakeNoStack) {
  expectFlat([](int steps) -> Deferred<int> {
    const Failure oops = Oops();
    int failures = 0;
    for (int i = 0; i < steps; ++i) {
      const Result<int> result = co_await fail<int>(oops).asResult();
      if (!result) ++failures;
    }
    co_return failures;
  });
}

TEST(CoroutineGuarantees, aMillionAwaitsOfCoroutinesThatAreReadyTakeNoStack) {
  const auto one = []() -> Deferred<int> { co_return co_await succeed(1); };
  expectFlat([&one](int steps) -> Deferred<int> {
    int sum = 0;
    for (int i = 0; i < steps; ++i) sum += co_await one();
    co_return sum;
  });
}

/// Fires one Resolver after the other, as long as firing makes a new one.
void drive(Resolver<int>& resolver) {
  while (resolver) {
    Resolver<int> now = std::move(resolver);
    now.callback(1);
  }
}

TEST(CoroutineGuarantees, aMillionAwaitsThatWaitTakeNoStack) {
  for (const bool throughAnother : {false, true}) {
    EXPECT_LT(heap::peakOf([throughAnother] {
                Resolver<int> resolver;
                const auto waits = [&]() -> Deferred<int> {
                  auto [deferred, next] = makeDeferred<int>();
                  resolver = std::move(next);
                  return std::move(deferred);
                };
                const auto awaits = [&]() -> Deferred<int> { co_return co_await waits(); };
                const auto body = [&](int steps) -> Deferred<int> {
                  int sum = 0;
                  for (int i = 0; i < steps; ++i) {
                    Deferred<int> step = throughAnother ? awaits() : waits();
                    sum += co_await std::move(step);
                  }
                  co_return sum;
                };
                const int steps = heap::counts ? million : million / 4;
                const Deferred<int> done = body(steps);
                drive(resolver);
                EXPECT_EQ(outcome(done), std::to_string(steps));
              }),
              heap::fewKilobytes);
  }
}

// Cancelling.

TEST(CoroutineGuarantees, aCancelledBodyMayWaitForItsCleaningUpAndRaiseTheErrorAgain) {
  std::vector<std::string> seen;
  auto [work, resolveWork] = makeDeferred<int>();
  auto [cleanUp, resolveCleanUp] = makeDeferred<int>();
  const auto body = [&seen](Deferred<int> working, Deferred<int> cleaning) -> Deferred<int> {
    const Result<int> result = co_await std::move(working).asResult();
    if (!result) {
      seen.push_back(textOf(result.failure()));
      co_await std::move(cleaning);
      seen.push_back("clean");
    }
    co_return result.value();
  };
  Deferred<int> done = body(std::move(work), std::move(cleanUp));
  done.cancel();
  EXPECT_EQ(outcome(done), "pending");
  resolveCleanUp.callback(0);
  EXPECT_EQ(seen,
            (std::vector<std::string>{"CancelledError: the Deferred was cancelled", "clean"}));
  EXPECT_EQ(outcome(done), "!CancelledError: the Deferred was cancelled");
  consume(std::move(done));
}

TEST(CoroutineGuarantees, aCancelledBodyThatDoesNotCatchUnwindsItsLocals) {
  int alive = 0;
  auto [work, resolver] = makeDeferred<int>();
  const auto body = [&alive](Deferred<int> working) -> Deferred<int> {
    const Counted local(alive);
    co_return co_await std::move(working);
  };
  Deferred<int> done = body(std::move(work));
  EXPECT_EQ(alive, 1);
  done.cancel();
  EXPECT_EQ(alive, 0);
  consume(std::move(done));
}

TEST(CoroutineGuarantees, aDroppedBodyIsStillCancelledByAHandle) {
  const LogWatcher log;
  bool caught = false;
  auto [work, resolver] = makeDeferred<int>();
  const auto body = [&caught](Deferred<int> working) -> Deferred<void> {
    try {
      co_await std::move(working);
    } catch (const CancelledError&) {
      caught = true;
    }
  };
  CancelHandle handle;
  {
    const Deferred<void> dropped = body(std::move(work));
    handle = const_cast<Deferred<void>&>(dropped).cancelHandle();
  }
  handle.cancel();
  EXPECT_TRUE(caught);
  EXPECT_FALSE(handle);
  EXPECT_TRUE(log.unhandled().empty());
}

// One block each.

/// How many blocks `body` takes when the thread's pool has none yet.
template <class Body>
std::size_t blocksOf(Body body) {
  std::size_t blocks = 0;
  std::thread([&] {
    const std::size_t before = heap::allocations();
    body();
    blocks = heap::allocations() - before;
  }).join();
  return blocks;
}

TEST(CoroutineGuarantees, aCoroutineIsOneBlockWhateverItTakesAndGives) {
  if (!heap::counts) return;
  const auto nothing = []() -> Deferred<void> { co_return; };
  const auto owner = [](std::unique_ptr<int> value) -> Deferred<std::unique_ptr<int>> {
    co_return std::move(value);
  };
  const auto asResult = [](Deferred<int> waited) -> Deferred<bool> {
    const Result<int> result = co_await std::move(waited).asResult();
    co_return static_cast<bool>(result);
  };
  EXPECT_EQ(blocksOf([&] { const Deferred<void> done = nothing(); }), 1u);
  EXPECT_EQ(blocksOf([&] { const auto done = owner(nullptr); }), 1u);
  EXPECT_EQ(blocksOf([&] { const auto done = asResult(succeed(1)); }), 1u);
}

TEST(CoroutineGuarantees, awaitingACoroutineTakesNoBlockBesideTheirs) {
  if (!heap::counts) return;
  const auto awaits = [](Deferred<int> waited) -> Deferred<int> {
    co_return co_await std::move(waited);
  };
  EXPECT_EQ(blocksOf([&] {
              auto [wait, resolver] = makeDeferred<int>();
              const Deferred<int> done = awaits(awaits(awaits(std::move(wait))));
              resolver.callback(1);
            }),
            4u);
}

TEST(CoroutineGuarantees, aCoroutineAsAHandlerIsOneBlockBesideItsLink) {
  if (!heap::counts) return;
  for (const bool ready : {true, false}) {
    // One of them may be used twice: the first is free when the coroutine begins.
    EXPECT_LE(blocksOf([ready] {
                auto [wait, resolver] = makeDeferred<int>();
                if (ready) resolver.callback(1);
                int more = 1;
                const Deferred<int> done = std::move(wait).addCallback(
                    [more](int value) -> Deferred<int> { co_return value + more; });
                if (!ready) resolver.callback(1);
                EXPECT_EQ(outcome(done), "2");
              }),
              3u);
  }
}

// Handlers that are coroutines, in what can go wrong around them.

const std::string longText = "a text that is too long for the small buffer of a string";

TEST(CoroutineGuarantees, aHandlersCapturesOutliveTheCancellingOfItsCoroutine) {
  int alive = 0;
  std::string seen;
  auto [inner, resolver] = makeDeferred<int>();
  auto waited = std::make_shared<Deferred<int>>(std::move(inner));
  Deferred<int> done = succeed(1).addCallback(
      [waited, text = longText, counted = Counted(alive), &seen](int) -> Deferred<int> {
        const Result<int> result = co_await std::move(*waited).asResult();
        seen = text;
        co_return result ? 0 : -1;
      });
  EXPECT_EQ(alive, 1);
  done.cancel();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(seen, longText);
  EXPECT_EQ(outcome(done), "-1");
}

TEST(CoroutineGuarantees, aHandlersCapturesOutliveTheAbandoningOfWhatItAwaits) {
  int alive = 0;
  std::string seen;
  {
    auto [inner, resolver] = makeDeferred<int>();
    auto waited = std::make_shared<Deferred<int>>(std::move(inner));
    const Deferred<void> done = succeed().addCallback(
        [waited, text = longText, counted = Counted(alive), &seen]() -> Deferred<void> {
          const Result<int> result = co_await std::move(*waited).asResult();
          seen = text + (result ? "" : " abandoned");
        });
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(seen, longText + " abandoned");
}

TEST(CoroutineGuarantees, aHandlersCapturesOutliveEveryCoroutineInARow) {
  int alive = 0;
  std::string seen;
  std::array<Resolver<int>, 3> resolvers;
  Deferred<int> done = succeed(0);
  for (Resolver<int>& resolver : resolvers) {
    auto pair = makeDeferred<int>();
    resolver = std::move(pair.resolver);
    auto waited = std::make_shared<Deferred<int>>(std::move(pair.deferred));
    done.addCallback(
        [waited, text = longText, counted = Counted(alive), &seen](int sum) -> Deferred<int> {
          const int got = co_await std::move(*waited);
          seen += text.substr(0, 6);
          co_return sum + got;
        });
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(alive, 3 - i);
    resolvers[static_cast<std::size_t>(i)].callback(i);
  }
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(seen, "a texta texta text");
  EXPECT_EQ(outcome(done), "3");
}

}  // namespace
}  // namespace hawser
