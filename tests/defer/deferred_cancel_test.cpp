#include <hawser/defer/deferred.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

const std::string cancelled = "!CancelledError: the Deferred was cancelled";

TEST(Cancel, failsTheDeferredWithCancelledError) {
  auto [deferred, resolver] = makeDeferred<int>();
  deferred.cancel();
  EXPECT_EQ(outcome(deferred), cancelled);
  consume(std::move(deferred));
}

TEST(Cancel, runsTheHandlersBeforeItReturns) {
  auto [deferred, resolver] = makeDeferred<int>();
  bool caught = false;
  deferred.addErrback([&](const CancelledError&) {
    caught = true;
    return 0;
  });
  deferred.cancel();
  EXPECT_TRUE(caught);
}

TEST(Cancel, doesNothingToAResultThatIsThere) {
  for (const bool big : {true, false}) {
    auto [deferred, resolver] = makeDeferred<std::string>();
    CancelHandle keepsItInANode;
    if (big) keepsItInANode = deferred.cancelHandle();
    resolver.callback("kept");
    deferred.cancel();
    EXPECT_EQ(outcome(deferred), "kept");
  }
}

TEST(Cancel, ofADeferredThatWasMovedFromThrows) {
  Deferred<int> from = succeed(1);
  const Deferred<int> to = std::move(from);
  EXPECT_THROW(from.cancel(), EmptyDeferredError);
}

TEST(Cancel, letsOneLateFiringPassUnnoticedWithoutACanceller) {
  const auto fireLate = [](bool withValue) {
    auto [deferred, resolver] = makeDeferred<int>();
    deferred.cancel();
    if (withValue)
      resolver.callback(1);
    else
      resolver.errback(Oops());
    EXPECT_EQ(outcome(deferred), cancelled);
    EXPECT_THROW(resolver.callback(2), AlreadyCalledError);
    EXPECT_THROW(resolver.errback(Oops()), AlreadyCalledError);
    consume(std::move(deferred));
  };
  fireLate(true);
  fireLate(false);
}

TEST(Cancel, letsNoLateFiringPassAfterACancellerHasRun) {
  auto [deferred, resolver] = makeDeferred<int>([] {});
  deferred.cancel();
  EXPECT_THROW(resolver.callback(1), AlreadyCalledError);
  EXPECT_EQ(outcome(deferred), cancelled);
  consume(std::move(deferred));
}

TEST(Cancel, letsNoLateFiringPassAfterAFiredDeferredWasCancelled) {
  auto [deferred, resolver] = makeDeferred<int>();
  resolver.callback(1);
  deferred.cancel();
  EXPECT_THROW(resolver.callback(2), AlreadyCalledError);
}

TEST(Cancel, twiceIsTheSameAsOnce) {
  int calls = 0;
  auto [deferred, resolver] = makeDeferred<int>([&] { ++calls; });
  deferred.cancel();
  deferred.cancel();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(outcome(deferred), cancelled);
  consume(std::move(deferred));
}

TEST(Cancel, letsTheLateResolverGoSilently) {
  const LogWatcher log;
  {
    auto [deferred, resolver] = makeDeferred<int>();
    deferred.cancel();
    consume(std::move(deferred));
  }
  EXPECT_TRUE(log.unhandled().empty());
}

TEST(Canceller, takesTheResolverOrNothing) {
  bool withResolver = false, withNothing = false;
  auto [a, resolveA] = makeDeferred<int>(
      [&](Resolver<int>& resolver) { withResolver = static_cast<bool>(resolver); });
  auto [b, resolveB] = makeDeferred<int>([&] { withNothing = true; });
  a.cancel();
  b.cancel();
  EXPECT_TRUE(withResolver);
  EXPECT_TRUE(withNothing);
  consume(std::move(a));
  consume(std::move(b));
}

TEST(Canceller, isNotCalledWhenTheDeferredHasFired) {
  bool called = false;
  auto [deferred, resolver] = makeDeferred<int>([&] { called = true; });
  resolver.callback(1);
  deferred.cancel();
  EXPECT_FALSE(called);
}

TEST(Canceller, mayFireWithAValue) {
  auto [deferred, resolver] = makeDeferred<int>([](Resolver<int>& it) { it.callback(42); });
  deferred.cancel();
  EXPECT_EQ(outcome(deferred), "42");
}

TEST(Canceller, mayFireWithAFailureOfItsOwn) {
  auto [deferred, resolver] = makeDeferred<int>([](Resolver<int>& it) { it.errback(Oops()); });
  deferred.cancel();
  EXPECT_EQ(outcome(deferred), "!Oops: oops");
  consume(std::move(deferred));
}

TEST(Canceller, mayFireTheResolverThatTheWorkHolds) {
  std::optional<Resolver<int>> work;
  auto [deferred, resolver] = makeDeferred<int>([&] { work->callback(42); });
  work = std::move(resolver);
  deferred.cancel();
  EXPECT_EQ(outcome(deferred), "42");
}

TEST(Canceller, makesFurtherFiringThrowIfItFired) {
  auto [deferred, resolver] = makeDeferred<int>([](Resolver<int>& it) { it.callback(42); });
  deferred.cancel();
  EXPECT_THROW(resolver.callback(1), AlreadyCalledError);
  EXPECT_EQ(outcome(deferred), "42");
}

TEST(Canceller, thatFiresTwiceGetsAlreadyCalledError) {
  auto [deferred, resolver] = makeDeferred<int>([](Resolver<int>& it) {
    it.callback(1);
    it.callback(2);
  });
  EXPECT_THROW(deferred.cancel(), AlreadyCalledError);
  EXPECT_EQ(outcome(deferred), "1");
}

TEST(Canceller, thatThrowsLeavesTheDeferredUnfiredAndCancellable) {
  int calls = 0;
  auto [deferred, resolver] = makeDeferred<int>([&] {
    if (++calls == 1) throw Oops();
  });
  EXPECT_THROW(deferred.cancel(), Oops);
  EXPECT_EQ(outcome(deferred), "pending");
  deferred.cancel();
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(outcome(deferred), cancelled);
  consume(std::move(deferred));
}

TEST(Canceller, thatThrowsLeavesTheResolverUsable) {
  auto [deferred, resolver] = makeDeferred<int>([] { throw Oops(); });
  EXPECT_THROW(deferred.cancel(), Oops);
  resolver.callback(3);
  EXPECT_EQ(outcome(deferred), "3");
}

TEST(Canceller, thatCancelsAgainIsNotEnteredTwice) {
  int calls = 0;
  std::optional<Deferred<int>> self;
  auto [deferred, resolver] = makeDeferred<int>([&] {
    ++calls;
    self->cancel();
  });
  self = std::move(deferred);
  self->cancel();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(outcome(*self), cancelled);
  consume(*std::move(self));
}

TEST(Canceller, mayKeepTheResolverThatItIsGiven) {
  Resolver<int> kept;
  auto [deferred, resolver] = makeDeferred<int>([&](Resolver<int>& it) { kept = std::move(it); });
  deferred.cancel();
  EXPECT_EQ(outcome(deferred), cancelled);
  EXPECT_THROW(kept.callback(1), AlreadyCalledError);
  consume(std::move(deferred));
}

TEST(Canceller, mayDestroyTheResolverOfTheWork) {
  const LogWatcher log;
  std::optional<Resolver<int>> work;
  auto [deferred, resolver] = makeDeferred<int>([&] { work.reset(); });
  work = std::move(resolver);
  deferred.cancel();
  EXPECT_EQ(outcome(deferred), cancelled);
  consume(std::move(deferred));
  EXPECT_TRUE(log.unhandled().empty());
}

TEST(Canceller, mayDestroyTheDeferred) {
  const LogWatcher log;
  std::optional<Deferred<int>> self;
  auto [deferred, resolver] = makeDeferred<int>([&] { self.reset(); });
  self = std::move(deferred);
  self->cancelHandle().cancel();
  EXPECT_EQ(log.unhandled(), (std::vector<std::string>{cancelled.substr(1)}));
}

TEST(Canceller, thatDestroyedTheResolverAndThrewAbandonsTheDeferred) {
  std::optional<Resolver<int>> work;
  auto [deferred, resolver] = makeDeferred<int>([&] {
    work.reset();
    throw Oops();
  });
  work = std::move(resolver);
  EXPECT_THROW(deferred.cancel(), Oops);
  ASSERT_NE(deferred.peekFailure(), nullptr);
  EXPECT_TRUE(deferred.peekFailure()->check<AbandonedError>());
  consume(std::move(deferred));
}

TEST(Canceller, isDestroyedOnceTheDeferredHasFired) {
  int alive = 0;
  auto [fired, fire] = makeDeferred<int>([counted = Counted(alive)] {});
  auto [failed, failIt] = makeDeferred<int>([counted = Counted(alive)] {});
  auto [stopped, unused] = makeDeferred<int>([counted = Counted(alive)] {});
  EXPECT_EQ(alive, 3);
  fire.callback(1);
  EXPECT_EQ(alive, 2);
  failIt.errback(Oops());
  EXPECT_EQ(alive, 1);
  stopped.cancel();
  EXPECT_EQ(alive, 0);
  consume(std::move(failed));
  consume(std::move(stopped));
}

TEST(Canceller, mayOwnWhatOwnsTheDeferred) {
  struct Owner {
    std::optional<Deferred<int>> deferred;
  };
  for (const bool withValue : {true, false}) {
    const LogWatcher log;
    auto owner = std::make_shared<Owner>();
    auto [deferred, resolver] = makeDeferred<int>([owner] {});
    owner->deferred = std::move(deferred);
    owner.reset();
    if (withValue)
      resolver.callback(1);
    else
      resolver.errback(Oops());
    EXPECT_EQ(log.unhandled().size(), withValue ? 0u : 1u);
  }
}

TEST(Cancel, ofAWaitingChainCancelsWhatItWaitsFor) {
  auto [inner, resolver] = makeDeferred<int>();
  Deferred<int> outer = succeed(0)
                            .addCallback([&](int) { return std::move(inner); })
                            .addErrback([](const CancelledError&) { return 7; });
  outer.cancel();
  EXPECT_EQ(outcome(outer), "7");
}

TEST(Cancel, reachesTheInnermostWait) {
  std::vector<std::string> seen;
  auto [innermost, resolveInnermost] = makeDeferred<int>([&] { seen.push_back("innermost"); });
  auto [middle, resolveMiddle] = makeDeferred<int>([&] { seen.push_back("middle"); });
  auto [outer, resolveOuter] = makeDeferred<int>([&] { seen.push_back("outer"); });
  middle.addCallback([&](int) { return std::move(innermost); });
  outer.addCallback([&](int) { return std::move(middle); });
  resolveOuter.callback(1);
  resolveMiddle.callback(2);
  outer.cancel();
  EXPECT_EQ(seen, (std::vector<std::string>{"innermost"}));
  EXPECT_EQ(outcome(outer), cancelled);
  consume(std::move(outer));
}

TEST(Cancel, isLostOnAChainWhoseHandlerRuns) {
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int>* self = nullptr;
  Deferred<int> chain = std::move(deferred).addCallback([&](int value) {
    self->cancel();
    return value;
  });
  self = &chain;
  resolver.callback(1);
  EXPECT_EQ(outcome(chain), "1");
}

TEST(Cancel, isLostOnAReadyDeferredWhoseHandlerRuns) {
  Deferred<int> deferred = succeed(1);
  deferred.addCallback([&](int value) {
    deferred.cancel();
    return value;
  });
  EXPECT_EQ(outcome(deferred), "1");
}

TEST(Cancel, ofADeferredThatIsBeingAbandonedRunsItsCanceller) {
  for (const bool withCanceller : {true, false}) {
    bool called = false;
    auto [deferred, resolver] =
        withCanceller ? makeDeferred<int>([&] { called = true; }) : makeDeferred<int>();
    std::optional<Resolver<int>> work = std::move(resolver);
    Deferred<std::string> inHandler = succeed(1).addCallback([&](int) {
      work.reset();
      deferred.cancel();
      return outcome(deferred);
    });
    EXPECT_EQ(outcome(inHandler), cancelled);
    EXPECT_EQ(called, withCanceller);
    consume(std::move(deferred));
  }
}

TEST(Cancel, keepsAPausedResultBack) {
  auto [deferred, resolver] = makeDeferred<int>();
  deferred.pause();
  deferred.cancel();
  EXPECT_EQ(outcome(deferred), "paused");
  deferred.unpause();
  EXPECT_EQ(outcome(deferred), cancelled);
  consume(std::move(deferred));
}

}  // namespace
}  // namespace hawser
