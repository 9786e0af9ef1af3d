#include <hawser/defer/deferred_lock.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

// What becomes of the lock when the Deferred that `run` gave is cancelled, paused or dropped.

namespace hawser {
namespace {

using Words = std::vector<std::string>;
const char* const cancelled = "!CancelledError: the Deferred was cancelled";

TEST(DeferredLockRunInterrupted, leavesTheRowWhenItIsCancelledWhileItWaits) {
  DeferredLock lock;
  (void)lock.acquire();
  int alive = 0;
  bool called = false;
  Deferred<void> waiting = lock.run([&called, held = Counted(alive)] { called = true; });
  EXPECT_EQ(alive, 1);
  waiting.cancel();
  EXPECT_EQ(outcome(waiting), cancelled);
  EXPECT_EQ(alive, 0) << "the function outlives its use";
  EXPECT_EQ(lock.waiting(), 0u);
  lock.release();
  EXPECT_FALSE(called);
  EXPECT_FALSE(lock.locked());
  consume(std::move(waiting));
}

TEST(DeferredLockRunInterrupted, cancelsWhatTheFunctionReturnedWhileThatGoesOn) {
  DeferredLock lock;
  bool stopped = false;
  auto [work, resolver] = makeDeferred<int>([&] { stopped = true; });
  Deferred<int> running = lock.run([&] { return std::move(work); });
  running.cancel();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(outcome(running), cancelled);
  EXPECT_FALSE(lock.locked());
  consume(std::move(running));
}

TEST(DeferredLockRunInterrupted, ignoresACancelWhileTheFunctionIsCalled) {
  DeferredLock lock;
  (void)lock.acquire();
  CancelHandle handle;
  Deferred<int> running = lock.run([&] {
    handle.cancel();
    return 1;
  });
  handle = running.cancelHandle();
  lock.release();
  EXPECT_EQ(outcome(running), "1");
}

TEST(DeferredLockRunInterrupted, doesNotCallTheFunctionWhileItIsPaused) {
  DeferredLock lock;
  (void)lock.acquire();
  bool called = false;
  Deferred<int> waiting = lock.run([&] {
    called = true;
    return 1;
  });
  waiting.pause();
  waiting.pause();
  lock.release();
  EXPECT_TRUE(lock.locked());
  waiting.unpause();
  EXPECT_FALSE(called);
  waiting.unpause();
  EXPECT_TRUE(called);
  EXPECT_EQ(outcome(waiting), "1");
  EXPECT_FALSE(lock.locked());
}

TEST(DeferredLockRunInterrupted, keepsTheLockForEverIfItIsDroppedWhilePausedWithIt) {
  std::optional<DeferredLock> lock(std::in_place);
  (void)lock->acquire();
  {
    Deferred<int> paused = lock->run([] { return 1; }).addCallback([](int i) { return i; });
    paused.pause();
    lock->release();
  }
  EXPECT_TRUE(lock->locked());
  bool abandoned = false;
  lock->run([] {}).addErrback([&](const AbandonedError&) { abandoned = true; });
  lock.reset();
  EXPECT_TRUE(abandoned);
}

TEST(DeferredLockRunInterrupted, abandonsThoseWhoWaitForALockThatWasLost) {
  std::optional<DeferredLock> lock(std::in_place);
  (void)lock->acquire();
  std::optional<Deferred<int>> paused = lock->run([] { return 1; });
  paused->pause();
  bool abandoned = false;
  lock->run([] {}).addErrback([&](const AbandonedError&) { abandoned = true; });
  lock->release();
  lock.reset();
  EXPECT_FALSE(abandoned);
  paused.reset();
  EXPECT_TRUE(abandoned);
}

TEST(DeferredLockRunInterrupted, keepsItsResultIfItIsPausedWhileTheFunctionsWorkGoesOn) {
  DeferredLock lock;
  auto [work, resolver] = makeDeferred<int>();
  Deferred<int> running = lock.run([&] { return std::move(work); });
  running.pause();
  resolver.callback(1);
  EXPECT_EQ(outcome(running), "paused");
  EXPECT_FALSE(lock.locked());
  running.unpause();
  EXPECT_EQ(outcome(running), "1");
}

TEST(DeferredLockRunInterrupted, isNotStoppedByAPauseFromItsOwnFunction) {
  DeferredLock lock;
  (void)lock.acquire();
  std::optional<Deferred<int>> running;
  bool went = false;
  running = lock.run([&] {
                  running->pause();
                  return 1;
                })
                .addCallback([&](int value) {
                  went = true;
                  return value;
                });
  lock.release();
  EXPECT_TRUE(went);
  EXPECT_EQ(outcome(*running), "paused");
  running->unpause();
  EXPECT_EQ(outcome(*running), "1");
}

TEST(DeferredLockRunInterrupted, waitsForADeferredThatWasPausedForAWhile) {
  DeferredLock lock;
  auto [work, resolver] = makeDeferred<int>();
  work.pause();
  work.unpause();
  const Deferred<int> running = lock.run([&] { return std::move(work); });
  EXPECT_TRUE(lock.locked());
  resolver.callback(1);
  EXPECT_EQ(outcome(running), "1");
  EXPECT_FALSE(lock.locked());
}

TEST(DeferredLockRunInterrupted, canBeOneStepOfAnotherChain) {
  DeferredLock lock;
  (void)lock.acquire();
  auto [start, resolver] = makeDeferred<int>();
  Deferred<int> chain = std::move(start).addCallback(
      [&](int value) { return lock.run([value] { return value + 1; }); });
  resolver.callback(1);
  chain.pause();
  lock.release();
  EXPECT_EQ(outcome(chain), "paused") << "a pause of the outer chain keeps its result only";
  EXPECT_FALSE(lock.locked());
  chain.unpause();
  EXPECT_EQ(outcome(chain), "2");
}

TEST(DeferredLockRunInterrupted, ofADroppedDeferredRunsAllTheSame) {
  DeferredLock lock;
  (void)lock.acquire();
  bool called = false;
  (void)lock.run([&] { called = true; });
  lock.release();
  EXPECT_TRUE(called);
  EXPECT_FALSE(lock.locked());
}

TEST(DeferredLockRunInterrupted, reportsTheFailureOfADroppedDeferred) {
  const LogWatcher log;
  DeferredLock lock;
  (void)lock.acquire();
  (void)lock.run([] { throw Oops(); });
  (void)lock.run([]() -> Deferred<void> { return fail<void>(WorseOops()); });
  lock.release();
  EXPECT_EQ(log.unhandled(), (Words{"WorseOops: worse", "Oops: oops"}));
}

}  // namespace
}  // namespace hawser
