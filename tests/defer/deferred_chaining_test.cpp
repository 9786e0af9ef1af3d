#include <hawser/defer/deferred.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

TEST(Chaining, waitsForTheDeferredThatAHandlerReturned) {
  for (const bool outerReady : {true, false}) {
    auto [inner, resolveInner] = makeDeferred<std::string>();
    auto [first, fire] = makeDeferred<int>();
    if (outerReady) fire.callback(1);
    std::string seen;
    Deferred<std::string> outer = std::move(first)
                                      .addCallback([&](int) { return std::move(inner); })
                                      .addCallback([&](std::string text) {
                                        seen = text;
                                        return text + "!";
                                      });
    if (!outerReady) fire.callback(1);
    EXPECT_EQ(outcome(outer), "pending");
    EXPECT_EQ(seen, "");
    resolveInner.callback("done");
    EXPECT_EQ(seen, "done");
    EXPECT_EQ(outcome(outer), "done!");
  }
}

TEST(Chaining, goesOnAtOnceWhenTheReturnedDeferredHasFired) {
  for (const bool outerReady : {true, false}) {
    auto [first, fire] = makeDeferred<int>();
    if (outerReady) fire.callback(1);
    Deferred<int> outer =
        std::move(first).addCallback([](int value) { return succeed(value + 1); });
    if (!outerReady) fire.callback(1);
    EXPECT_EQ(outcome(outer), "2");
  }
}

TEST(Chaining, goesOnWithTheFailureOfTheReturnedDeferred) {
  for (const bool innerReady : {true, false}) {
    auto [inner, resolveInner] = makeDeferred<int>();
    if (innerReady) resolveInner.errback(Oops());
    std::string seen;
    Deferred<int> outer = succeed(1)
                              .addCallback([&](int) { return std::move(inner); })
                              .addErrback([&](const Oops& oops) {
                                seen = oops.what();
                                return 0;
                              });
    if (!innerReady) resolveInner.errback(Oops());
    EXPECT_EQ(seen, "oops");
    EXPECT_EQ(outcome(outer), "0");
  }
}

TEST(Chaining, runsTheHandlersOfTheReturnedChainFirst) {
  std::vector<std::string> seen;
  auto [inner, resolveInner] = makeDeferred<int>();
  auto innerChain = std::move(inner).addCallback([&](int value) {
    seen.push_back("inner");
    return value * 2;
  });
  Deferred<int> outer = succeed(1)
                            .addCallback([&](int) { return std::move(innerChain); })
                            .addCallback([&](int value) {
                              seen.push_back("outer");
                              return value + 1;
                            });
  resolveInner.callback(20);
  EXPECT_EQ(seen, (std::vector<std::string>{"inner", "outer"}));
  EXPECT_EQ(outcome(outer), "41");
}

TEST(Chaining, worksOnTheErrbackLane) {
  for (const bool outerReady : {true, false}) {
    auto [inner, resolveInner] = makeDeferred<int>();
    auto [first, fire] = makeDeferred<int>();
    if (outerReady) fire.errback(Oops());
    Deferred<int> outer =
        std::move(first).addErrback([&](const Failure&) { return std::move(inner); });
    if (!outerReady) fire.errback(Oops());
    EXPECT_EQ(outcome(outer), "pending");
    resolveInner.callback(5);
    EXPECT_EQ(outcome(outer), "5");
  }
}

TEST(Chaining, worksOnBothLanesAtOnce) {
  for (const bool fails : {true, false}) {
    auto [inner, resolveInner] = makeDeferred<int>();
    auto [first, fire] = makeDeferred<int>();
    Deferred<int> outer =
        std::move(first).addBoth([&](const Result<int>&) { return std::move(inner); });
    if (fails)
      fire.errback(Oops());
    else
      fire.callback(1);
    resolveInner.callback(5);
    EXPECT_EQ(outcome(outer), "5");
  }
}

TEST(Chaining, worksForDeferredsWithoutValues) {
  auto [inner, resolveInner] = makeDeferred<void>();
  bool ran = false;
  Deferred<void> outer =
      succeed().addCallback([&] { return std::move(inner); }).addCallback([&] { ran = true; });
  EXPECT_FALSE(ran);
  resolveInner.callback();
  EXPECT_TRUE(ran);
}

TEST(Chaining, letsBranchesReturnAValueAFailureAResultOrADeferred) {
  const auto branch = [](int which) -> Deferred<int> {
    switch (which) {
      case 0:
        return 10;
      case 1:
        return Failure(Oops());
      case 2:
        return Result<int>(12);
      case 3:
        return succeed(13);
      default:
        throw Oops("thrown");
    }
  };
  const char* const expected[] = {"10", "!Oops: oops", "12", "13", "!Oops: thrown"};
  for (const bool ready : {true, false}) {
    for (int which = 0; which < 5; ++which) {
      auto [first, fire] = makeDeferred<int>();
      if (ready) fire.callback(which);
      Deferred<int> outer = std::move(first).addCallback(branch);
      if (!ready) fire.callback(which);
      EXPECT_EQ(outcome(outer), expected[which]);
      consume(std::move(outer));
    }
  }
}

TEST(Chaining, failsWhenAHandlerReturnsADeferredThatWasMovedFrom) {
  for (const bool ready : {true, false}) {
    auto [first, fire] = makeDeferred<int>();
    if (ready) fire.callback(1);
    Deferred<int> gone = succeed(1);
    const Deferred<int> taken = std::move(gone);
    Deferred<int> outer = std::move(first).addCallback([&](int) { return std::move(gone); });
    if (!ready) fire.callback(1);
    ASSERT_NE(outer.peekFailure(), nullptr);
    EXPECT_TRUE(outer.peekFailure()->check<EmptyDeferredError>());
    consume(std::move(outer));
  }
}

TEST(Chaining, failsWhenAHandlerReturnsAPausedDeferredSinceNobodyCouldUnpauseIt) {
  for (const bool innerReady : {true, false}) {
    auto [inner, resolveInner] = makeDeferred<int>();
    if (innerReady) resolveInner.callback(1);
    inner.pause();
    Deferred<int> outer = succeed(1).addCallback([&](int) { return std::move(inner); });
    ASSERT_NE(outer.peekFailure(), nullptr);
    EXPECT_TRUE(outer.peekFailure()->check<PausedError>());
    if (!innerReady) resolveInner.callback(1);
    consume(std::move(outer));
  }
}

TEST(Chaining, takesOverADeferredThatWasUnpausedBefore) {
  auto [inner, resolveInner] = makeDeferred<int>();
  inner.pause();
  inner.unpause();
  Deferred<int> outer = succeed(1).addCallback([&](int) { return std::move(inner); });
  resolveInner.callback(5);
  EXPECT_EQ(outcome(outer), "5");
}

TEST(Chaining, acceptsHandlersOnTheOuterChainWhileItWaits) {
  for (const bool outerReady : {true, false}) {
    auto [inner, resolveInner] = makeDeferred<int>();
    auto [first, fire] = makeDeferred<int>();
    if (outerReady) fire.callback(1);
    Deferred<int> outer = std::move(first).addCallback([&](int) { return std::move(inner); });
    if (!outerReady) fire.callback(1);
    outer.addCallback([](int value) { return value + 1; });
    Deferred<std::string> text =
        std::move(outer).addCallback([](int value) { return std::to_string(value) + "!"; });
    resolveInner.callback(5);
    EXPECT_EQ(outcome(text), "6!");
  }
}

TEST(Chaining, runsOnWhenTheOuterDeferredIsDroppedWhileItWaits) {
  for (const bool outerReady : {true, false}) {
    auto [inner, resolveInner] = makeDeferred<int>();
    int seen = 0;
    {
      auto [first, fire] = makeDeferred<int>();
      if (outerReady) fire.callback(1);
      const Deferred<void> dropped = std::move(first)
                                         .addCallback([&](int) { return std::move(inner); })
                                         .addCallback([&](int value) { seen = value; });
      if (!outerReady) fire.callback(1);
    }
    resolveInner.callback(5);
    EXPECT_EQ(seen, 5);
  }
}

TEST(Chaining, removesTheLinkOfADroppedChainAndStillRunsTheRest) {
  auto [first, fire] = makeDeferred<int>();
  auto [inner, resolveInner] = makeDeferred<int>();
  auto [last, resolveLast] = makeDeferred<void>();
  int seen = 0;
  {
    const Deferred<void> dropped = std::move(first).addCallback([&](int) -> Deferred<void> {
      return std::move(inner).addCallback([&](int value) -> Deferred<void> {
        seen = value;
        return std::move(last).addCallback([&] { ++seen; });
      });
    });
  }
  fire.callback(1);
  resolveInner.callback(10);
  EXPECT_EQ(seen, 10);
  resolveLast.callback();
  EXPECT_EQ(seen, 11);
}

TEST(Chaining, freesTheHandlerThatReturnedADeferredWithoutWaiting) {
  int alive = 0;
  auto [inner, resolveInner] = makeDeferred<int>();
  auto [first, fire] = makeDeferred<int>();
  Deferred<int> outer = std::move(first).addCallback(
      [counted = Counted(alive), &wait = inner](int) { return std::move(wait); });
  EXPECT_EQ(alive, 1);
  fire.callback(1);
  EXPECT_EQ(alive, 0);
  resolveInner.callback(2);
  EXPECT_EQ(outcome(outer), "2");
}

TEST(Chaining, survivesThatACaptureFiresWhatWasReturnedAsItGoes) {
  struct FiresAsItGoes {
    Resolver<int> resolver;
    explicit FiresAsItGoes(Resolver<int> it) : resolver(std::move(it)) {}
    FiresAsItGoes(FiresAsItGoes&&) = default;
    ~FiresAsItGoes() {
      if (resolver) resolver.callback(5);
    }
  };
  for (const bool outerReady : {true, false}) {
    auto [inner, resolveInner] = makeDeferred<int>();
    auto [first, fire] = makeDeferred<int>();
    if (outerReady) fire.callback(1);
    Deferred<int> outer =
        std::move(first).addCallback([fires = FiresAsItGoes(std::move(resolveInner)),
                                      &wait = inner](int) { return std::move(wait); });
    if (!outerReady) fire.callback(1);
    EXPECT_EQ(outcome(outer), "5");
  }
}

TEST(Chaining, passesResultsUpThroughManyChainsInWhateverOrderTheyAreFired) {
  for (const bool innermostFirst : {true, false}) {
    std::vector<Resolver<int>> resolvers;
    Deferred<int> outer = succeed(0);
    for (int i = 0; i < 10; ++i) {
      auto [deferred, resolver] = makeDeferred<int>();
      resolvers.push_back(std::move(resolver));
      outer = std::move(deferred).addCallback(
          [waited = std::make_shared<Deferred<int>>(std::move(outer)), i](int) {
            return std::move(*waited).addCallback([i](int value) { return value * 2 + i % 2; });
          });
    }
    if (!innermostFirst) std::reverse(resolvers.begin(), resolvers.end());
    for (auto& resolver : resolvers) resolver.callback(1);
    EXPECT_EQ(outcome(outer), "341");
  }
}

TEST(ChainDeferred, handsTheResultOn) {
  for (const bool fails : {true, false}) {
    auto [target, targetResolver] = makeDeferred<int>();
    auto [source, resolver] = makeDeferred<int>();
    Deferred<void> rest = std::move(source).chainDeferred(std::move(targetResolver));
    if (fails)
      resolver.errback(Oops());
    else
      resolver.callback(5);
    EXPECT_EQ(outcome(target), fails ? "!Oops: oops" : "5");
    EXPECT_EQ(outcome(rest), "nothing");
    consume(std::move(target));
  }
}

TEST(ChainDeferred, putsAlreadyCalledErrorIntoTheSourceIfTheTargetHasFired) {
  auto [target, targetResolver] = makeDeferred<int>([](Resolver<int>& it) { it.callback(1); });
  auto [source, resolver] = makeDeferred<int>();
  Deferred<void> rest = std::move(source).chainDeferred(std::move(targetResolver));
  target.cancel();
  resolver.callback(5);
  EXPECT_EQ(outcome(target), "1");
  ASSERT_NE(rest.peekFailure(), nullptr);
  EXPECT_TRUE(rest.peekFailure()->check<AlreadyCalledError>());
  consume(std::move(rest));
}

TEST(ChainDeferred, passesUnnoticedIfTheTargetWasCancelled) {
  auto [target, targetResolver] = makeDeferred<int>();
  auto [source, resolver] = makeDeferred<int>();
  Deferred<void> rest = std::move(source).chainDeferred(std::move(targetResolver));
  target.cancel();
  resolver.callback(5);
  EXPECT_EQ(outcome(target), "!CancelledError: the Deferred was cancelled");
  EXPECT_EQ(outcome(rest), "nothing");
  consume(std::move(target));
}

TEST(ChainDeferred, abandonsTheTargetIfTheSourceIsAbandoned) {
  auto [target, targetResolver] = makeDeferred<int>();
  {
    auto [source, resolver] = makeDeferred<int>();
    std::move(source).chainDeferred(std::move(targetResolver));
  }
  ASSERT_NE(target.peekFailure(), nullptr);
  EXPECT_TRUE(target.peekFailure()->check<AbandonedError>());
  consume(std::move(target));
}

}  // namespace
}  // namespace hawser
