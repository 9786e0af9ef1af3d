#include <hawser/defer/shared_deferred.h>

#include <hawser/defer/coroutine.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

using Names = std::vector<std::string>;

struct Work {
  explicit Work(WhenUnwanted whenUnwanted = WhenUnwanted::goOn)
      : Work(makeDeferred<std::string>([this] { cancelled = true; }), whenUnwanted) {}
  Work(DeferredPair<std::string> pair, WhenUnwanted whenUnwanted)
      : shared(std::move(pair.deferred), whenUnwanted), resolver(std::move(pair.resolver)) {}

  /// Asks for the result, which is written down under `name`.
  Deferred<void> ask(const char* name) {
    return shared.get().addBoth([this, name](const Result<std::string>& result) {
      heard.push_back(std::string(name) + ": " + textOf(result));
    });
  }

  bool cancelled = false;
  Names heard;
  SharedDeferred<std::string> shared;
  Resolver<std::string> resolver;
};

TEST(SharedDeferred, givesTheResultToAllWhoWaitInTheOrderOfAsking) {
  Work work;
  work.ask("a");
  work.ask("b");
  EXPECT_EQ(work.shared.waiting(), 2u);
  EXPECT_EQ(work.shared.state(), DeferredState::pending);
  work.resolver.callback("text");
  EXPECT_EQ(work.heard, (Names{"a: text", "b: text"}));
  EXPECT_EQ(work.shared.waiting(), 0u);
}

TEST(SharedDeferred, givesTheResultAtOnceWhenItIsThere) {
  Work work;
  work.resolver.callback("text");
  work.ask("a");
  EXPECT_EQ(work.heard, (Names{"a: text"}));
  ASSERT_NE(work.shared.peekValue(), nullptr);
  EXPECT_EQ(*work.shared.peekValue(), "text");
}

TEST(SharedDeferred, mayBeMadeOfAResultThatIsThere) {
  const SharedDeferred<int> shared(succeed(5));
  EXPECT_EQ(outcome(shared.get()), "5");
}

TEST(SharedDeferred, givesEachAChainAndACopyOfHisOwn) {
  Work work;
  auto mine = work.shared.get().addCallback([](std::string text) {
    text += " changed";
    return text;
  });
  auto yours = work.shared.get();
  work.resolver.callback("text");
  EXPECT_EQ(outcome(mine), "text changed");
  EXPECT_EQ(outcome(yours), "text");
}

TEST(SharedDeferred, sharesAFailure) {
  const LogWatcher log;
  Work work;
  work.ask("a");
  work.resolver.errback(Oops());
  work.ask("b");
  EXPECT_EQ(work.heard, (Names{"a: !Oops: oops", "b: !Oops: oops"}));
  ASSERT_NE(work.shared.peekFailure(), nullptr);
  work.shared = {};
  EXPECT_TRUE(log.unhandled().empty()) << "it was somebody's to handle";
}

TEST(SharedDeferred, reportsAFailureThatNobodyEverAskedFor) {
  const LogWatcher log;
  Work work;
  work.resolver.errback(Oops());
  EXPECT_TRUE(log.unhandled().empty()) << "somebody may ask yet";
  auto copy = work.shared;
  work.shared = {};
  EXPECT_TRUE(log.unhandled().empty()) << "a copy stands for it";
  copy = {};
  EXPECT_EQ(log.unhandled(), (Names{"Oops: oops"}));
}

TEST(SharedDeferred, saysNothingOfAFailureWhenAllWhoAskedHaveGone) {
  const LogWatcher log;
  Work work;
  work.ask("a").cancel();
  work.resolver.errback(Oops());
  work.shared = {};
  EXPECT_TRUE(log.unhandled().empty());
}

TEST(SharedDeferred, isForWorkWithoutAValue) {
  auto [work, resolver] = makeDeferred<void>();
  const SharedDeferred shared(std::move(work));
  auto a = shared.get();
  resolver.callback();
  EXPECT_EQ(outcome(a), "nothing");
  EXPECT_EQ(outcome(shared.get()), "nothing");
}

TEST(SharedDeferred, canBeAwaitedByMany) {
  Work work;
  const auto body = [](SharedDeferred<std::string> shared) -> Deferred<std::string> {
    co_return co_await shared.get() + "!";
  };
  auto a = body(work.shared);
  auto b = body(work.shared);
  work.resolver.callback("text");
  EXPECT_EQ(outcome(a), "text!");
  EXPECT_EQ(outcome(b), "text!");
}

TEST(SharedDeferred, thatStandsForNothingSaysSo) {
  SharedDeferred<int> none;
  EXPECT_EQ(none.state(), DeferredState::empty);
  EXPECT_EQ(none.waiting(), 0u);
  EXPECT_EQ(none.peekValue(), nullptr);
  EXPECT_THROW((void)none.get(), EmptyDeferredError);
  EXPECT_THROW(none.cancel(), EmptyDeferredError);
}

TEST(SharedDeferred, answersWhoeverAsksOutOfAHandlerAtOnce) {
  Work work;
  work.shared.get().addCallback([&](const std::string&) { work.ask("nested"); });
  work.ask("b");
  work.resolver.callback("text");
  EXPECT_EQ(work.heard, (Names{"nested: text", "b: text"}));
}

TEST(SharedDeferredCancel, ofOneLeavesTheOthersAlone) {
  Work work;
  auto impatient = work.ask("a");
  work.ask("b");
  impatient.cancel();
  EXPECT_EQ(work.heard, (Names{"a: !CancelledError: the Deferred was cancelled"}));
  EXPECT_EQ(work.shared.waiting(), 1u);
  EXPECT_FALSE(work.cancelled);
  work.resolver.callback("text");
  EXPECT_EQ(work.heard.back(), "b: text");
}

TEST(SharedDeferredCancel, ofTheLastCancelsTheWorkIfItShould) {
  for (const bool should : {true, false}) {
    const LogWatcher log;
    Work work(should ? WhenUnwanted::cancel : WhenUnwanted::goOn);
    auto a = work.ask("a");
    auto b = work.ask("b");
    a.cancel();
    EXPECT_FALSE(work.cancelled);
    b.cancel();
    EXPECT_EQ(work.cancelled, should);
    EXPECT_EQ(work.shared.cancelled(), should);
    EXPECT_EQ(work.heard.size(), 2u);
    EXPECT_EQ(work.shared.state(), should ? DeferredState::failure : DeferredState::pending);
    if (!should) work.resolver.callback("for nobody");
    work.shared = {};
    EXPECT_TRUE(log.unhandled().empty());
  }
}

TEST(SharedDeferredCancel, ofTheLastLogsWhatTheCancellerOfTheWorkThrows) {
  const LogWatcher log;
  auto [work, resolver] = makeDeferred<int>([] { throw Oops(); });
  const SharedDeferred<int> shared(std::move(work), WhenUnwanted::cancel);
  auto only = shared.get();
  only.cancel();
  EXPECT_EQ(outcome(only), "!CancelledError: the Deferred was cancelled");
  consume(std::move(only));
  EXPECT_EQ(log.others().size(), 1u);
  resolver.callback(1);
  EXPECT_EQ(outcome(shared.get()), "1");
}

TEST(SharedDeferredCancel, ofTheWorkReachesAllWhoWait) {
  Work work;
  work.ask("a");
  work.ask("b");
  work.shared.cancel();
  EXPECT_TRUE(work.cancelled);
  EXPECT_EQ(work.heard.size(), 2u);
  work.shared.cancel();  // nothing is left to cancel
}

TEST(SharedDeferredCancel, ofAnotherByWhoeverIsServedFirstIsHeard) {
  Work work;
  std::optional<Deferred<void>> second;
  work.shared.get().addCallback([&](const std::string&) { second->cancel(); });
  second.emplace(work.ask("second"));
  work.ask("third");
  work.resolver.callback("text");
  EXPECT_EQ(work.heard,
            (Names{"second: !CancelledError: the Deferred was cancelled", "third: text"}));
}

TEST(SharedDeferredCancel, afterTheWorkIsGoneDoesNotReachForIt) {
  const LogWatcher log;
  std::optional<Deferred<int>> waiting;
  auto [work, resolver] = makeDeferred<int>();
  {
    work.pause();  // nobody can unpause it any more: it can only go
    waiting.emplace(SharedDeferred<int>(std::move(work)).get());
  }
  resolver.callback(1);
  EXPECT_EQ(waiting->state(), DeferredState::failure);
  waiting->cancel();
  consume(*std::move(waiting));
}

TEST(SharedDeferredLifetime, servesThoseWhoWaitWhenTheLastCopyIsGone) {
  Work work;
  work.ask("a");
  work.shared = {};
  work.resolver.callback("text");
  EXPECT_EQ(work.heard, (Names{"a: text"}));
}

TEST(SharedDeferredLifetime, survivesThatAHandlerDestroysIt) {
  auto [deferred, resolver] = makeDeferred<int>();
  std::optional<SharedDeferred<int>> shared(std::in_place, std::move(deferred));
  Names heard;
  shared->get().addCallback([&](int) { shared.reset(); });
  shared->get().addCallback([&](int value) { heard.push_back(std::to_string(value)); });
  resolver.callback(1);
  EXPECT_FALSE(shared);
  EXPECT_EQ(heard, (Names{"1"}));
}

TEST(SharedDeferredLifetime, tellsThoseWhoWaitThatTheWorkWasAbandoned) {
  Work work;
  work.ask("a");
  work.resolver = {};
  ASSERT_EQ(work.heard.size(), 1u);
  EXPECT_EQ(work.heard.front().substr(0, 18), "a: !AbandonedError");
}

TEST(SharedDeferredLifetime, tellsThoseWhoWaitThatTheWorkCannotEndSinceNobodyCanUnpauseIt) {
  const LogWatcher log;
  auto [work, resolver] = makeDeferred<int>();
  work.pause();
  const SharedDeferred<int> shared(std::move(work));
  auto waiting = shared.get();
  resolver.callback(1);
  ASSERT_NE(waiting.peekFailure(), nullptr);
  EXPECT_TRUE(waiting.peekFailure()->check<AbandonedError>());
  consume(std::move(waiting));
  consume(shared.get());
}

TEST(SharedDeferredLifetime, survivesACancelOfWhoeverIsJustBeingAbandoned) {
  const LogWatcher log;
  auto [work, resolver] = makeDeferred<int>();
  work.pause();
  const SharedDeferred<int> shared(std::move(work));
  std::optional<Deferred<int>> second;
  auto first = shared.get().addErrback([&](const Failure&) {
    second->cancel();
    return 0;
  });
  second.emplace(shared.get());
  resolver.callback(1);
  EXPECT_EQ(outcome(first), "0");
  EXPECT_EQ(second->state(), DeferredState::failure);
  consume(*std::move(second));
}

TEST(SharedDeferredLifetime, failsWhoeverCannotHaveACopy) {
  struct Fragile {
    bool* breaks;
    explicit Fragile(bool& b) : breaks(&b) {}
    Fragile(const Fragile& other) : breaks(other.breaks) {
      if (*breaks) throw Oops();
    }
    Fragile(Fragile&&) noexcept = default;
  };
  bool breaks = false;
  auto [work, resolver] = makeDeferred<Fragile>();
  const SharedDeferred<Fragile> shared(std::move(work));
  auto a = shared.get();
  breaks = true;
  resolver.callback(Fragile(breaks));
  EXPECT_EQ(textOf(*a.peekFailure()), "Oops: oops");
  consume(std::move(a));
  consume(shared.get());
  breaks = false;
  EXPECT_EQ(shared.get().state(), DeferredState::value);
}

TEST(SharedDeferredLifetime, remembersNobodyWhoHasCancelled) {
  const LogWatcher log;
  Work work;
  for (int i = 0; i < 1'000; ++i) {
    auto impatient = work.shared.get();
    impatient.cancel();
    consume(std::move(impatient));
  }
  EXPECT_EQ(work.shared.waiting(), 0u);
}

TEST(SharedDeferredLifetime, endsForAllThoughAValueThrowsWhenItIsMoved) {
  struct Bomb {
    int* movesLeft;
    explicit Bomb(int& left) : movesLeft(&left) {}
    Bomb(const Bomb& other) : movesLeft(other.movesLeft) {}
    Bomb(Bomb&& other) : movesLeft(other.movesLeft) {  // NOLINT: may throw
      if (--*movesLeft == 0) throw Oops();
    }
  };
  const LogWatcher log;
  for (int moves = 2; moves < 12; ++moves) {
    int movesLeft = 1'000;
    auto [work, resolver] = makeDeferred<Bomb>();
    const SharedDeferred<Bomb> shared(std::move(work));
    int ended = 0;
    for (int i = 0; i < 2; ++i)
      shared.get().addBoth([&](const Result<Bomb>&) { ++ended; }).addErrback([&](const Oops&) {
        ++ended;
      });
    movesLeft = moves;
    EXPECT_NO_THROW(resolver.callback(Bomb(movesLeft))) << moves;
    EXPECT_EQ(ended, 2) << moves;
  }
}

}  // namespace
}  // namespace hawser
