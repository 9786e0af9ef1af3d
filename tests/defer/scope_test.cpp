#include <hawser/defer/scope.h>

#include <hawser/defer/bind_weak.h>
#include <hawser/defer/coroutine.h>
#include <hawser/defer/gather.h>
#include <hawser/defer/race.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

using Names = std::vector<std::string>;

/// `count` Deferreds in a scope, the Resolvers that end them, and who was cancelled.
struct Running {
  std::optional<Scope> scope{std::in_place};
  std::vector<Resolver<void>> resolvers;
  Names cancelledOnes;

  explicit Running(int count) {
    for (int i = 0; i < count; ++i) {
      auto [deferred, resolver] =
          makeDeferred<void>([this, i] { cancelledOnes.push_back(std::to_string(i)); });
      scope->add(std::move(deferred));
      resolvers.push_back(std::move(resolver));
    }
  }
};

TEST(Scope, remembersWhatRunsUntilItEnds) {
  Running running(2);
  EXPECT_EQ(running.scope->size(), 2u);
  running.resolvers[0].callback();
  EXPECT_EQ(running.scope->size(), 1u);
  running.resolvers[1].callback();
  EXPECT_TRUE(running.scope->empty());
}

TEST(Scope, doesNotRememberWhatHasEndedAlready) {
  Scope scope;
  scope.add(succeed());
  EXPECT_TRUE(scope.empty());
}

TEST(Scope, logsWhatItsMembersFailWith) {
  for (const bool ready : {true, false}) {
    const LogWatcher log;
    Running running(1);
    if (ready)
      running.scope->add(fail<void>(Oops()));
    else
      running.resolvers[0].errback(Oops());
    EXPECT_EQ(log.others(), (Names{"a Deferred in a Scope failed / Oops: oops"}));
    EXPECT_TRUE(log.unhandled().empty());
    EXPECT_EQ(running.scope->size(), ready ? 1u : 0u);
    if (ready) running.resolvers[0].callback();
  }
}

TEST(Scope, saysNothingOfAMemberWhoseObjectIsGone) {
  const LogWatcher log;
  Scope scope;
  auto object = std::make_shared<int>(1);
  auto [deferred, resolver] = makeDeferred<void>();
  scope.add(std::move(deferred).addCallback(bindWeak(object, [] {})));
  object = nullptr;
  resolver.callback();
  EXPECT_TRUE(log.others().empty());
  EXPECT_TRUE(scope.empty());
}

TEST(Scope, refusesADeferredThatWasMovedFrom) {
  Scope scope;
  Deferred<void> taken = succeed();
  const Deferred<void> other = std::move(taken);
  EXPECT_THROW(scope.add(std::move(taken)), EmptyDeferredError);
  EXPECT_TRUE(scope.empty());
}

TEST(Scope, doesNotWaitForAPausedChainThatNobodyCanUnpause) {
  const LogWatcher log;
  Scope scope;
  Deferred<void> paused = succeed();
  paused.pause();
  scope.add(std::move(paused));
  EXPECT_TRUE(scope.empty());
}

TEST(Scope, knowsWhereItsMembersWereAdded) {
  Running running(0);
  auto [deferred, resolver] = makeDeferred<void>();
  const auto here = std::source_location::current();
  running.scope->add(std::move(deferred));
  ASSERT_EQ(running.scope->sites().size(), 1u);
  EXPECT_EQ(running.scope->sites().front().line(), here.line() + 1);
  resolver.callback();
}

TEST(ScopeClose, firesAtOnceIfNothingRuns) {
  Scope scope;
  EXPECT_FALSE(scope.closed());
  EXPECT_EQ(outcome(scope.close()), "nothing");
  EXPECT_TRUE(scope.closed());
}

TEST(ScopeClose, cancelsAllInTheOrderOfAddingAndSaysNothingOfIt) {
  const LogWatcher log;
  Running running(3);
  running.resolvers[1].callback();
  EXPECT_EQ(outcome(running.scope->close()), "nothing");
  EXPECT_EQ(running.cancelledOnes, (Names{"0", "2"}));
  EXPECT_TRUE(log.others().empty());
  EXPECT_TRUE(log.unhandled().empty());
}

TEST(ScopeClose, saysNothingOfListsThatWereCancelledEither) {
  const LogWatcher log;
  Scope scope;
  auto [a, resolveA] = makeDeferred<int>();
  auto [b, resolveB] = makeDeferred<int>();
  scope.add(gather(std::move(a), race(std::move(b))).addCallback([](const auto&) {}));
  EXPECT_EQ(outcome(scope.close()), "nothing");
  auto [c, resolveC] = makeDeferred<int>();
  scope.add(race(std::move(c)).addCallback([](const auto&) {}));
  EXPECT_TRUE(log.others().empty());
}

TEST(ScopeClose, waitsForWhatTakesItsTimeToEnd) {
  auto [cleaningUp, done] = makeDeferred<void>();
  Scope scope;
  const auto work = [](Deferred<void> waited, Deferred<void> cleanUp) -> Deferred<void> {
    const Result<void> result = co_await std::move(waited).asResult();
    EXPECT_TRUE(result.failure().check<CancelledError>());
    co_await std::move(cleanUp);
  };
  auto [waited, resolver] = makeDeferred<void>();
  scope.add(work(std::move(waited), std::move(cleaningUp)));
  auto closed = scope.close();
  EXPECT_EQ(outcome(closed), "pending");
  EXPECT_EQ(scope.size(), 1u);
  done.callback();
  EXPECT_EQ(outcome(closed), "nothing");
}

TEST(ScopeClose, logsAFailureThatIsNotOfItsMaking) {
  const LogWatcher log;
  Scope scope;
  auto [deferred, resolver] = makeDeferred<void>([](Resolver<void>& it) { it.errback(Oops()); });
  scope.add(std::move(deferred));
  EXPECT_EQ(outcome(scope.close()), "nothing");
  EXPECT_EQ(log.others(), (Names{"a Deferred in a Scope failed / Oops: oops"}));
}

TEST(ScopeClose, logsWhatACancellerThrowsAndCancelsTheOthers) {
  const LogWatcher log;
  Scope scope;
  bool cancelled = false;
  auto [a, resolveA] = makeDeferred<void>([] { throw Oops(); });
  auto [b, resolveB] = makeDeferred<void>([&] { cancelled = true; });
  scope.add(std::move(a));
  scope.add(std::move(b));
  auto closed = scope.close();
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(log.others().size(), 1u);
  EXPECT_EQ(outcome(closed), "pending");
  resolveA.callback();
  EXPECT_EQ(outcome(closed), "nothing");
}

TEST(ScopeClose, cancelsAtOnceWhatIsAddedMeanwhileAndWaitsForIt) {
  const LogWatcher log;
  Running running(1);
  auto [slow, endSlow] = makeDeferred<void>([] { throw Oops(); });
  auto [late, resolveLate] = makeDeferred<void>([&] { running.cancelledOnes.push_back("late"); });
  auto [adds, resolveAdds] =
      makeDeferred<void>([&, added = &slow] { running.scope->add(std::move(*added)); });
  running.scope->add(std::move(adds));
  auto closed = running.scope->close();
  EXPECT_EQ(outcome(closed), "pending");
  running.scope->add(std::move(late));
  EXPECT_EQ(running.cancelledOnes, (Names{"0", "late"}));
  endSlow.callback();
  EXPECT_EQ(outcome(closed), "nothing");
}

TEST(ScopeClose, cancelsAtOnceWhatIsAddedAfterwards) {
  Running running(0);
  EXPECT_EQ(outcome(running.scope->close()), "nothing");
  bool cancelled = false;
  auto [deferred, resolver] = makeDeferred<void>([&] { cancelled = true; });
  running.scope->add(std::move(deferred));
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(running.scope->empty());
  EXPECT_EQ(outcome(running.scope->close()), "nothing");
}

TEST(ScopeClose, waitsAgainForWhatWasAddedAfterwards) {
  const LogWatcher log;
  Running running(0);
  EXPECT_EQ(outcome(running.scope->close()), "nothing");
  auto [stubborn, resolver] = makeDeferred<void>([] { throw Oops(); });
  running.scope->add(std::move(stubborn));
  auto again = running.scope->close();
  EXPECT_EQ(outcome(again), "pending");
  resolver.callback();
  EXPECT_EQ(outcome(again), "nothing");
}

TEST(ScopeClose, twiceWaitsTwiceAndCancelsOnce) {
  int cancels = 0;
  Scope scope;
  auto [cleanUp, done] = makeDeferred<void>([&] { ++cancels; });
  auto [deferred, resolver] = makeDeferred<void>([&] { ++cancels; });
  scope.add(std::move(deferred).addErrback(
      [inner = &cleanUp](const CancelledError&) { return std::move(*inner); }));
  auto first = scope.close();
  auto second = scope.close();
  EXPECT_EQ(cancels, 1);
  first.cancel();
  consume(std::move(first));
  EXPECT_EQ(cancels, 1);
  done.callback();
  EXPECT_EQ(outcome(second), "nothing");
}

TEST(ScopeClose, mayBeCalledByACancellerOfAMember) {
  Running running(1);
  std::string nested;
  auto [deferred, resolver] = makeDeferred<void>(
      [&] { running.scope->close().addCallback([&nested] { nested = "closed"; }); });
  running.scope->add(std::move(deferred));
  EXPECT_EQ(outcome(running.scope->close()), "nothing");
  EXPECT_EQ(nested, "closed");
}

TEST(ScopeClose, toleratesThatOneMemberEndsAnother) {
  Running running(0);
  std::optional<Resolver<void>> other;
  auto [a, resolveA] = makeDeferred<void>([&] { other->callback(); });
  auto [b, resolveB] = makeDeferred<void>([&] { running.cancelledOnes.push_back("b"); });
  other.emplace(std::move(resolveB));
  running.scope->add(std::move(a));
  running.scope->add(std::move(b));
  EXPECT_EQ(outcome(running.scope->close()), "nothing");
  EXPECT_TRUE(running.cancelledOnes.empty());
}

TEST(ScopeDestruction, ofAnEmptyOneSaysNothing) {
  const LogWatcher log;
  Running running(1);
  running.resolvers[0].callback();
  running.scope.reset();
  EXPECT_TRUE(log.others().empty());
}

TEST(ScopeDestruction, ofOneThatIsNotEmptyLogsWhereItsMembersWereAddedAndLetsThemRunOn) {
  const LogWatcher log;
  Running running(2);
  bool ran = false;
  auto [deferred, resolver] = makeDeferred<void>();
  running.scope->add(std::move(deferred).addCallback([&] { ran = true; }));
  running.scope.reset();
  ASSERT_EQ(log.others().size(), 1u);
  const std::string& text = log.others().front();
  EXPECT_NE(text.find("while 3 of its Deferreds were running"), std::string::npos) << text;
  EXPECT_NE(text.find("scope_test.cpp"), std::string::npos) << text;
  EXPECT_TRUE(running.cancelledOnes.empty());
  resolver.callback();
  EXPECT_TRUE(ran);
  running.resolvers[0].errback(Oops());
  EXPECT_EQ(log.others().back(), "a Deferred in a Scope failed / Oops: oops");
}

TEST(ScopeDestruction, byTheEndOfItsLastMemberIsWhatClosingIsFor) {
  Running running(1);
  auto [cleanUp, done] = makeDeferred<void>();
  auto [deferred, resolver] = makeDeferred<void>();
  running.scope->add(std::move(deferred).addErrback(
      [inner = &cleanUp](const CancelledError&) { return std::move(*inner); }));
  const auto closed = running.scope->close().addCallback([&] { running.scope.reset(); });
  const LogWatcher log;
  done.callback();
  EXPECT_FALSE(running.scope);
  EXPECT_TRUE(log.others().empty());
}

TEST(ScopeDestruction, whileItIsClosedStillServesWhoeverWaits) {
  const LogWatcher log;
  Running running(0);
  auto [stubborn, resolver] = makeDeferred<void>([] { throw Oops(); });
  running.scope->add(std::move(stubborn));
  auto closed = running.scope->close();
  running.scope.reset();
  EXPECT_EQ(outcome(closed), "pending");
  resolver.callback();
  EXPECT_EQ(outcome(closed), "nothing");
}

}  // namespace
}  // namespace hawser
