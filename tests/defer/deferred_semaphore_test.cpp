#include <hawser/config.h>
#include <hawser/defer/deferred_semaphore.h>

#include "defer/heap.h"
#include "defer/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <stdexcept>
#include <utility>
#include <vector>

namespace hawser {
namespace {

TEST(DeferredSemaphore, hasAsManyTokensAsItsLimit) {
  DeferredSemaphore semaphore(2);
  EXPECT_EQ(semaphore.limit(), 2u);
  EXPECT_EQ(semaphore.tokens(), 2u);
  (void)semaphore.acquire();
  EXPECT_EQ(semaphore.tokens(), 1u);
  (void)semaphore.acquire();
  const Deferred<void> waiting = semaphore.acquire();
  EXPECT_EQ(outcome(waiting), "pending");
  EXPECT_EQ(semaphore.waiting(), 1u);
  semaphore.release();
  EXPECT_EQ(outcome(waiting), "nothing");
  EXPECT_EQ(semaphore.tokens(), 0u);
  semaphore.release();
  semaphore.release();
  EXPECT_EQ(semaphore.tokens(), 2u);
}

TEST(DeferredSemaphore, needsAToken) { EXPECT_THROW(DeferredSemaphore(0), std::invalid_argument); }

TEST(DeferredSemaphore, cannotGetMoreTokensThanItsLimit) {
  DeferredSemaphore semaphore(2);
  EXPECT_THROW(semaphore.release(), NotHeldError);
  (void)semaphore.acquire();
  semaphore.release();
  EXPECT_THROW(semaphore.release(), NotHeldError);
  EXPECT_EQ(semaphore.tokens(), 2u);
}

TEST(DeferredSemaphore, runsNoMoreAtATimeThanItHasTokens) {
  DeferredSemaphore semaphore(3);
  std::deque<Resolver<int>> running;
  std::size_t most = 0;
  int sum = 0;
  for (int i = 0; i < 20; ++i)
    semaphore
        .run([&] {
          auto [work, resolver] = makeDeferred<int>();
          running.push_back(std::move(resolver));
          most = std::max(most, running.size());
          return std::move(work);
        })
        .addCallback([&](int value) { sum += value; })
        .addErrback(logging::err);
  for (int i = 0; !running.empty(); ++i) {
    Resolver<int> resolver = std::move(running.front());
    running.pop_front();
    if (i % 4 == 3)
      running.push_back(std::move(resolver));
    else
      resolver.callback(1);
  }
  EXPECT_EQ(most, 3u);
  EXPECT_EQ(sum, 20);
  EXPECT_EQ(semaphore.tokens(), 3u);
}

TEST(DeferredSemaphore, passesArgumentsOn) {
  DeferredSemaphore semaphore(1);
  EXPECT_EQ(outcome(semaphore.run([](int a, int b) { return a - b; }, 5, 3)), "2");
}

TEST(DeferredSemaphore, givesPermits) {
  DeferredSemaphore semaphore(2);
  std::vector<Permit> permits;
  for (int i = 0; i < 3; ++i)
    semaphore.scoped()
        .addCallback([&](Permit permit) { permits.push_back(std::move(permit)); })
        .addErrback(logging::err);
  EXPECT_EQ(permits.size(), 2u);
  permits.erase(permits.begin());
  EXPECT_EQ(permits.size(), 2u);
  permits.clear();
  EXPECT_EQ(semaphore.tokens(), 2u);
}

TEST(DeferredSemaphore, servesOnWhenItIsDestroyedWhileSomeHoldTokens) {
  Resolver<void> first, second;
  int done = 0;
  {
    DeferredSemaphore semaphore(2);
    for (Resolver<void>* each : {&first, &second})
      (void)semaphore.run([each] {
        auto [work, resolver] = makeDeferred<void>();
        *each = std::move(resolver);
        return std::move(work);
      });
    for (int i = 0; i < 5; ++i) (void)semaphore.run([&] { ++done; });
  }
  EXPECT_EQ(done, 0);
  second.callback();
  EXPECT_EQ(done, 5);
  first.callback();
}

TEST(DeferredSemaphore, abandonsWhoWaitsForTokensThatNobodyWillRelease) {
  bool abandoned = false;
  {
    DeferredSemaphore semaphore(1);
    (void)semaphore.acquire();
    semaphore.run([] {}).addErrback([&](const AbandonedError&) { abandoned = true; });
  }
  EXPECT_TRUE(abandoned);
}

TEST(DeferredSemaphore, needsNothingFromTheHeapWhenThePoolIsWarm) {
  if (!heap::counts || !HAWSER_POOL) GTEST_SKIP() << "there is no pool here";
  std::vector<Resolver<void>> running;
  running.reserve(1000);
  const auto thousandJobs = [&] {
    DeferredSemaphore semaphore(10);
    for (int i = 0; i < 1000; ++i)
      (void)semaphore.run([&running] {
        auto [work, resolver] = makeDeferred<void>();
        running.push_back(std::move(resolver));
        return std::move(work);
      });
    for (std::size_t i = 0; i < running.size(); ++i) running[i].callback();
    running.clear();
  };
  thousandJobs();
  const std::size_t before = heap::allocations();
  thousandJobs();
  EXPECT_EQ(heap::allocations(), before);
}

}  // namespace
}  // namespace hawser
