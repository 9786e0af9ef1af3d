#include <hawser/defer/deferred.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

TEST(Pause, keepsTheResultFromTheHandlersUntilItIsUndone) {
  auto [deferred, resolver] = makeDeferred<int>();
  std::vector<int> seen;
  deferred.addCallback([&](int value) {
    seen.push_back(value);
    return value + 1;
  });
  deferred.pause();
  resolver.callback(1);
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(outcome(deferred), "paused");
  deferred.unpause();
  EXPECT_EQ(seen, (std::vector<int>{1}));
  EXPECT_EQ(outcome(deferred), "2");
}

TEST(Pause, worksOnADeferredThatHasItsResult) {
  const auto check = [](Deferred<std::string> deferred, const std::string& expected) {
    deferred.pause();
    EXPECT_EQ(outcome(deferred), "paused");
    std::string seen;
    deferred.addBoth([&](Result<std::string> result) {
      seen = textOf(result);
      return result;
    });
    EXPECT_EQ(seen, "");
    deferred.unpause();
    EXPECT_EQ(seen, expected);
    consume(std::move(deferred));
  };
  check(succeed(std::string("text")), "text");
  check(fail<std::string>(Oops()), "!Oops: oops");
}

TEST(Pause, nests) {
  Deferred<int> deferred = succeed(1);
  deferred.pause();
  deferred.pause();
  deferred.unpause();
  EXPECT_EQ(outcome(deferred), "paused");
  deferred.unpause();
  EXPECT_EQ(outcome(deferred), "1");
}

TEST(Pause, isCountedForTheWholeChainWhereverHandlersAreAdded) {
  auto [deferred, resolver] = makeDeferred<int>();
  deferred.pause();
  Deferred<std::string> text = std::move(deferred)
                                   .addCallback([](int value) { return value + 1; })
                                   .addCallback([](int value) { return std::to_string(value); });
  text.pause();
  resolver.callback(1);
  text.unpause();
  EXPECT_EQ(outcome(text), "paused");
  text.unpause();
  EXPECT_EQ(outcome(text), "2");
}

TEST(Pause, undoneWithoutAPauseIsRefused) {
  Deferred<int> ready = succeed(1);
  EXPECT_THROW(ready.unpause(), NotPausedError);
  auto [pending, resolver] = makeDeferred<int>();
  EXPECT_THROW(pending.unpause(), NotPausedError);
  resolver.callback(1);
}

TEST(Pause, isRefusedAfter1023) {
  auto [deferred, resolver] = makeDeferred<int>();
  for (int i = 0; i < 1023; ++i) deferred.pause();
  EXPECT_THROW(deferred.pause(), std::length_error);
  for (int i = 0; i < 1023; ++i) deferred.unpause();
  resolver.callback(1);
  EXPECT_EQ(outcome(deferred), "1");
}

TEST(Pause, ofADeferredThatWasMovedFromIsRefused) {
  Deferred<int> from = succeed(1);
  const Deferred<int> to = std::move(from);
  EXPECT_THROW(from.pause(), EmptyDeferredError);
  EXPECT_THROW(from.unpause(), EmptyDeferredError);
}

TEST(Pause, holdsBackTheResultOfWhatTheChainWaitsFor) {
  for (const bool outerReady : {true, false}) {
    auto [inner, resolveInner] = makeDeferred<int>();
    auto [first, fire] = makeDeferred<int>();
    if (outerReady) fire.callback(1);
    Deferred<int> outer = std::move(first).addCallback([&](int) { return std::move(inner); });
    if (!outerReady) fire.callback(1);
    outer.pause();
    bool ran = false;
    outer.addCallback([&](int value) {
      ran = true;
      return value + 1;
    });
    EXPECT_EQ(outcome(outer), "pending");
    resolveInner.callback(5);
    EXPECT_FALSE(ran);
    EXPECT_EQ(outcome(outer), "paused");
    outer.unpause();
    EXPECT_TRUE(ran);
    EXPECT_EQ(outcome(outer), "6");
  }
}

TEST(Pause, undoneWhileTheChainStillWaitsChangesNothing) {
  for (const bool outerReady : {true, false}) {
    auto [inner, resolveInner] = makeDeferred<int>();
    auto [first, fire] = makeDeferred<int>();
    if (outerReady) fire.callback(1);
    Deferred<int> outer = std::move(first).addCallback([&](int) { return std::move(inner); });
    if (!outerReady) fire.callback(1);
    outer.pause();
    outer.unpause();
    EXPECT_EQ(outcome(outer), "pending");
    resolveInner.callback(5);
    EXPECT_EQ(outcome(outer), "5");
  }
}

TEST(Pause, beforeTheFirstHandlerRunsHoldsWhenThatHandlerReturnsADeferred) {
  auto [inner, resolveInner] = makeDeferred<int>();
  auto [first, fire] = makeDeferred<int>();
  Deferred<int> outer = std::move(first).addCallback([&](int) { return std::move(inner); });
  outer.pause();
  fire.callback(1);
  resolveInner.callback(5);
  EXPECT_EQ(outcome(outer), "paused");
  outer.unpause();
  EXPECT_EQ(outcome(outer), "5");
}

TEST(Pause, byAHandlerOfItsOwnChainDoesNotStopTheRestOfTheRun) {
  for (const bool ready : {true, false}) {
    auto [first, fire] = makeDeferred<int>();
    if (ready) fire.callback(1);
    Deferred<int> deferred = std::move(first);
    std::vector<std::string> seen;
    deferred.addCallback([&](int value) {
      seen.push_back("pauses");
      deferred.addCallback([&](int v) {
        seen.push_back("added by it");
        return v;
      });
      deferred.pause();
      return value;
    });
    if (!ready) fire.callback(1);
    EXPECT_EQ(seen, (std::vector<std::string>{"pauses", "added by it"}));
    EXPECT_EQ(outcome(deferred), "paused");
    deferred.addCallback([&](int v) {
      seen.push_back("added later");
      return v;
    });
    EXPECT_EQ(seen.size(), 2u);
    deferred.unpause();
    EXPECT_EQ(seen.size(), 3u);
  }
}

TEST(Pause, byAHandlerThatThenReturnsADeferredHoldsItsResult) {
  for (const bool ready : {true, false}) {
    auto [inner, resolveInner] = makeDeferred<int>();
    auto [first, fire] = makeDeferred<int>();
    if (ready) fire.callback(1);
    Deferred<int> deferred = std::move(first);
    deferred.addCallback([&](int) {
      deferred.pause();
      return std::move(inner);
    });
    if (!ready) fire.callback(1);
    resolveInner.callback(5);
    EXPECT_EQ(outcome(deferred), "paused");
    deferred.unpause();
    EXPECT_EQ(outcome(deferred), "5");
  }
}

TEST(Pause, pausedAndUnpausedByAHandlerDoesNotNestHandlers) {
  for (const bool ready : {true, false}) {
    auto [first, fire] = makeDeferred<int>();
    if (ready) fire.callback(1);
    Deferred<int> deferred = std::move(first);
    std::vector<std::string> seen;
    deferred.addCallback([&](int value) {
      seen.push_back("begins");
      deferred.addCallback([&](int v) {
        seen.push_back("next");
        return v;
      });
      deferred.pause();
      deferred.unpause();
      seen.push_back("ends");
      return value;
    });
    if (!ready) fire.callback(1);
    EXPECT_EQ(seen, (std::vector<std::string>{"begins", "ends", "next"}));
  }
}

TEST(Pause, keepsTheRestOfAChainThatIsDropped) {
  const LogWatcher log;
  int alive = 0;
  auto [deferred, resolver] = makeDeferred<int>();
  bool ran = false;
  {
    Deferred<int> chain =
        std::move(deferred).addCallback([&ran, counted = Counted(alive)](int value) {
          ran = true;
          return value;
        });
    chain.pause();
  }
  EXPECT_EQ(alive, 1);
  resolver.callback(1);
  EXPECT_FALSE(ran);
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(log.unhandled().empty());
}

TEST(Pause, reportsAFailureThatReachesAPausedChainWhichWasDropped) {
  const LogWatcher log;
  auto [deferred, resolver] = makeDeferred<int>();
  {
    Deferred<int> chain = std::move(deferred).addErrback([](const Failure&) { return 0; });
    chain.pause();
  }
  resolver.errback(Oops());
  EXPECT_EQ(log.unhandled(), (std::vector<std::string>{"Oops: oops"}));
}

TEST(Pause, reportsAFailureThatIsKeptInAPausedChainWhenThatIsDropped) {
  const LogWatcher log;
  {
    auto [deferred, resolver] = makeDeferred<int>();
    deferred.pause();
    resolver.errback(Oops());
    EXPECT_TRUE(log.unhandled().empty());
  }
  EXPECT_EQ(log.unhandled(), (std::vector<std::string>{"Oops: oops"}));
}

TEST(Pause, ofADroppedChainThatWaitsEndsWithWhatItWaitsFor) {
  const LogWatcher log;
  int alive = 0;
  for (const bool outerReady : {true, false}) {
    auto [inner, resolveInner] = makeDeferred<int>();
    {
      auto [first, fire] = makeDeferred<int>();
      if (outerReady) fire.callback(1);
      Deferred<int> outer =
          std::move(first)
              .addCallback([&](int) { return std::move(inner); })
              .addCallback([counted = Counted(alive)](int value) { return value; });
      if (!outerReady) fire.callback(1);
      outer.pause();
    }
    EXPECT_EQ(alive, 1);
    resolveInner.errback(Oops());
    EXPECT_EQ(alive, 0);
  }
  EXPECT_EQ(log.unhandled(), (std::vector<std::string>{"Oops: oops", "Oops: oops"}));
}

TEST(Pause, survivesThatTheDeferredIsDestroyedByAHandlerAfterUnpausing) {
  auto pair = makeDeferred<int>();
  auto deferred = std::make_unique<Deferred<int>>(std::move(pair.deferred));
  bool ran = false;
  deferred->addCallback([&](int value) {
    deferred.reset();
    ran = true;
    return value;
  });
  deferred->pause();
  pair.resolver.callback(1);
  deferred->unpause();
  EXPECT_TRUE(ran);
}

TEST(Pause, ofADroppedChainSurvivesThatACaptureCancelsItAsItGoes) {
  struct CancelsAsItGoes {
    CancelHandle handle;
    ~CancelsAsItGoes() { handle.cancel(); }
  };
  auto [deferred, resolver] = makeDeferred<int>();
  auto guard = std::make_shared<CancelsAsItGoes>();
  Deferred<int> chain = std::move(deferred)
                            .addCallback([](int value) { return value; })
                            .addCallback([guard](int value) { return value; })
                            .addCallback([](int value) { return value; });
  guard->handle = chain.cancelHandle();
  guard.reset();
  chain.pause();
  resolver.callback(1);
  {
    const Deferred<int> dropped = std::move(chain);
  }
}

}  // namespace
}  // namespace hawser
