#include <hawser/defer/coroutine.h>
#include <hawser/defer/deferred.h>

#include "defer/heap.h"
#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

// As many as no stack would bear, if each took a piece of it. Sanitizers make every step cost more.
const int million = heap::counts ? 1'000'000 : 100'000;

TEST(Recursion, isNoneInAMillionReadyAwaits) {
  EXPECT_LT(heap::peakOf([] {
              const auto body = [](int left) -> Deferred<int> {
                int sum = 0;
                for (; left != 0; --left) sum += co_await succeed(1);
                co_return sum;
              };
              const Deferred<int> done = body(million);
              EXPECT_EQ(outcome(done), std::to_string(million));
            }),
            heap::fewKilobytes);
}

TEST(Recursion, isNoneInAMillionAwaitsOfReadyCoroutines) {
  EXPECT_LT(heap::peakOf([] {
              const auto one = []() -> Deferred<int> { co_return 1; };
              const auto body = [&](int left) -> Deferred<int> {
                int sum = 0;
                for (; left != 0; --left) sum += co_await one();
                co_return sum;
              };
              const Deferred<int> done = body(million);
              EXPECT_EQ(outcome(done), std::to_string(million));
            }),
            heap::fewKilobytes);
}

TEST(Recursion, isNoneInAChainOfAMillionHandlers) {
  for (const bool paused : {true, false}) {
    for (const bool fails : {true, false}) {
      heap::peakOf([paused, fails] {
        auto [deferred, resolver] = makeDeferred<int>();
        for (int i = 0; i < million; ++i) deferred.addCallback([](int value) { return value + 1; });
        if (paused) deferred.pause();
        if (fails)
          resolver.errback(Oops());
        else
          resolver.callback(0);
        if (paused) {
          EXPECT_EQ(outcome(deferred), "paused");
          deferred.unpause();
        }
        EXPECT_EQ(outcome(deferred), fails ? "!Oops: oops" : std::to_string(million));
        consume(std::move(deferred));
      });
    }
  }
}

TEST(Recursion, isNoneWhenALongChainIsPausedCancelledAbandonedOrDropped) {
  int reports = 0;
  const logging::Observation silence = logging::silenceStderr();
  const logging::Observation observer =
      logging::addObserver([&](const logging::Event&) { ++reports; });
  heap::peakOf([] {
    auto [deferred, resolver] = makeDeferred<int>();
    for (int i = 0; i < 100'000; ++i) deferred.addCallback([](int value) { return value; });
    deferred.pause();
    deferred.cancel();
    deferred.unpause();
    EXPECT_EQ(deferred.state(), DeferredState::failure);
    consume(std::move(deferred));
  });
  heap::peakOf([] {
    auto [deferred, resolver] = makeDeferred<int>();
    for (int i = 0; i < 100'000; ++i) deferred.addCallback([](int value) { return value; });
    deferred.pause();
    {
      const Deferred<int> dropped = std::move(deferred);
    }
    {
      const Resolver<int> gone = std::move(resolver);
    }
  });
  EXPECT_EQ(reports, 1);
}

/// Makes `depth` chains, of which each waits for the next; the last waits for `innermost`.
Deferred<int> nested(int depth, Deferred<int> innermost) {
  Deferred<int> deferred = std::move(innermost);
  for (int i = 0; i < depth; ++i) {
    auto pair = makeDeferred<int>();
    auto waited = std::make_shared<Deferred<int>>(std::move(deferred));
    deferred = std::move(pair.deferred).addCallback([waited](int) { return std::move(*waited); });
    pair.resolver.callback(1);
  }
  return deferred;
}

TEST(Recursion, isNoneWhenManyChainsWaitForEachOther) {
  heap::peakOf([] {
    auto [deferred, resolver] = makeDeferred<int>();
    const Deferred<int> outer = nested(100'000, std::move(deferred));
    resolver.callback(5);
    EXPECT_EQ(outcome(outer), "5");
  });
  heap::peakOf([] {
    auto [deferred, resolver] = makeDeferred<int>();
    Deferred<int> outer = nested(100'000, std::move(deferred));
    outer.cancel();
    EXPECT_EQ(outcome(outer), "!CancelledError: the Deferred was cancelled");
    consume(std::move(outer));
  });
  heap::peakOf([] {
    auto [deferred, resolver] = makeDeferred<int>();
    {
      const Deferred<int> dropped = nested(100'000, std::move(deferred));
    }
    resolver.callback(5);
  });
}

TEST(Recursion, isNoneWhenManyCoroutinesAwaitEachOther) {
  const auto body = [](Deferred<int> waited) -> Deferred<int> {
    co_return 1 + co_await std::move(waited);
  };
  for (const bool cancels : {true, false}) {
    heap::peakOf([&body, cancels] {
      auto [deferred, resolver] = makeDeferred<int>([](Resolver<int>& it) { it.callback(0); });
      Deferred<int> outer = std::move(deferred);
      for (int i = 0; i < 100'000; ++i) outer = body(std::move(outer));
      if (cancels)
        outer.cancel();
      else
        resolver.callback(0);
      EXPECT_EQ(outcome(outer), "100000");
    });
  }
}

TEST(Recursion, isNoneWhenManyHandlesFollowAChain) {
  heap::peakOf([] {
    auto [deferred, resolver] = makeDeferred<int>();
    std::vector<CancelHandle> handles;
    for (int i = 0; i < 10'000; ++i) handles.push_back(deferred.cancelHandle());
    deferred.addCallback([](int value) { return value; });
    resolver.callback(1);
    EXPECT_EQ(outcome(deferred), "1");
    {
      const Deferred<int> dropped = std::move(deferred);
    }
    for (const CancelHandle& handle : handles) EXPECT_FALSE(handle);
  });
}

}  // namespace
}  // namespace hawser
