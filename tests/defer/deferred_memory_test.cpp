#include <hawser/config.h>
#include <hawser/defer/coroutine.h>
#include <hawser/defer/deferred_list.h>
#include <hawser/defer/timeout.h>
#include <hawser/testing/fake_clock.h>

#include "defer/support.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAWSER_TEST_COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAWSER_TEST_COUNTS 0
#endif
#endif
#ifndef HAWSER_TEST_COUNTS
#define HAWSER_TEST_COUNTS 1
#endif

// What has been taken from the global heap. Sanitizers keep their own `operator new`: under them
// the same programs run, and are not counted.
namespace {

std::atomic<std::size_t> allocations = 0;
std::atomic<std::ptrdiff_t> liveBytes = 0;
std::atomic<std::ptrdiff_t> peakBytes = 0;
constexpr bool counts = HAWSER_TEST_COUNTS != 0;

}  // namespace

#if HAWSER_TEST_COUNTS
void* operator new(std::size_t bytes) {
  void* const block = std::malloc(bytes != 0 ? bytes : 1);
  if (!block) throw std::bad_alloc();
  ++allocations;
  const std::ptrdiff_t live = liveBytes += static_cast<std::ptrdiff_t>(malloc_usable_size(block));
  if (live > peakBytes) peakBytes = live;
  return block;
}
void operator delete(void* block) noexcept {
  if (block) liveBytes -= static_cast<std::ptrdiff_t>(malloc_usable_size(block));
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
#endif

namespace hawser {
namespace {

using namespace std::chrono_literals;

constexpr int million = counts ? 1'000'000 : 100'000;
constexpr std::ptrdiff_t fewKilobytes = 64 * 1024;

/// How much `body` takes from the heap at its worst, on a thread of its own, whose pool is empty at
/// first. Checks that all of it is given back when that thread ends.
template <class Body>
std::ptrdiff_t peakOf(Body body) {
  const std::ptrdiff_t before = liveBytes;
  peakBytes = before;
  std::thread([&] { body(); }).join();
  EXPECT_EQ(liveBytes, before) << "bytes that are lost";
  return peakBytes - before;
}

/// How often `body` asks the heap for a block: on a new thread, and when it is done again there.
template <class Body>
std::pair<std::size_t, std::size_t> allocationsOf(Body body) {
  std::pair<std::size_t, std::size_t> result;
  std::thread([&] {
    std::size_t before = allocations;
    body();
    result.first = allocations - before;
    before = allocations;
    body();
    result.second = allocations - before;
  }).join();
  return result;
}

/// With a pool, what was freed is used again; without one every block comes from the heap.
void expectBlocks(std::size_t blocks, std::pair<std::size_t, std::size_t> taken) {
  if (!counts) return;
  EXPECT_EQ(taken.first, blocks);
  EXPECT_EQ(taken.second, HAWSER_POOL ? 0u : blocks);
}

TEST(Allocations, areNoneForReadyValues) {
  expectBlocks(0, allocationsOf([] {
                 Deferred<int> deferred = succeed(1)
                                              .addCallback([](int value) { return value + 1; })
                                              .addErrback([](const Failure&) { return 0; })
                                              .addCallback([](int value) { return succeed(value); })
                                              .addBoth([](Result<int> result) { return result; })
                                              .addFinally([] {});
                 deferred.addCallback([](int value) { return value; });
               }));
}

TEST(Allocations, areOneForAPendingPairAndOneForEachHandler) {
  expectBlocks(1, allocationsOf([] {
                 auto [deferred, resolver] = makeDeferred<int>();
                 resolver.callback(1);
               }));
  expectBlocks(4, allocationsOf([] {
                 auto [deferred, resolver] = makeDeferred<int>();
                 Deferred<int> chain = std::move(deferred)
                                           .addCallback([](int value) { return value; })
                                           .addCallback([](int value) { return value; })
                                           .addCallback([](int value) { return value; });
                 resolver.callback(1);
               }));
}

TEST(Allocations, areOneForACoroutine) {
  const auto ready = [](int value) -> Deferred<int> { co_return value; };
  expectBlocks(1, allocationsOf([&] { const Deferred<int> done = ready(1); }));
  const auto waits = [](Deferred<int> waited) -> Deferred<int> {
    co_return co_await std::move(waited);
  };
  expectBlocks(2, allocationsOf([&] {
                 auto [wait, resolver] = makeDeferred<int>();
                 const Deferred<int> done = waits(std::move(wait));
                 resolver.callback(1);
               }));
}

TEST(Allocations, areOneMoreForAReadyHandlerThatReturnsADeferredAndHasCaptures) {
  expectBlocks(
      0, allocationsOf([] { succeed(1).addCallback([](int value) { return succeed(value); }); }));
  expectBlocks(1, allocationsOf([] {
                 const int more = 1;
                 succeed(1).addCallback([more](int value) { return succeed(value + more); });
               }));
}

TEST(Allocations, ofAPendingDeferredWithOneHandlerAreSmall) {
  std::ptrdiff_t bytes = 0;
  peakOf([&] {
    std::vector<Deferred<int>> deferreds;
    std::vector<Resolver<int>> resolvers;
    deferreds.reserve(1000);
    resolvers.reserve(1000);
    const std::ptrdiff_t before = liveBytes;
    for (int i = 0; i < 1000; ++i) {
      auto [deferred, resolver] = makeDeferred<int>();
      deferreds.push_back(std::move(deferred).addCallback([](int value) { return value; }));
      resolvers.push_back(std::move(resolver));
    }
    bytes = (liveBytes - before) / 1000;
    for (auto& resolver : resolvers) resolver.callback(1);
  });
  EXPECT_LE(bytes, 208);
}

/// An asynchronous loop whose every step waits, made of handlers that return the next step.
struct HandlerLoop {
  Resolver<int> resolver;
  int steps = 0;

  Deferred<int> run(int left) {
    auto [deferred, next] = makeDeferred<int>();
    resolver = std::move(next);
    return std::move(deferred).addCallback([this, left](int) -> Deferred<int> {
      ++steps;
      if (left == 1) return steps;
      return run(left - 1);
    });
  }
  void drive() {
    while (resolver) {
      Resolver<int> now = std::move(resolver);
      now.callback(1);
    }
  }
};

TEST(Memory, staysTheSameInALoopOfHandlersThatReturnDeferreds) {
  EXPECT_LT(peakOf([] {
              HandlerLoop loop;
              const Deferred<int> done = loop.run(100'000);
              loop.drive();
              EXPECT_EQ(outcome(done), "100000");
            }),
            fewKilobytes);
}

TEST(Memory, staysTheSameInALoopThatNobodyWaitsFor) {
  EXPECT_LT(peakOf([] {
              HandlerLoop loop;
              {
                const Deferred<int> dropped = loop.run(100'000);
              }
              loop.drive();
              EXPECT_EQ(loop.steps, 100'000);
            }),
            fewKilobytes);
}

TEST(Memory, staysTheSameInALoopThatBeginsReadyOrIsAwaitedOrListed) {
  EXPECT_LT(peakOf([] {
              HandlerLoop loop;
              const Deferred<int> done =
                  succeed(1).addCallback([&](int) { return loop.run(100'000); });
              loop.drive();
              EXPECT_EQ(outcome(done), "100000");
            }),
            fewKilobytes);
  EXPECT_LT(peakOf([] {
              HandlerLoop loop;
              const auto body = [](Deferred<int> waited) -> Deferred<int> {
                co_return co_await std::move(waited);
              };
              const Deferred<int> done = body(loop.run(100'000));
              loop.drive();
              EXPECT_EQ(outcome(done), "100000");
            }),
            fewKilobytes);
  EXPECT_LT(peakOf([] {
              HandlerLoop loop;
              std::vector<Deferred<int>> members;
              members.push_back(loop.run(100'000));
              const auto done = deferredList(std::move(members));
              loop.drive();
              EXPECT_EQ(outcome(done), "[100000]");
            }),
            fewKilobytes);
}

TEST(Memory, staysTheSameInALoopThatSomebodyMayCancel) {
  EXPECT_LT(peakOf([] {
              HandlerLoop loop;
              Deferred<int> done = loop.run(50'000);
              const CancelHandle handle = done.cancelHandle();
              for (int i = 0; i < 25'000; ++i) {
                Resolver<int> now = std::move(loop.resolver);
                now.callback(1);
              }
              handle.cancel();
              EXPECT_EQ(loop.steps, 25'000);
              EXPECT_EQ(outcome(done), "!CancelledError: the Deferred was cancelled");
              consume(std::move(done));
            }),
            fewKilobytes);
}

TEST(Memory, staysTheSameInALoopWhoseStepsHaveTimeouts) {
  struct Loop {
    testing::FakeClock clock;
    Resolver<int> resolver;
    Deferred<int> run(int left) {
      auto [deferred, next] = makeDeferred<int>();
      resolver = std::move(next);
      return std::move(deferred).addTimeout(1s, clock).addCallback(
          [this, left](int) -> Deferred<int> {
            if (left == 1) return 0;
            return run(left - 1);
          });
    }
  };
  EXPECT_LT(peakOf([] {
              Loop loop;
              const Deferred<int> done = loop.run(20'000);
              while (loop.resolver) {
                Resolver<int> now = std::move(loop.resolver);
                now.callback(1);
              }
              EXPECT_EQ(outcome(done), "0");
            }),
            fewKilobytes);
}

TEST(Memory, staysTheSameInALoopOfErrbacksThatTryAgain) {
  struct Loop {
    Resolver<int> resolver;
    Deferred<int> attempt(int left) {
      auto [deferred, next] = makeDeferred<int>();
      resolver = std::move(next);
      return std::move(deferred).addErrback([this, left](Failure failure) -> Deferred<int> {
        if (left == 1) return failure;
        return attempt(left - 1);
      });
    }
  };
  EXPECT_LT(peakOf([] {
              Loop loop;
              Deferred<int> done = loop.attempt(20'000);
              while (loop.resolver) {
                Resolver<int> now = std::move(loop.resolver);
                now.errback(Oops());
              }
              EXPECT_EQ(outcome(done), "!Oops: oops");
              consume(std::move(done));
            }),
            fewKilobytes);
}

TEST(Memory, staysTheSameInACoroutineThatLoops) {
  EXPECT_LT(peakOf([] {
              Resolver<int> resolver;
              const auto body = [&](int left) -> Deferred<int> {
                int sum = 0;
                for (; left != 0; --left) {
                  auto [deferred, next] = makeDeferred<int>();
                  resolver = std::move(next);
                  sum += co_await std::move(deferred);
                }
                co_return sum;
              };
              const Deferred<int> done = body(100'000);
              while (resolver) {
                Resolver<int> now = std::move(resolver);
                now.callback(1);
              }
              EXPECT_EQ(outcome(done), "100000");
            }),
            fewKilobytes);
}

TEST(Memory, staysTheSameWhenACoroutineAwaitsFailuresAndCoroutines) {
  EXPECT_LT(peakOf([] {
              const auto fails = [](int number) -> Deferred<int> {
                co_await succeed();
                if (number % 2 == 1) co_return Failure(Oops());
                co_return number;
              };
              const auto body = [&](int left) -> Deferred<int> {
                int failures = 0;
                for (; left != 0; --left)
                  if (!co_await fails(left).asResult()) ++failures;
                co_return failures;
              };
              const Deferred<int> done = body(20'000);
              EXPECT_EQ(outcome(done), "10000");
            }),
            fewKilobytes);
}

TEST(Recursion, isNoneInAMillionReadyAwaits) {
  EXPECT_LT(peakOf([] {
              const auto body = [](int left) -> Deferred<int> {
                int sum = 0;
                for (; left != 0; --left) sum += co_await succeed(1);
                co_return sum;
              };
              const Deferred<int> done = body(million);
              EXPECT_EQ(outcome(done), std::to_string(million));
            }),
            fewKilobytes);
}

TEST(Recursion, isNoneInAMillionAwaitsOfReadyCoroutines) {
  EXPECT_LT(peakOf([] {
              const auto one = []() -> Deferred<int> { co_return 1; };
              const auto body = [&](int left) -> Deferred<int> {
                int sum = 0;
                for (; left != 0; --left) sum += co_await one();
                co_return sum;
              };
              const Deferred<int> done = body(million);
              EXPECT_EQ(outcome(done), std::to_string(million));
            }),
            fewKilobytes);
}

TEST(Recursion, isNoneInAChainOfAMillionHandlers) {
  for (const bool fails : {true, false}) {
    peakOf([fails] {
      auto [deferred, resolver] = makeDeferred<int>();
      for (int i = 0; i < million; ++i) deferred.addCallback([](int value) { return value + 1; });
      if (fails)
        resolver.errback(Oops());
      else
        resolver.callback(0);
      EXPECT_EQ(outcome(deferred), fails ? "!Oops: oops" : std::to_string(million));
      consume(std::move(deferred));
    });
  }
}

TEST(Recursion, isNoneWhenALongChainIsPausedCancelledAbandonedOrDropped) {
  int reports = 0;
  const logging::Observation silence = logging::silenceStderr();
  const logging::Observation observer =
      logging::addObserver([&](const logging::Event&) { ++reports; });
  peakOf([] {
    auto [deferred, resolver] = makeDeferred<int>();
    for (int i = 0; i < 100'000; ++i) deferred.addCallback([](int value) { return value; });
    deferred.pause();
    deferred.cancel();
    deferred.unpause();
    EXPECT_EQ(deferred.state(), DeferredState::failure);
    consume(std::move(deferred));
  });
  peakOf([] {
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
  peakOf([] {
    auto [deferred, resolver] = makeDeferred<int>();
    const Deferred<int> outer = nested(100'000, std::move(deferred));
    resolver.callback(5);
    EXPECT_EQ(outcome(outer), "5");
  });
  peakOf([] {
    auto [deferred, resolver] = makeDeferred<int>();
    Deferred<int> outer = nested(100'000, std::move(deferred));
    outer.cancel();
    EXPECT_EQ(outcome(outer), "!CancelledError: the Deferred was cancelled");
    consume(std::move(outer));
  });
  peakOf([] {
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
    peakOf([&body, cancels] {
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
  peakOf([] {
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
