#include <hawser/defer/deferred_lock.h>
#include <hawser/defer/permit.h>

#include "defer/heap.h"
#include "defer/support.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

Permit take(DeferredLock& lock) {
  Permit permit;
  const Deferred<void> given =
      lock.scoped().addCallback([&](Permit taken) { permit = std::move(taken); });
  return permit;
}

TEST(Permit, holdsTheLockUntilItIsDestroyed) {
  DeferredLock lock;
  {
    const Permit permit = take(lock);
    EXPECT_TRUE(permit);
    EXPECT_TRUE(lock.locked());
  }
  EXPECT_FALSE(lock.locked());
}

TEST(Permit, canBeReleasedOnce) {
  DeferredLock lock;
  Permit permit = take(lock);
  permit.release();
  EXPECT_FALSE(permit);
  EXPECT_FALSE(lock.locked());
  EXPECT_THROW(permit.release(), NotHeldError);
  EXPECT_THROW(Permit().release(), NotHeldError);
}

TEST(Permit, takesTheLockAlongWhenItIsMoved) {
  DeferredLock lock, other;
  Permit permit = take(lock);
  Permit next(std::move(permit));
  EXPECT_FALSE(permit);
  EXPECT_TRUE(lock.locked());
  next = take(other);
  EXPECT_FALSE(lock.locked()) << "what it held before is released";
  EXPECT_TRUE(other.locked());
  Permit& same = next;
  next = std::move(same);
  EXPECT_TRUE(other.locked());
}

TEST(Permit, servesTheNextAsItIsDestroyed) {
  DeferredLock lock;
  std::optional<Permit> permit = take(lock);
  std::vector<std::string> seen;
  const Deferred<void> next =
      lock.scoped().addCallback([&](const Permit&) { seen.push_back("next"); });
  const Deferred<void> last = lock.acquire().addCallback([&] { seen.push_back("last"); });
  permit.reset();
  EXPECT_EQ(seen, (std::vector<std::string>{"next", "last"}));
  lock.release();
}

TEST(Permit, isReleasedWithADeferredThatIsDropped) {
  DeferredLock lock;
  (void)lock.scoped();
  EXPECT_FALSE(lock.locked()) << "dropped when it was ready";
  std::optional<Permit> permit = take(lock);
  (void)lock.scoped();
  EXPECT_EQ(lock.waiting(), 1u);
  permit.reset();
  EXPECT_FALSE(lock.locked()) << "dropped while it waited";
  permit = take(lock);
  {
    Deferred<Permit> paused = lock.scoped();
    paused.pause();
    permit.reset();
    EXPECT_TRUE(lock.locked());
  }
  EXPECT_FALSE(lock.locked()) << "dropped with the Permit in it";
}

TEST(Permit, isReleasedByACallbackThatDoesNotTakeIt) {
  DeferredLock lock;
  const Deferred<int> one = lock.scoped().addCallback([] { return 1; });
  EXPECT_FALSE(lock.locked());
}

TEST(Permit, isReleasedByAnExceptionThatPasses) {
  DeferredLock lock;
  const auto body = [](DeferredLock& shared) -> Deferred<void> {
    const Permit permit = co_await shared.scoped();
    throw Oops();
  };
  Deferred<void> failed = body(lock);
  EXPECT_EQ(outcome(failed), "!Oops: oops");
  EXPECT_FALSE(lock.locked());
  consume(std::move(failed));
}

TEST(Permit, isNotGivenToWhoWasCancelled) {
  DeferredLock lock;
  std::optional<Permit> permit = take(lock);
  Deferred<Permit> waiting = lock.scoped();
  waiting.cancel();
  EXPECT_EQ(lock.waiting(), 0u);
  permit.reset();
  EXPECT_FALSE(lock.locked());
  const Deferred<void> done =
      std::move(waiting).addCallback([](const Permit&) {}).addErrback([](const CancelledError&) {});
  EXPECT_EQ(outcome(done), "nothing");
}

TEST(Permit, outlivesTheLock) {
  std::optional<DeferredLock> lock(std::in_place);
  Permit permit = take(*lock);
  lock.reset();
  EXPECT_TRUE(permit);
  permit.release();
}

TEST(Permit, knowsIfSomebodyElseHasGivenItsTokenBack) {
  DeferredLock lock;
  Permit permit = take(lock);
  lock.release();
  EXPECT_THROW(permit.release(), NotHeldError);
  {
    const Permit another = take(lock);
    lock.release();
  }
  EXPECT_FALSE(lock.locked());
}

TEST(Permit, goesRoundInCoroutinesThatTakeTurns) {
  DeferredLock lock;
  std::string turns;
  const auto body = [](DeferredLock& shared, std::string& out, char name) -> Deferred<void> {
    for (int i = 0; i < 3; ++i) {
      const Permit permit = co_await shared.scoped();
      out += name;
    }
  };
  Permit permit = take(lock);
  const Deferred<void> a = body(lock, turns, 'a');
  const Deferred<void> b = body(lock, turns, 'b');
  permit.release();
  EXPECT_EQ(turns.size(), 6u);
  EXPECT_EQ(turns.substr(0, 2), "ab");
  EXPECT_FALSE(lock.locked());
}

TEST(Permit, needsBoundedStackForARowOfThoseWhoAreDropped) {
  const int many = heap::counts ? 1'000'000 : 100'000;
  heap::peakOf([many] {
    DeferredLock lock;
    std::optional<Permit> permit = take(lock);
    for (int i = 0; i < many; ++i) (void)lock.scoped();
    EXPECT_EQ(lock.waiting(), static_cast<std::size_t>(many));
    permit.reset();
    EXPECT_FALSE(lock.locked());
  });
}

}  // namespace
}  // namespace hawser
