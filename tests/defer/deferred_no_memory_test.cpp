#include <hawser/defer/coroutine.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/deferred_list.h>
#include <hawser/defer/deferred_lock.h>
#include <hawser/defer/race.h>
#include <hawser/defer/registry.h>
#include <hawser/defer/scope.h>
#include <hawser/defer/shared_deferred.h>

#include "defer/heap.h"
#include "defer/support.h"

#include <gtest/gtest.h>

#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

const char* const noMemory = "!bad_alloc: std::bad_alloc";

/// Calls `attempt(blocks)` with 0, 1, 2, ... blocks, each time on a new thread, until it returns
/// true: it had enough. Checks that each gives back what it took. With a sanitizer the first has.
template <class Attempt>
void withFewBlocks(Attempt attempt) {
  bool enough = false;
  for (int blocks = 0; !enough; ++blocks) {
    ASSERT_LT(blocks, 20) << "is never enough";
    heap::peakOf([&] { enough = attempt(blocks); });
  }
}

/// Whether `act` gets through with so many blocks.
template <class Act>
bool succeeds(int blocks, Act act) {
  try {
    const heap::Limit limit(blocks);
    act();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

TEST(NoMemory, forAPairThrows) {
  withFewBlocks([](int blocks) {
    return succeeds(blocks, [] { makeDeferred<int>().resolver.callback(1); });
  });
  withFewBlocks([](int blocks) {
    int alive = 0;
    const bool done = succeeds(
        blocks, [&] { makeDeferred<int>([held = Counted(alive)] {}).resolver.callback(1); });
    EXPECT_EQ(alive, 0);
    return done;
  });
}

TEST(NoMemory, forAHandlerLeavesAPendingDeferredAsItWas) {
  const auto addOne = [](int value) { return value + 1; };
  withFewBlocks([&](int blocks) {
    auto [deferred, resolver] = makeDeferred<int>();
    const bool done = succeeds(blocks, [&] { deferred.addCallback(addOne); });
    EXPECT_EQ(outcome(deferred), "pending");
    resolver.callback(1);
    EXPECT_EQ(outcome(deferred), done ? "2" : "1");
    return done;
  });
  withFewBlocks([&](int blocks) {
    auto [deferred, resolver] = makeDeferred<int>();
    std::optional<Deferred<int>> next;
    const bool done =
        succeeds(blocks, [&] { next.emplace(std::move(deferred).addCallback(addOne)); });
    resolver.callback(1);
    EXPECT_EQ(outcome(done ? *next : deferred), done ? "2" : "1");
    return done;
  });
}

/// Of a handler that may be a coroutine the captures need a block, also when it runs at once.
TEST(NoMemory, forAHandlerLeavesAReadyDeferredAsItWas) {
  for (const bool fails : {false, true}) {
    withFewBlocks([fails](int blocks) {
      Deferred<int> deferred = fails ? fail<int>(Oops()) : succeed(1);
      int calls = 0;
      const bool done = succeeds(blocks, [&] {
        deferred.addCallbacks(
            [&calls](int value) -> Deferred<int> {
              ++calls;
              return value;
            },
            [&calls](Failure failure) -> Deferred<int> {
              ++calls;
              return failure;
            });
      });
      EXPECT_EQ(calls, done ? 1 : 0);
      EXPECT_EQ(outcome(deferred), fails ? "!Oops: oops" : "1");
      consume(std::move(deferred));
      return done;
    });
  }
}

TEST(NoMemory, forPausingOrAHandleLeavesAReadyDeferredAsItWas) {
  withFewBlocks([](int blocks) {
    Deferred<int> deferred = succeed(1);
    const bool done = succeeds(blocks, [&] { deferred.pause(); });
    EXPECT_EQ(outcome(deferred), done ? "paused" : "1");
    return done;
  });
  withFewBlocks([](int blocks) {
    Deferred<int> deferred = fail<int>(Oops());
    const bool done = succeeds(blocks, [&] { (void)deferred.cancelHandle(); });
    EXPECT_EQ(outcome(deferred), "!Oops: oops");
    consume(std::move(deferred));
    return done;
  });
}

TEST(NoMemory, forACoroutineThrowsToItsCaller) {
  const auto body = [](Counted, int value) -> Deferred<int> { co_return value; };
  withFewBlocks([&](int blocks) {
    int alive = 0;
    const bool done = succeeds(blocks, [&] { EXPECT_EQ(outcome(body(Counted(alive), 1)), "1"); });
    EXPECT_EQ(alive, 0);
    return done;
  });
}

/// Who waits for a Deferred whose handler runs needs a place in its chain.
TEST(NoMemory, toWaitForADeferredWhoseHandlerRunsIsAFailureOfWhoWaits) {
  withFewBlocks([](int blocks) {
    std::optional<Deferred<int>> waiting;
    Deferred<int> running = succeed(1);
    running.addCallback([&](int value) {
      succeeds(blocks,
               [&] { waiting = succeed(0).addCallback([&](int) { return std::move(running); }); });
      return value + 1;
    });
    if (!waiting) return false;
    if (outcome(*waiting) == "2") return true;
    EXPECT_EQ(outcome(*waiting), noMemory);
    consume(*std::move(waiting));
    return false;
  });
}

TEST(NoMemory, toListADeferredWhoseHandlerRunsIsAFailureOfThatMember) {
  withFewBlocks([](int blocks) {
    std::optional<Deferred<std::vector<Result<int>>>> list;
    Deferred<int> running = succeed(1);
    running.addCallback([&](int value) {
      std::vector<Deferred<int>> members;
      members.push_back(std::move(running));
      succeeds(blocks, [&] { list = deferredList(std::move(members), consumeErrors); });
      return value + 1;
    });
    if (!list) return false;
    if (outcome(*list) == "[2]") return true;
    EXPECT_EQ(outcome(*list), std::string("[") + noMemory + "]");
    return false;
  });
}

TEST(NoMemory, forARunThatIsPausedWhenItsTurnComesFailsItAndFreesTheLock) {
  withFewBlocks([](int blocks) {
    DeferredLock lock;
    (void)lock.acquire();
    int calls = 0, alive = 0;
    Deferred<int> paused = lock.run([&calls, held = Counted(alive)] { return ++calls; });
    paused.pause();
    EXPECT_TRUE(succeeds(blocks, [&] { lock.release(); }));
    const bool done = lock.locked();
    paused.unpause();
    EXPECT_EQ(outcome(paused), done ? "1" : noMemory);
    EXPECT_EQ(alive, 0);
    EXPECT_FALSE(lock.locked());
    consume(std::move(paused));
    return done;
  });
}

TEST(NoMemory, forOneWhoSharesAResultThrowsAndTheOthersWaitOn) {
  withFewBlocks([](int blocks) {
    auto [work, resolver] = makeDeferred<int>();
    const SharedDeferred<int> shared(std::move(work));
    const Deferred<int> first = shared.get();
    const bool done = succeeds(blocks, [&] { (void)shared.get(); });
    resolver.callback(1);
    EXPECT_EQ(outcome(first), "1");
    return done;
  });
}

TEST(NoMemory, toSayWhyNobodyWonARaceIsTheFailureOfTheRace) {
  withFewBlocks([](int blocks) {
    auto [member, resolver] = makeDeferred<int>();
    auto result = race(std::move(member));
    const Failure why = Oops();
    EXPECT_TRUE(succeeds(blocks, [&] { resolver.errback(why); }));
    const bool done = result.peekFailure()->check<FailureGroup>();
    EXPECT_TRUE(done || result.peekFailure()->check<std::bad_alloc>());
    consume(std::move(result));
    return done;
  });
}

TEST(NoMemory, toLookAtWhatIsPendingThrows) {
  withFewBlocks([](int blocks) {
    registry::enable();
    auto [deferred, resolver] = makeDeferred<void>();
    Scope scope;
    scope.add(std::move(deferred).addCallback([] {}));
    const bool done = succeeds(blocks, [] { EXPECT_EQ(registry::pending().size(), 1u); });
    const bool places = succeeds(blocks, [&] { EXPECT_EQ(scope.sites().size(), 1u); });
    EXPECT_EQ(places, blocks > 0 || !heap::counts);
    registry::enable(false);
    resolver.callback();
    return done;
  });
}

TEST(NoMemory, toSayWhatAScopeLeavesBehindLeavesADifferentWarning) {
  auto [running, resolver] = makeDeferred<void>();
  std::optional<Scope> scope(std::in_place);
  scope->add(std::move(running));
  ::testing::internal::CaptureStderr();
  {
    const heap::Limit limit(0);
    scope.reset();
  }
  resolver.callback();
  EXPECT_NE(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace hawser
