#include <hawser/defer/deferred.h>

#include <hawser/defer/coroutine.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

using Reports = std::vector<std::string>;
const Reports none;
const Reports once{"Oops: oops"};

TEST(Unhandled, isAFailureThatIsDropped) {
  const LogWatcher log;
  {
    const Deferred<int> dropped = fail<int>(Oops());
  }
  EXPECT_EQ(log.unhandled(), once);
}

TEST(Unhandled, isReportedAtTheMomentWhenTheDeferredIsDropped) {
  const LogWatcher log;
  std::optional<Deferred<int>> deferred = fail<int>(Oops());
  EXPECT_EQ(log.unhandled(), none);
  deferred.reset();
  EXPECT_EQ(log.unhandled(), once);
}

TEST(Unhandled, isReportedAtTheMomentWhenADroppedChainEnds) {
  const LogWatcher log;
  auto [deferred, resolver] = makeDeferred<int>();
  {
    const Deferred<int> dropped = std::move(deferred).addCallback([](int value) { return value; });
  }
  EXPECT_EQ(log.unhandled(), none);
  resolver.errback(Oops());
  EXPECT_EQ(log.unhandled(), once);
}

TEST(Unhandled, isReportedOfEachKindOfDeferredThatIsDropped) {
  const LogWatcher log;
  const auto fired = [](auto prepare) {
    auto [deferred, resolver] = makeDeferred<int>();
    prepare(deferred);
    resolver.errback(Oops());
  };
  fired([](Deferred<int>&) {});
  fired([](Deferred<int>& deferred) { deferred.addCallback([](int value) { return value; }); });
  CancelHandle handle;
  fired([&](Deferred<int>& deferred) { handle = deferred.cancelHandle(); });
  {
    auto [big, resolver] = makeDeferred<std::array<char, 100>>();
    resolver.errback(Oops());
  }
  {
    const auto body = []() -> Deferred<int> {
      co_await succeed();
      throw Oops();
    };
    const Deferred<int> dropped = body();
  }
  EXPECT_EQ(log.unhandled(), Reports(5, "Oops: oops"));
}

TEST(Unhandled, isReportedWhenAnotherDeferredIsAssigned) {
  const LogWatcher log;
  Deferred<int> deferred = fail<int>(Oops());
  deferred = succeed(1);
  EXPECT_EQ(log.unhandled(), once);
}

TEST(Unhandled, isNotAFailureThatAnErrbackHandled) {
  const LogWatcher log;
  {
    const Deferred<int> dropped = fail<int>(Oops()).addErrback([](const Failure&) { return 0; });
  }
  {
    auto [deferred, resolver] = makeDeferred<int>();
    const Deferred<int> dropped = std::move(deferred).addErrback([](const Oops&) { return 0; });
    resolver.errback(Oops());
  }
  EXPECT_EQ(log.unhandled(), none);
}

TEST(Unhandled, isAFailureThatNoErrbackWasFor) {
  const LogWatcher log;
  {
    const Deferred<int> dropped =
        fail<int>(Oops()).addErrback([](const CancelledError&) { return 0; });
  }
  EXPECT_EQ(log.unhandled(), once);
}

TEST(Unhandled, isAFailureOfTheErrbackItself) {
  const LogWatcher log;
  {
    const Deferred<int> dropped =
        fail<int>(Oops()).addErrback([](const Failure&) -> int { throw WorseOops(); });
  }
  EXPECT_EQ(log.unhandled(), (Reports{"WorseOops: worse"}));
}

TEST(Unhandled, isNotAFailureThatIsLookedAtAndHandledLater) {
  const LogWatcher log;
  auto [deferred, resolver] = makeDeferred<int>();
  deferred.addCallback([](int value) { return value; });
  resolver.errback(Oops());
  EXPECT_NE(deferred.peekFailure(), nullptr);
  consume(std::move(deferred));
  EXPECT_EQ(log.unhandled(), none);
}

TEST(Unhandled, isNotAFailureThatAnotherChainTook) {
  const LogWatcher log;
  for (const bool ready : {true, false}) {
    auto [inner, resolver] = makeDeferred<int>();
    if (ready) resolver.errback(Oops());
    consume(succeed(1).addCallback([&](int) { return std::move(inner); }));
    if (!ready) resolver.errback(Oops());
  }
  EXPECT_EQ(log.unhandled(), none);
}

TEST(Unhandled, isReportedOnceForAnInnerChainAndADroppedOuterOne) {
  const LogWatcher log;
  for (const bool outerReady : {true, false}) {
    auto [inner, resolver] = makeDeferred<int>();
    {
      auto [first, fire] = makeDeferred<int>();
      if (outerReady) fire.callback(1);
      const Deferred<int> dropped =
          std::move(first).addCallback([&](int) { return std::move(inner); });
      if (!outerReady) fire.callback(1);
    }
    resolver.errback(Oops());
  }
  EXPECT_EQ(log.unhandled(), (Reports{"Oops: oops", "Oops: oops"}));
}

TEST(Unhandled, isNotAFailureThatChainDeferredHandedOn) {
  const LogWatcher log;
  auto [target, targetResolver] = makeDeferred<int>();
  std::move(fail<int>(Oops())).chainDeferred(std::move(targetResolver));
  EXPECT_EQ(log.unhandled(), none);
  consume(std::move(target));
  EXPECT_EQ(log.unhandled(), none);
}

TEST(Unhandled, isAFailureOfACoroutineThatNobodyWaitsFor) {
  const LogWatcher log;
  const auto body = [](Deferred<int> waited) -> Deferred<void> { co_await std::move(waited); };
  auto [wait, resolver] = makeDeferred<int>();
  {
    const Deferred<void> dropped = body(std::move(wait));
  }
  EXPECT_EQ(log.unhandled(), none);
  resolver.errback(Oops());
  EXPECT_EQ(log.unhandled(), once);
}

TEST(Unhandled, isReportedAsAnErrorWithTheFailureAndTellsWhatItIs) {
  std::vector<std::string> seen;
  const logging::Observation silence = logging::silenceStderr();
  const logging::Observation observer = logging::addObserver([&](const logging::Event& event) {
    EXPECT_EQ(event.level, logging::Level::error);
    EXPECT_EQ(event.kind, logging::EventKind::unhandled);
    seen.emplace_back(event.message);
    ASSERT_NE(event.failure, nullptr);
    EXPECT_TRUE(event.failure->check<Oops>());
  });
  {
    const Deferred<int> dropped = fail<int>(Oops());
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"Unhandled error in Deferred"}));
}

TEST(Unhandled, inAPausedChainHasAKindOfItsOwn) {
  std::vector<logging::EventKind> kinds;
  const logging::Observation silence = logging::silenceStderr();
  const logging::Observation observer =
      logging::addObserver([&](const logging::Event& event) { kinds.push_back(event.kind); });
  {
    // No run has seen this failure.
    auto [deferred, resolver] = makeDeferred<int>();
    deferred.pause();
    resolver.errback(Oops());
  }
  {
    // A run has.
    Deferred<int> deferred = fail<int>(Oops());
    deferred.pause();
  }
  EXPECT_EQ(kinds, (std::vector<logging::EventKind>{logging::EventKind::droppedWhilePaused,
                                                    logging::EventKind::unhandled}));
}

TEST(Unhandled, mayBeReportedToAnObserverThatUsesDeferreds) {
  const logging::Observation silence = logging::silenceStderr();
  int runs = 0;
  const logging::Observation observer = logging::addObserver(
      [&](const logging::Event&) { succeed(1).addCallback([&](int value) { runs += value; }); });
  auto [deferred, resolver] = makeDeferred<int>();
  {
    const Deferred<int> dropped = std::move(deferred);
  }
  resolver.errback(Oops());
  EXPECT_EQ(runs, 1);
}

TEST(Unhandled, ofAFailureThatWasMovedFromDoesNoHarm) {
  const LogWatcher log;
  const auto emptied = [] {
    Failure failure{Oops()};
    const Failure taken = std::move(failure);
    return failure;  // NOLINT: this is what it is about
  };
  {
    const Deferred<int> dropped = fail<int>(emptied());
  }
  auto [deferred, resolver] = makeDeferred<int>();
  resolver.errback(emptied());
  Deferred<std::string> text = std::move(deferred).addBoth(
      [](const Result<int>& result) { return result ? "a value" : textOf(result.failure()); });
  EXPECT_EQ(outcome(text), "EmptyFailureError: this Failure was moved from");
  EXPECT_EQ(log.unhandled(), (Reports{"EmptyFailureError: this Failure was moved from"}));
}

}  // namespace
}  // namespace hawser
