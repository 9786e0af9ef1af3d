#include <hawser/defer/deferred_lock.h>

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
bool isAbandoned(const Deferred<T>& deferred) {
  return deferred.peekFailure() && deferred.peekFailure()->template check<AbandonedError>();
}

TEST(DeferredLockLifetime, abandonsEverybodyIfNobodyIsLeftToServeThem) {
  std::optional<DeferredLock> lock(std::in_place);
  (void)lock->acquire();
  Deferred<void> acquiring = lock->acquire();
  Deferred<Permit> scoped = lock->scoped();
  int alive = 0;
  Deferred<void> running = lock->run([held = Counted(alive)] {});
  lock.reset();
  EXPECT_TRUE(isAbandoned(acquiring));
  EXPECT_TRUE(isAbandoned(scoped));
  EXPECT_TRUE(isAbandoned(running));
  EXPECT_EQ(alive, 0);
  consume(std::move(acquiring));
  consume(std::move(running));
  scoped.addErrback([](const Failure&) { return Permit(); });
}

TEST(DeferredLockLifetime, saysWhereTheAbandonedHaveAsked) {
  std::optional<DeferredLock> lock(std::in_place);
  (void)lock->acquire();
  Deferred<void> running = lock->run([] {});
  const unsigned line = __LINE__ - 1;
  lock.reset();
  EXPECT_EQ(running.peekFailure()->get<AbandonedError>()->made().line(), line);
  consume(std::move(running));
}

TEST(DeferredLockLifetime, servesOnWhileAPermitIsHeld) {
  std::optional<DeferredLock> lock(std::in_place);
  Permit permit;
  const Deferred<void> first =
      lock->scoped().addCallback([&](Permit given) { permit = std::move(given); });
  Deferred<void> acquiring = lock->acquire();
  const Deferred<int> running = lock->run([] { return 1; });
  Deferred<Permit> scoped = lock->scoped();
  const Deferred<int> last = lock->run([] { return 2; });
  lock.reset();
  EXPECT_TRUE(isAbandoned(acquiring)) << "it could never release";
  EXPECT_EQ(outcome(running), "pending");
  permit.release();
  EXPECT_EQ(outcome(running), "1");
  EXPECT_EQ(outcome(last), "pending");
  const Deferred<void> used = std::move(scoped).addCallback([](const Permit&) {});
  EXPECT_EQ(outcome(last), "2");
  consume(std::move(acquiring));
}

TEST(DeferredLockLifetime, servesOnWhileARunHoldsIt) {
  std::optional<DeferredLock> lock(std::in_place);
  auto [work, resolver] = makeDeferred<int>();
  const Deferred<int> first = lock->run([&] { return std::move(work); });
  const Deferred<int> second = lock->run([] { return 2; });
  lock.reset();
  EXPECT_EQ(outcome(second), "pending");
  resolver.callback(1);
  EXPECT_EQ(outcome(first), "1");
  EXPECT_EQ(outcome(second), "2");
}

TEST(DeferredLockLifetime, runsTheAbandonedAfterTheHandlerThatDestroyedIt) {
  std::optional<DeferredLock> lock(std::in_place);
  (void)lock->acquire();
  std::vector<std::string> seen;
  lock->acquire().addErrback([&](const AbandonedError&) { seen.push_back("abandoned"); });
  auto [trigger, resolver] = makeDeferred<void>();
  const Deferred<void> destroying = std::move(trigger).addCallback([&] {
    lock.reset();
    seen.push_back("destroyed");
  });
  resolver.callback();
  EXPECT_EQ(seen, (std::vector<std::string>{"destroyed", "abandoned"}));
}

TEST(DeferredLockLifetime, letsTheAbandonedCancelOneAnother) {
  std::optional<DeferredLock> lock(std::in_place);
  (void)lock->acquire();
  std::vector<Deferred<int>> waiting;
  for (int i = 0; i < 3; ++i)
    waiting.push_back(lock->run([] { return 1; }).addErrback([&waiting, i](const Failure& why) {
      if (i == 0) waiting[2].cancel();
      return why.check<AbandonedError>() ? 10 : 20;
    }));
  lock.reset();
  EXPECT_EQ(outcome(waiting[0]) + outcome(waiting[1]) + outcome(waiting[2]), "101020");
}

TEST(DeferredLockLifetime, reportsWhoWasDroppedWhilePausedAndThenAbandoned) {
  const LogWatcher log;
  int alive = 0;
  {
    DeferredLock lock;
    (void)lock.acquire();
    Deferred<void> paused = lock.run([held = Counted(alive)] {});
    paused.pause();
    Deferred<void> acquiring = lock.acquire();
    acquiring.pause();
  }
  EXPECT_EQ(log.unhandled().size(), 2u);
  EXPECT_EQ(alive, 0);
}

TEST(DeferredLockLifetime, mayEndInsideAWaiter) {
  auto lock = std::make_unique<DeferredLock>();
  (void)lock->acquire();
  const Deferred<void> first = lock->acquire().addCallback([&] { lock.reset(); });
  Deferred<void> second = lock->acquire();
  lock->release();
  EXPECT_TRUE(isAbandoned(second));
  consume(std::move(second));
}

TEST(DeferredLockLifetime, mayEndInsideTheFunctionOfARun) {
  for (const bool waits : {false, true}) {
    auto lock = std::make_unique<DeferredLock>();
    if (waits) (void)lock->acquire();
    std::optional<Deferred<int>> second;
    const Deferred<int> first = lock->run([&] {
      if (!waits) second = lock->run([] { return 2; });
      lock.reset();
      return 1;
    });
    if (waits) {
      second = lock->run([] { return 2; });
      lock->release();
    }
    EXPECT_EQ(outcome(first), "1");
    EXPECT_EQ(outcome(*second), "2");
  }
}

TEST(DeferredLockLifetime, mayEndWithTheCapturesOfARun) {
  auto lock = std::make_shared<DeferredLock>();
  DeferredLock& alias = *lock;
  (void)alias.acquire();
  const Deferred<int> first = alias.run([lock] { return 1; });
  const Deferred<int> second = alias.run([] { return 2; });
  lock.reset();
  alias.release();
  EXPECT_EQ(outcome(first), "1");
  EXPECT_EQ(outcome(second), "2");
}

TEST(DeferredLockLifetime, mayEndWithAnAbandonedRun) {
  auto lock = std::make_shared<DeferredLock>();
  std::weak_ptr<DeferredLock> watch = lock;
  (void)lock->acquire();
  Deferred<int> waiting = lock->run([lock] { return 1; });
  lock.reset();
  EXPECT_FALSE(watch.expired()) << "the function keeps it";
  waiting.cancel();
  EXPECT_TRUE(watch.expired());
  consume(std::move(waiting));
}

TEST(DeferredLockLifetime, survivesADeferredThatIsDroppedInsideItsOwnHandler) {
  DeferredLock lock;
  (void)lock.acquire();
  std::optional<Deferred<int>> own;
  own = lock.run([&] {
    own.reset();
    return 1;
  });
  lock.release();
  EXPECT_FALSE(lock.locked());
}

TEST(DeferredLockLifetime, survivesADeferredThatIsDroppedWithTheCapturesOfItsRun) {
  DeferredLock lock;
  (void)lock.acquire();
  auto own = std::make_shared<std::optional<Deferred<int>>>();
  struct DropsOwn {
    std::optional<Deferred<int>>* deferred;
    explicit DropsOwn(std::optional<Deferred<int>>* d) : deferred(d) {}
    DropsOwn(DropsOwn&& other) noexcept : deferred(std::exchange(other.deferred, nullptr)) {}
    ~DropsOwn() {
      if (deferred) deferred->reset();
    }
  };
  *own = lock.run([drops = DropsOwn(own.get())] { return 1; });
  lock.release();
  EXPECT_FALSE(lock.locked());
  EXPECT_FALSE(own->has_value());
}

}  // namespace
}  // namespace hawser
