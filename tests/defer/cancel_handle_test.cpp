#include <hawser/defer/deferred.h>

#include <hawser/defer/coroutine.h>
#include <hawser/defer/deferred_list.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

const std::string cancelled = "!CancelledError: the Deferred was cancelled";

/// Deferreds with a canceller that says which one was cancelled.
struct Cancellers {
  std::vector<std::string> seen;

  DeferredPair<int> make(std::string name) {
    return makeDeferred<int>([this, name] { seen.push_back(name); });
  }
};

TEST(CancelHandle, cancelsAsTheDeferredItselfWould) {
  Cancellers cancellers;
  auto [deferred, resolver] = cancellers.make("it");
  const CancelHandle handle = deferred.cancelHandle();
  EXPECT_TRUE(handle);
  handle.cancel();
  EXPECT_EQ(cancellers.seen, (std::vector<std::string>{"it"}));
  EXPECT_EQ(outcome(deferred), cancelled);
  consume(std::move(deferred));
}

TEST(CancelHandle, standsForNothingAtFirst) {
  const CancelHandle handle;
  EXPECT_FALSE(handle);
  handle.cancel();
}

TEST(CancelHandle, mayBeUsedAnyNumberOfTimes) {
  Cancellers cancellers;
  auto [deferred, resolver] = cancellers.make("it");
  const CancelHandle handle = deferred.cancelHandle();
  handle.cancel();
  handle.cancel();
  consume(std::move(deferred));
  handle.cancel();
  EXPECT_EQ(cancellers.seen.size(), 1u);
}

TEST(CancelHandle, copiesStandForTheSameChain) {
  Cancellers cancellers;
  auto [deferred, resolver] = cancellers.make("it");
  CancelHandle copy;
  {
    const CancelHandle handle = deferred.cancelHandle();
    copy = handle;
  }
  CancelHandle moved = std::move(copy);
  moved.cancel();
  EXPECT_EQ(cancellers.seen.size(), 1u);
  consume(std::move(deferred));
}

TEST(CancelHandle, doesNotKeepTheChainAlive) {
  int alive = 0;
  CancelHandle handle;
  {
    auto [deferred, resolver] = makeDeferred<int>();
    Deferred<int> chain =
        std::move(deferred).addCallback([counted = Counted(alive)](int value) { return value; });
    handle = chain.cancelHandle();
    resolver.callback(1);
  }
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(handle);
  handle.cancel();
}

TEST(CancelHandle, mayDieBeforeAndAfterOthersOfTheSameChain) {
  auto [deferred, resolver] = makeDeferred<int>();
  CancelHandle first = deferred.cancelHandle();
  std::optional<CancelHandle> second = deferred.cancelHandle();
  CancelHandle third = deferred.cancelHandle();
  second.reset();
  first = CancelHandle();
  third.cancel();
  EXPECT_EQ(outcome(deferred), cancelled);
  consume(std::move(deferred));
}

TEST(CancelHandle, canBeTakenOfAReadyDeferredAndThenDoesNothing) {
  Deferred<int> deferred = succeed(1);
  const CancelHandle handle = deferred.cancelHandle();
  handle.cancel();
  EXPECT_EQ(outcome(deferred), "1");
  EXPECT_EQ(outcome(std::move(deferred).addCallback([](int value) { return value + 1; })), "2");
}

TEST(CancelHandle, ofADeferredThatWasMovedFromIsRefused) {
  Deferred<int> from = succeed(1);
  const Deferred<int> to = std::move(from);
  EXPECT_THROW(static_cast<void>(from.cancelHandle()), EmptyDeferredError);
}

TEST(CancelHandle, followsTheChainAsHandlersAreAdded) {
  Cancellers cancellers;
  auto [inner, resolveInner] = cancellers.make("inner");
  auto [deferred, resolver] = cancellers.make("outer");
  const CancelHandle handle = deferred.cancelHandle();
  Deferred<int> chain = std::move(deferred).addCallback([&](int) { return std::move(inner); });
  resolver.callback(1);
  handle.cancel();
  EXPECT_EQ(cancellers.seen, (std::vector<std::string>{"inner"}));
  EXPECT_EQ(outcome(chain), cancelled);
  consume(std::move(chain));
}

TEST(CancelHandle, followsADeferredThatIsMoved) {
  auto [deferred, resolver] = makeDeferred<int>();
  const CancelHandle handle = deferred.cancelHandle();
  Deferred<int> moved = std::move(deferred);
  handle.cancel();
  EXPECT_EQ(outcome(moved), cancelled);
  consume(std::move(moved));
}

TEST(CancelHandle, cancelsADroppedChain) {
  const LogWatcher log;
  Cancellers cancellers;
  CancelHandle handle;
  auto [deferred, resolver] = cancellers.make("it");
  {
    const Deferred<int> dropped = std::move(deferred).addErrback([](const Failure&) { return 0; });
    CancelHandle taken = const_cast<Deferred<int>&>(dropped).cancelHandle();
    handle = taken;
  }
  handle.cancel();
  EXPECT_EQ(cancellers.seen.size(), 1u);
  EXPECT_FALSE(handle);
}

TEST(CancelHandle, cancelsAChainThatWasReturnedFromAHandler) {
  for (const bool outerReady : {true, false}) {
    Cancellers cancellers;
    auto [inner, resolveInner] = cancellers.make("inner");
    const CancelHandle handle = inner.cancelHandle();
    auto [first, fire] = makeDeferred<int>();
    if (outerReady) fire.callback(1);
    Deferred<int> outer = std::move(first).addCallback([&](int) { return std::move(inner); });
    if (!outerReady) fire.callback(1);
    handle.cancel();
    EXPECT_EQ(cancellers.seen, (std::vector<std::string>{"inner"}));
    EXPECT_EQ(outcome(outer), cancelled);
    EXPECT_FALSE(handle);
    consume(std::move(outer));
  }
}

TEST(CancelHandle, neverCancelsTheNextStepOfTheOuterChain) {
  for (const bool outerReady : {true, false}) {
    Cancellers cancellers;
    auto [inner, resolveInner] = cancellers.make("inner");
    auto [next, resolveNext] = cancellers.make("next");
    const CancelHandle handle = inner.cancelHandle();
    auto [first, fire] = makeDeferred<int>();
    if (outerReady) fire.callback(1);
    Deferred<int> outer =
        std::move(first).addCallback([&](int) { return std::move(inner); }).addCallback([&](int) {
          return std::move(next);
        });
    if (!outerReady) fire.callback(1);
    resolveInner.callback(2);
    handle.cancel();
    EXPECT_TRUE(cancellers.seen.empty());
    EXPECT_FALSE(handle);
    resolveNext.callback(3);
    EXPECT_EQ(outcome(outer), "3");
  }
}

TEST(CancelHandle, ofTheOuterChainCancelsTheNextStep) {
  for (const bool outerReady : {true, false}) {
    Cancellers cancellers;
    auto [inner, resolveInner] = cancellers.make("inner");
    auto [next, resolveNext] = cancellers.make("next");
    auto [first, fire] = makeDeferred<int>();
    if (outerReady) fire.callback(1);
    Deferred<int> outer = std::move(first).addCallback([&](int) { return std::move(inner); });
    const CancelHandle handle = outer.cancelHandle();
    outer = std::move(outer).addCallback([&](int) { return std::move(next); });
    if (!outerReady) fire.callback(1);
    resolveInner.callback(2);
    handle.cancel();
    EXPECT_EQ(cancellers.seen, (std::vector<std::string>{"next"}));
    consume(std::move(outer));
  }
}

TEST(CancelHandle, ofAnInnerChainThatGoesOnItselfReachesItsNextWaitWhenTheOuterWasDropped) {
  // The link of a dropped chain is removed when its handler returns another chain.
  Cancellers cancellers;
  auto [inner, resolveInner] = cancellers.make("inner");
  auto [second, resolveSecond] = cancellers.make("second");
  Deferred<int> innerChain = std::move(inner)
                                 .addCallback([&](int) { return std::move(second); })
                                 .addErrback([](const CancelledError&) { return 0; });
  const CancelHandle innerHandle = innerChain.cancelHandle();
  auto [first, fire] = makeDeferred<int>();
  CancelHandle outerHandle;
  {
    Deferred<int> outer = std::move(first).addCallback([&](int) { return std::move(innerChain); });
    outerHandle = outer.cancelHandle();
  }
  fire.callback(1);
  resolveInner.callback(2);
  EXPECT_TRUE(innerHandle);
  EXPECT_TRUE(outerHandle);
  outerHandle.cancel();
  EXPECT_EQ(cancellers.seen, (std::vector<std::string>{"second"}));
  EXPECT_FALSE(innerHandle);
  EXPECT_FALSE(outerHandle);
}

TEST(CancelHandle, reachesTheInnermostWaitThroughCollapsedChains) {
  Cancellers cancellers;
  auto [a, resolveA] = cancellers.make("a");
  auto [b, resolveB] = cancellers.make("b");
  auto [c, resolveC] = cancellers.make("c");
  Deferred<int> outer = std::move(a).addCallback(
      [&](int) { return std::move(b).addCallback([&](int) { return std::move(c); }); });
  const CancelHandle handle = outer.cancelHandle();
  resolveA.callback(1);
  resolveB.callback(2);
  handle.cancel();
  EXPECT_EQ(cancellers.seen, (std::vector<std::string>{"c"}));
  EXPECT_EQ(outcome(outer), cancelled);
  consume(std::move(outer));
}

TEST(CancelHandle, ofAnAwaitedChainStopsWorkingWhenTheCoroutineHasTheResult) {
  Cancellers cancellers;
  auto [first, resolveFirst] = cancellers.make("first");
  auto [second, resolveSecond] = cancellers.make("second");
  const CancelHandle handle = first.cancelHandle();
  const auto body = [](Deferred<int> a, Deferred<int> b) -> Deferred<int> {
    const int sum = co_await std::move(a);
    co_return sum + co_await std::move(b);
  };
  Deferred<int> result = body(std::move(first), std::move(second));
  EXPECT_TRUE(handle);
  resolveFirst.callback(1);
  EXPECT_FALSE(handle);
  handle.cancel();
  EXPECT_TRUE(cancellers.seen.empty());
  resolveSecond.callback(2);
  EXPECT_EQ(outcome(result), "3");
}

TEST(CancelHandle, ofAnAwaitedChainThrowsInsideTheCoroutine) {
  Cancellers cancellers;
  auto [first, resolveFirst] = cancellers.make("first");
  const CancelHandle handle = first.cancelHandle();
  const auto body = [](Deferred<int> a) -> Deferred<int> {
    const Result<int> result = co_await std::move(a).asResult();
    co_return result ? *result : -1;
  };
  Deferred<int> result = body(std::move(first));
  handle.cancel();
  EXPECT_EQ(outcome(result), "-1");
}

TEST(CancelHandle, ofAMemberOfAListCancelsThatMemberOnly) {
  Cancellers cancellers;
  auto [a, resolveA] = cancellers.make("a");
  auto [b, resolveB] = cancellers.make("b");
  const CancelHandle handle = a.cancelHandle();
  std::vector<Deferred<int>> members;
  members.push_back(std::move(a));
  members.push_back(std::move(b));
  Deferred<std::vector<Result<int>>> list = deferredList(std::move(members), consumeErrors);
  handle.cancel();
  EXPECT_FALSE(handle);
  EXPECT_EQ(cancellers.seen, (std::vector<std::string>{"a"}));
  resolveB.callback(2);
  EXPECT_EQ(outcome(list), "[" + cancelled + ", 2]");
}

TEST(CancelHandle, isOverWhenTheChainHasEndedDetached) {
  auto [deferred, resolver] = makeDeferred<int>();
  CancelHandle handle;
  {
    Deferred<int> chain = std::move(deferred).addCallback([](int value) { return value; });
    handle = chain.cancelHandle();
  }
  EXPECT_TRUE(handle);
  resolver.callback(1);
  EXPECT_FALSE(handle);
}

TEST(CancelHandle, goesOnWorkingWhenAHandlerIsAddedToAChainThatHasItsResult) {
  Cancellers cancellers;
  auto [late, resolveLate] = cancellers.make("late");
  auto [deferred, resolver] = makeDeferred<int>();
  const CancelHandle handle = deferred.cancelHandle();
  resolver.callback(1);
  handle.cancel();
  Deferred<int> chain = std::move(deferred).addCallback([&](int) { return std::move(late); });
  handle.cancel();
  EXPECT_EQ(cancellers.seen, (std::vector<std::string>{"late"}));
  consume(std::move(chain));
}

TEST(CancelHandle, cancelsWhatAHandlerReturnedBeforeTheHandleWasTaken) {
  const LogWatcher log;
  auto [inner, resolveInner] = makeDeferred<int>();
  auto [first, fire] = makeDeferred<int>();
  Deferred<int> outer = std::move(first).addCallback([&](int) { return std::move(inner); });
  fire.callback(1);
  const CancelHandle handle = outer.cancelHandle();
  outer.addErrback([](const CancelledError&) { return 2; });
  handle.cancel();
  EXPECT_EQ(outcome(outer), "2");
}

TEST(CancelHandle, canBeTakenOfAReturnedChainThatIsPausedWithItsResult) {
  auto [inner, resolveInner] = makeDeferred<int>();
  auto [first, fire] = makeDeferred<int>();
  Deferred<int> outer = std::move(first).addCallback([&](int) { return std::move(inner); });
  fire.callback(1);
  outer.pause();
  resolveInner.callback(2);
  const CancelHandle handle = outer.cancelHandle();
  handle.cancel();
  outer.unpause();
  EXPECT_EQ(outcome(outer), "2");
}

TEST(CancelHandle, leavesNothingBehindWhenItDies) {
  const LogWatcher log;
  auto [deferred, resolver] = makeDeferred<int>();
  {
    const CancelHandle handle = deferred.cancelHandle();
  }
  resolver.callback(1);
  // A Deferred that holds its result itself notices that it is to wait for itself.
  deferred.addCallback([&](int) {
    return [](Deferred<int> own) -> Deferred<int> {
      co_return co_await std::move(own);
    }(std::move(deferred));
  });
  ASSERT_EQ(log.unhandled().size(), 1u);
  EXPECT_EQ(log.unhandled()[0].substr(0, 13), "SelfWaitError");
}

TEST(CancelHandle, throwsWhatTheCancellerThrows) {
  auto [deferred, resolver] = makeDeferred<int>([] { throw Oops(); });
  const CancelHandle handle = deferred.cancelHandle();
  EXPECT_THROW(handle.cancel(), Oops);
  EXPECT_TRUE(handle);
  resolver.callback(1);
  EXPECT_EQ(outcome(deferred), "1");
}

TEST(CancelHandle, mayDieInsideTheCancellerItCalls) {
  std::optional<CancelHandle> handle;
  auto [deferred, resolver] = makeDeferred<int>([&] { handle.reset(); });
  handle = deferred.cancelHandle();
  handle->cancel();
  EXPECT_EQ(outcome(deferred), cancelled);
  consume(std::move(deferred));
}

TEST(CancelHandle, takenInsideAHandlerOfAReadyDeferredStandsForThatChain) {
  Cancellers cancellers;
  auto [inner, resolveInner] = cancellers.make("inner");
  CancelHandle handle;
  Deferred<int> deferred = succeed(1);
  deferred.addCallback([&](int) {
    handle = deferred.cancelHandle();
    return std::move(inner);
  });
  EXPECT_EQ(outcome(deferred), "pending");
  handle.cancel();
  EXPECT_EQ(cancellers.seen, (std::vector<std::string>{"inner"}));
  EXPECT_EQ(outcome(deferred), cancelled);
  consume(std::move(deferred));
}

}  // namespace
}  // namespace hawser
