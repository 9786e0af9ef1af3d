#include <hawser/config.h>
#include <hawser/defer/deferred_lock.h>

#include "defer/heap.h"
#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

using Words = std::vector<std::string>;

TEST(DeferredLockRun, holdsTheLockWhileTheFunctionRuns) {
  DeferredLock lock;
  const Deferred<bool> held = lock.run([&] { return lock.locked(); });
  EXPECT_TRUE(*held.peekValue());
  EXPECT_FALSE(lock.locked());
}

TEST(DeferredLockRun, passesArgumentsOn) {
  DeferredLock lock;
  const Deferred<int> sum = lock.run(
      [](std::unique_ptr<int> a, const std::string& b) { return *a + static_cast<int>(b.size()); },
      std::make_unique<int>(2), std::string("four"));
  EXPECT_EQ(outcome(sum), "6");
}

/// Each way for a function to end, both when the lock is free and after waiting for it.
TEST(DeferredLockRun, keepsHowTheFunctionEnded) {
  for (const bool waits : {false, true}) {
    DeferredLock lock;
    if (waits) (void)lock.acquire();
    Words outcomes;
    const auto note = [&](auto deferred) {
      using T = typename decltype(deferred)::value_type;
      return std::move(deferred).addBoth(
          [&](const Result<T>& result) { outcomes.push_back(textOf(result)); });
    };
    std::vector<Deferred<void>> all;
    all.push_back(note(lock.run([] { return 1; })));
    all.push_back(note(lock.run([] {})));
    all.push_back(note(lock.run([]() -> int { throw Oops("thrown"); })));
    all.push_back(note(lock.run([] { return Failure(Oops("returned")); })));
    all.push_back(note(lock.run([] { return Result<int>(2); })));
    all.push_back(note(lock.run([]() -> Result<int> { return Failure(Oops("result")); })));
    all.push_back(note(lock.run([] { return succeed(3); })));
    all.push_back(note(lock.run([] { return fail<int>(Oops("deferred")); })));
    all.push_back(note(lock.run([]() -> Deferred<int> { throw Oops("none"); })));
    all.push_back(note(lock.run([]() -> Deferred<int> { co_return 4; })));
    if (waits) lock.release();
    Words expected{"1",
                   "nothing",
                   "!Oops: thrown",
                   "!Oops: returned",
                   "2",
                   "!Oops: result",
                   "3",
                   "!Oops: deferred",
                   "!Oops: none",
                   "4"};
    if (waits) expected = Words(expected.rbegin(), expected.rend());
    EXPECT_EQ(outcomes, expected) << (waits ? "after waiting" : "at once");
    EXPECT_FALSE(lock.locked());
  }
}

TEST(DeferredLockRun, releasesWhenWhatTheFunctionReturnedHasEnded) {
  for (const bool fails : {false, true}) {
    DeferredLock lock;
    auto [work, resolver] = makeDeferred<int>();
    Deferred<int> first = lock.run([&] { return std::move(work); });
    const Deferred<int> second = lock.run([] { return 2; });
    EXPECT_EQ(outcome(second), "pending");
    if (fails)
      resolver.errback(Oops());
    else
      resolver.callback(1);
    EXPECT_EQ(outcome(first), fails ? "!Oops: oops" : "1");
    EXPECT_EQ(outcome(second), "2");
    EXPECT_FALSE(lock.locked());
    consume(std::move(first));
  }
}

TEST(DeferredLockRun, releasesBeforeItsResultGoesOn) {
  DeferredLock lock;
  Words seen;
  auto [work, resolver] = makeDeferred<void>();
  const Deferred<void> first = lock.run([&] { return std::move(work); }).addCallback([&] {
    seen.push_back("result of the first");
  });
  const Deferred<void> second = lock.run([&] { seen.push_back("second"); }).addCallback([&] {
    seen.push_back("result of the second");
  });
  const Deferred<void> third = lock.run([&] { seen.push_back("third"); });
  resolver.callback();
  EXPECT_EQ(seen, (Words{"second", "third", "result of the second", "result of the first"}));
}

TEST(DeferredLockRun, failsIfSomebodyElseHasReleasedMeanwhile) {
  DeferredLock lock;
  Deferred<void> first = lock.run([&] { lock.release(); });
  EXPECT_EQ(outcome(first), "!NotHeldError: released what nobody holds");
  auto [work, resolver] = makeDeferred<int>();
  Deferred<int> second = lock.run([&] { return std::move(work); });
  lock.release();
  resolver.callback(1);
  EXPECT_EQ(outcome(second), "!NotHeldError: released what nobody holds");
  EXPECT_FALSE(lock.locked());
  (void)lock.acquire();
  Deferred<void> third = lock.run([&] { lock.release(); });
  lock.release();
  EXPECT_EQ(outcome(third), "!NotHeldError: released what nobody holds");
  consume(std::move(first));
  consume(std::move(second));
  consume(std::move(third));
}

TEST(DeferredLockRun, keepsTheCapturesAndArgumentsOfACoroutineUntilItHasEnded) {
  for (const bool waits : {false, true}) {
    DeferredLock lock;
    if (waits) (void)lock.acquire();
    int alive = 0;
    auto [work, resolver] = makeDeferred<void>();
    const Deferred<std::string> text = lock.run(
        [name = std::string("a name that is too long to lie inline"), held = Counted(alive),
         &awaited = work](const std::string& argument) -> Deferred<std::string> {
          co_await std::move(awaited);
          co_return name + argument;
        },
        std::string(", and an argument that is as long as that"));
    if (waits) lock.release();
    EXPECT_EQ(alive, 1);
    resolver.callback();
    EXPECT_EQ(outcome(text),
              "a name that is too long to lie inline, and an argument that is as "
              "long as that");
    EXPECT_EQ(alive, 0);
  }
}

TEST(DeferredLockRun, freesItsFunctionBeforeTheNextIsServed) {
  DeferredLock lock;
  (void)lock.acquire();
  int alive = 0;
  const Deferred<void> first = lock.run([held = Counted(alive)] {});
  int aliveThen = -1;
  const Deferred<void> second = lock.run([&] { aliveThen = alive; });
  lock.release();
  EXPECT_EQ(aliveThen, 0);
}

TEST(DeferredLockRun, failsIfItWouldHaveToWaitForItself) {
  const LogWatcher log;
  DeferredLock lock;
  (void)lock.acquire();
  std::optional<Deferred<int>> own;
  own = lock.run([&] { return *std::move(own); });
  lock.release();
  EXPECT_FALSE(lock.locked());
  ASSERT_EQ(log.unhandled().size(), 1u);
  EXPECT_EQ(log.unhandled()[0].substr(0, 13), "SelfWaitError");
}

TEST(DeferredLockRun, failsIfTheFunctionReturnsADeferredThatCannotBeWaitedFor) {
  DeferredLock lock;
  Deferred<int> empty = succeed(1);
  consume(std::move(empty));
  Deferred<int> first = lock.run([&] { return std::move(empty); });
  EXPECT_TRUE(first.peekFailure()->check<EmptyDeferredError>());
  auto [paused, resolver] = makeDeferred<int>();
  paused.pause();
  Deferred<int> second = lock.run([&] { return std::move(paused); });
  EXPECT_TRUE(second.peekFailure()->check<PausedError>());
  resolver.callback(1);
  EXPECT_FALSE(lock.locked());
  consume(std::move(first));
  consume(std::move(second));
}

/// Too large to lie in a Deferred, and can be copied so many times only.
struct Large {
  explicit Large(int copies) : left(copies) {}
  Large(const Large& other) : left(other.left - 1) {
    if (left < 0) throw Oops("one copy too many");
  }
  char bytes[100] = {};
  int left;
};

TEST(DeferredLockRun, carriesValuesThatDoNotLieInline) {
  for (const bool waits : {false, true}) {
    DeferredLock lock;
    if (waits) (void)lock.acquire();
    auto [work, resolver] = makeDeferred<Large>();
    const Deferred<Large> first = lock.run([&] { return std::move(work); });
    const Deferred<Large> second = lock.run([] { return Large(100); });
    const Deferred<Large> third = lock.run([]() -> Deferred<Large> { return Large(100); });
    if (waits) lock.release();
    resolver.callback(Large(100));
    for (const Deferred<Large>* each : {&first, &second, &third}) EXPECT_TRUE(each->peekValue());
  }
}

TEST(DeferredLockRun, failsIfTheValueRefusesToBePassedOn) {
  for (const bool waits : {false, true}) {
    DeferredLock lock;
    if (waits) (void)lock.acquire();
    auto [work, resolver] = makeDeferred<Large>();
    Deferred<Large> late = lock.run([&] { return std::move(work); });
    Deferred<Large> ready = lock.run([] { return Large(0); });
    if (waits) lock.release();
    const Large value(1);
    resolver.callback(value);
    for (Deferred<Large>* each : {&late, &ready}) {
      EXPECT_EQ(each->peekFailure()->getErrorMessage(), "one copy too many");
      each->addErrback([](const Failure&) { return Large(100); });
    }
    EXPECT_FALSE(lock.locked());
  }
}

TEST(DeferredLockRun, canRunInsideItself) {
  DeferredLock lock;
  Words seen;
  std::optional<Deferred<void>> inner;
  const Deferred<void> outer = lock.run([&] {
    inner = lock.run([&] { seen.push_back("inner"); });
    seen.push_back("outer");
  });
  EXPECT_EQ(seen, (Words{"outer", "inner"}));
}

TEST(DeferredLockRun, needsBoundedStackForAnyNumberOfFunctionsThatAreReady) {
  const int many = heap::counts ? 1'000'000 : 100'000;
  heap::peakOf([many] {
    DeferredLock lock;
    (void)lock.acquire();
    int turns = 0, results = 0;
    for (int i = 0; i < many; ++i)
      lock.run([&turns, i] {
            EXPECT_EQ(turns++, i);
            return succeed(i);
          })
          .addCallback([&](int) { ++results; })
          .addErrback(logging::err);
    lock.release();
    EXPECT_EQ(turns, many);
    EXPECT_EQ(results, many);
    EXPECT_FALSE(lock.locked());
  });
}

TEST(DeferredLockRun, takesOneBlockToWait) {
  if (!heap::counts || !HAWSER_POOL) GTEST_SKIP() << "there is no pool here";
  DeferredLock lock;
  (void)lock.acquire();
  const std::size_t before = heap::allocations();
  const Deferred<int> waiting = lock.run([] { return 1; });
  EXPECT_LE(heap::allocations() - before, 1u);
  lock.release();
  const std::size_t later = heap::allocations();
  const Deferred<int> ready = lock.run([] { return 1; });
  EXPECT_EQ(heap::allocations(), later);
}

}  // namespace
}  // namespace hawser
