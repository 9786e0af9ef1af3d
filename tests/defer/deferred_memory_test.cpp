#include <hawser/config.h>
#include <hawser/defer/coroutine.h>
#include <hawser/defer/deferred_list.h>
#include <hawser/defer/timeout.h>
#include <hawser/testing/fake_clock.h>

#include "defer/heap.h"
#include "defer/support.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hawser {
namespace {

using namespace std::chrono_literals;

/// How often `body` asks the heap for a block: on a new thread, and when it is done again there.
template <class Body>
std::pair<std::size_t, std::size_t> allocationsOf(Body body) {
  std::pair<std::size_t, std::size_t> result;
  std::thread([&] {
    std::size_t before = heap::allocations();
    body();
    result.first = heap::allocations() - before;
    before = heap::allocations();
    body();
    result.second = heap::allocations() - before;
  }).join();
  return result;
}

/// With a pool, what was freed is used again; without one every block comes from the heap.
void expectBlocks(std::size_t blocks, std::pair<std::size_t, std::size_t> taken) {
  if (!heap::counts) return;
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
  expectBlocks(2, allocationsOf([] {
                 auto [deferred, resolver] = makeDeferred<int>();
                 Deferred<int> chain =
                     std::move(deferred).addCallback([](int value) { return value; });
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
                 int more = 1;
                 succeed(1).addCallback([more](int value) { return succeed(value + more); });
               }));
}

TEST(Allocations, ofAPendingDeferredWithOneHandlerAreSmall) {
  std::ptrdiff_t bytes = 0;
  heap::peakOf([&] {
    std::vector<Deferred<int>> deferreds;
    std::vector<Resolver<int>> resolvers;
    deferreds.reserve(1000);
    resolvers.reserve(1000);
    const std::ptrdiff_t before = heap::liveBytes();
    for (int i = 0; i < 1000; ++i) {
      auto [deferred, resolver] = makeDeferred<int>();
      deferreds.push_back(std::move(deferred).addCallback([](int value) { return value; }));
      resolvers.push_back(std::move(resolver));
    }
    bytes = (heap::liveBytes() - before) / 1000;
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
  EXPECT_LT(heap::peakOf([] {
              HandlerLoop loop;
              const Deferred<int> done = loop.run(100'000);
              loop.drive();
              EXPECT_EQ(outcome(done), "100000");
            }),
            heap::fewKilobytes);
}

TEST(Memory, staysTheSameInALoopThatNobodyWaitsFor) {
  EXPECT_LT(heap::peakOf([] {
              HandlerLoop loop;
              {
                const Deferred<int> dropped = loop.run(100'000);
              }
              loop.drive();
              EXPECT_EQ(loop.steps, 100'000);
            }),
            heap::fewKilobytes);
}

TEST(Memory, staysTheSameInALoopThatBeginsReadyOrIsAwaitedOrListed) {
  EXPECT_LT(heap::peakOf([] {
              HandlerLoop loop;
              const Deferred<int> done =
                  succeed(1).addCallback([&](int) { return loop.run(100'000); });
              loop.drive();
              EXPECT_EQ(outcome(done), "100000");
            }),
            heap::fewKilobytes);
  EXPECT_LT(heap::peakOf([] {
              HandlerLoop loop;
              const auto body = [](Deferred<int> waited) -> Deferred<int> {
                co_return co_await std::move(waited);
              };
              const Deferred<int> done = body(loop.run(100'000));
              loop.drive();
              EXPECT_EQ(outcome(done), "100000");
            }),
            heap::fewKilobytes);
  EXPECT_LT(heap::peakOf([] {
              HandlerLoop loop;
              std::vector<Deferred<int>> members;
              members.push_back(loop.run(100'000));
              const auto done = deferredList(std::move(members));
              loop.drive();
              EXPECT_EQ(outcome(done), "[100000]");
            }),
            heap::fewKilobytes);
}

TEST(Memory, staysTheSameInALoopThatSomebodyMayCancel) {
  EXPECT_LT(heap::peakOf([] {
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
            heap::fewKilobytes);
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
  EXPECT_LT(heap::peakOf([] {
              Loop loop;
              const Deferred<int> done = loop.run(20'000);
              while (loop.resolver) {
                Resolver<int> now = std::move(loop.resolver);
                now.callback(1);
              }
              EXPECT_EQ(outcome(done), "0");
            }),
            heap::fewKilobytes);
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
  EXPECT_LT(heap::peakOf([] {
              Loop loop;
              Deferred<int> done = loop.attempt(20'000);
              while (loop.resolver) {
                Resolver<int> now = std::move(loop.resolver);
                now.errback(Oops());
              }
              EXPECT_EQ(outcome(done), "!Oops: oops");
              consume(std::move(done));
            }),
            heap::fewKilobytes);
}

TEST(Memory, staysTheSameInACoroutineThatLoops) {
  EXPECT_LT(heap::peakOf([] {
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
            heap::fewKilobytes);
}

TEST(Memory, staysTheSameWhenACoroutineAwaitsFailuresAndCoroutines) {
  EXPECT_LT(heap::peakOf([] {
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
            heap::fewKilobytes);
}

}  // namespace
}  // namespace hawser
