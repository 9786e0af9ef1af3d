#include <hawser/defer/deferred_lock.h>

#include "defer/heap.h"
#include "defer/support.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

using Words = std::vector<std::string>;

TEST(DeferredLock, isAcquiredAtOnceIfItIsFree) {
  DeferredLock lock;
  EXPECT_FALSE(lock.locked());
  EXPECT_EQ(outcome(lock.acquire()), "nothing");
  EXPECT_TRUE(lock.locked());
  lock.release();
  EXPECT_FALSE(lock.locked());
}

TEST(DeferredLock, servesItsWaitersInTheOrderTheyCame) {
  DeferredLock lock;
  std::vector<Deferred<void>> acquired;
  for (int i = 0; i < 3; ++i) acquired.push_back(lock.acquire());
  EXPECT_EQ(lock.waiting(), 2u);
  EXPECT_EQ(outcome(acquired[1]), "pending");
  lock.release();
  EXPECT_EQ(outcome(acquired[1]), "nothing");
  EXPECT_EQ(outcome(acquired[2]), "pending");
  EXPECT_TRUE(lock.locked());
  lock.release();
  EXPECT_EQ(outcome(acquired[2]), "nothing");
  lock.release();
  EXPECT_FALSE(lock.locked());
}

TEST(DeferredLock, cannotBeReleasedIfNobodyHoldsIt) {
  DeferredLock lock;
  EXPECT_THROW(lock.release(), NotHeldError);
  (void)lock.acquire();
  lock.release();
  EXPECT_THROW(lock.release(), NotHeldError);
}

TEST(DeferredLock, runsTheHandlersOfWhoWaitsInsideRelease) {
  DeferredLock lock;
  Words seen;
  (void)lock.acquire();
  std::vector<Deferred<void>> waiters;
  for (const char* name : {"first", "second"})
    waiters.push_back(lock.acquire().addCallback([&lock, &seen, name] {
      seen.push_back(name);
      lock.release();
      seen.push_back(std::string(name) + " has released");
    }));
  lock.release();
  EXPECT_EQ(seen, (Words{"first", "second", "second has released", "first has released"}));
}

TEST(DeferredLock, forgetsWhoWasCancelled) {
  DeferredLock lock;
  (void)lock.acquire();
  std::vector<Deferred<void>> waiters;
  for (int i = 0; i < 4; ++i) waiters.push_back(lock.acquire());
  for (const std::size_t i : {1u, 3u, 0u}) {
    waiters[i].cancel();
    EXPECT_EQ(outcome(waiters[i]), "!CancelledError: the Deferred was cancelled");
  }
  EXPECT_EQ(lock.waiting(), 1u);
  lock.release();
  EXPECT_EQ(outcome(waiters[2]), "nothing");
  lock.release();
  EXPECT_FALSE(lock.locked());
  for (Deferred<void>& each : waiters) consume(std::move(each));
}

TEST(DeferredLock, letsAWaiterCancelAnotherWhileItIsServed) {
  DeferredLock lock;
  (void)lock.acquire();
  std::optional<Deferred<void>> second;
  const Deferred<void> first = lock.acquire().addCallback([&] {
    second->cancel();
    lock.release();
  });
  second = lock.acquire();
  const Deferred<void> third = lock.acquire();
  lock.release();
  EXPECT_EQ(outcome(third), "nothing");
  consume(*std::move(second));
}

TEST(DeferredLock, letsAWaiterCancelItselfWhileItIsServed) {
  DeferredLock lock;
  (void)lock.acquire();
  CancelHandle handle;
  Deferred<void> first = lock.acquire().addCallback([&] { handle.cancel(); });
  handle = first.cancelHandle();
  lock.release();
  EXPECT_EQ(outcome(first), "nothing");
  EXPECT_TRUE(lock.locked());
}

TEST(DeferredLock, canBeAskedForAgainInsideRelease) {
  DeferredLock lock;
  int turns = 0;
  (void)lock.acquire();
  std::vector<Deferred<void>> again;
  const Deferred<void> waiter = lock.acquire().addCallback([&] {
    ++turns;
    again.push_back(lock.acquire().addCallback([&] { ++turns; }));
  });
  lock.release();
  EXPECT_EQ(turns, 1);
  lock.release();
  EXPECT_EQ(turns, 2);
}

TEST(DeferredLock, belongsToAPausedWaiterFromTheReleaseOn) {
  DeferredLock lock;
  (void)lock.acquire();
  Deferred<void> waiter = lock.acquire();
  waiter.pause();
  lock.release();
  EXPECT_EQ(outcome(waiter), "paused");
  EXPECT_TRUE(lock.locked());
  EXPECT_EQ(lock.waiting(), 0u);
  waiter.unpause();
  EXPECT_EQ(outcome(waiter), "nothing");
}

TEST(DeferredLock, isTakenByADeferredThatWasDropped) {
  DeferredLock lock;
  (void)lock.acquire();
  (void)lock.acquire();
  lock.release();
  EXPECT_TRUE(lock.locked());
}

TEST(DeferredLock, isHeldAcrossTheStepsOfACoroutine) {
  DeferredLock lock;
  Words seen;
  auto [first, resolver] = makeDeferred<void>();
  const auto steps = [](DeferredLock& shared, Words& out, std::string name,
                        Deferred<void> work) -> Deferred<void> {
    co_await shared.acquire();
    out.push_back(name + " begins");
    co_await std::move(work);
    out.push_back(name + " ends");
    shared.release();
  };
  const Deferred<void> a = steps(lock, seen, "a", std::move(first));
  const Deferred<void> b = steps(lock, seen, "b", succeed());
  resolver.callback();
  EXPECT_EQ(seen, (Words{"a begins", "a ends", "b begins", "b ends"}));
}

TEST(DeferredLock, needsBoundedStackForReleasesInsideReleases) {
  const int many = heap::counts ? 1'000'000 : 100'000;
  heap::peakOf([many] {
    DeferredLock lock;
    (void)lock.acquire();
    int turns = 0;
    for (int i = 0; i < many; ++i)
      lock.acquire()
          .addCallback([&] {
            ++turns;
            lock.release();
          })
          .addErrback(logging::err);
    lock.release();
    EXPECT_EQ(turns, many);
    EXPECT_FALSE(lock.locked());
  });
}

TEST(DeferredLock, keepsTheOrderOfAMillionWaiters) {
  DeferredLock lock;
  (void)lock.acquire();
  int next = 0;
  for (int i = 0; i < 10'000; ++i)
    lock.acquire()
        .addCallback([&lock, &next, i] {
          EXPECT_EQ(next++, i);
          lock.release();
        })
        .addErrback(logging::err);
  lock.release();
  EXPECT_EQ(next, 10'000);
}

TEST(DeferredLock, isBusyInACoroutineOfManyTurns) {
  const int many = heap::counts ? 100'000 : 10'000;
  DeferredLock lock;
  int turns = 0;
  const auto body = [](DeferredLock& shared, int& count, int left) -> Deferred<void> {
    for (; left != 0; --left) {
      co_await shared.acquire();
      ++count;
      shared.release();
    }
  };
  (void)lock.acquire();
  const Deferred<void> a = body(lock, turns, many);
  const Deferred<void> b = body(lock, turns, many);
  lock.release();
  EXPECT_EQ(turns, 2 * many);
  EXPECT_FALSE(lock.locked());
}

}  // namespace
}  // namespace hawser
