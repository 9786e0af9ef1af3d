#include <hawser/defer/deferred_list.h>

#include <hawser/defer/coroutine.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hawser {
namespace {

const std::string cancelled = "!CancelledError: the Deferred was cancelled";

/// `count` pending Deferreds and the Resolvers that fire them.
struct Members {
  std::vector<Deferred<int>> deferreds;
  std::vector<Resolver<int>> resolvers;
  std::vector<std::string> cancelledOnes;

  explicit Members(int count) {
    for (int i = 0; i < count; ++i)
      add(makeDeferred<int>([this, i] { cancelledOnes.push_back(std::to_string(i)); }));
  }
  void add(DeferredPair<int> pair) {
    deferreds.push_back(std::move(pair.deferred));
    resolvers.push_back(std::move(pair.resolver));
  }
};

TEST(DeferredList, firesAtOnceWhenItIsEmpty) {
  EXPECT_EQ(outcome(deferredList(std::vector<Deferred<int>>())), "[]");
}

TEST(DeferredList, firesWithAllResultsInTheOrderOfTheMembers) {
  Members members(3);
  Deferred<std::vector<Result<int>>> list =
      deferredList(std::move(members.deferreds), consumeErrors);
  members.resolvers[2].callback(30);
  members.resolvers[0].errback(Oops());
  EXPECT_EQ(outcome(list), "pending");
  members.resolvers[1].callback(20);
  EXPECT_EQ(outcome(list), "[!Oops: oops, 20, 30]");
}

TEST(DeferredList, firesAtOnceWhenAllMembersHave) {
  std::vector<Deferred<int>> members;
  members.push_back(succeed(1));
  members.push_back(fail<int>(Oops()));
  EXPECT_EQ(outcome(deferredList(std::move(members), consumeErrors)), "[1, !Oops: oops]");
}

TEST(DeferredList, takesReadyAndPendingMembers) {
  Members members(1);
  members.deferreds.push_back(succeed(2));
  Deferred<std::vector<Result<int>>> list = deferredList(std::move(members.deferreds));
  EXPECT_EQ(outcome(list), "pending");
  members.resolvers[0].callback(1);
  EXPECT_EQ(outcome(list), "[1, 2]");
}

TEST(DeferredList, takesMembersWithHandlersAndCoroutines) {
  Members members(2);
  const auto twice = [](Deferred<int> waited) -> Deferred<int> {
    co_return 2 * co_await std::move(waited);
  };
  std::vector<Deferred<int>> both;
  both.push_back(std::move(members.deferreds[0]).addCallback([](int value) { return value + 1; }));
  both.push_back(twice(std::move(members.deferreds[1])));
  Deferred<std::vector<Result<int>>> list = deferredList(std::move(both));
  members.resolvers[1].callback(21);
  members.resolvers[0].callback(0);
  EXPECT_EQ(outcome(list), "[1, 42]");
}

TEST(DeferredList, takesMembersWithoutValues) {
  std::vector<Deferred<void>> members;
  auto [member, resolver] = makeDeferred<void>();
  members.push_back(std::move(member));
  members.push_back(succeed());
  Deferred<std::vector<Result<void>>> list = deferredList(std::move(members));
  resolver.callback();
  EXPECT_EQ(outcome(list), "[nothing, nothing]");
}

TEST(DeferredList, takesMembersWhoseValuesCannotBeCopied) {
  std::vector<Deferred<std::unique_ptr<int>>> members;
  auto [member, resolver] = makeDeferred<std::unique_ptr<int>>();
  members.push_back(std::move(member));
  members.push_back(succeed(std::make_unique<int>(2)));
  Deferred<std::vector<Result<std::unique_ptr<int>>>> list = deferredList(std::move(members));
  resolver.callback(std::make_unique<int>(1));
  ASSERT_NE(list.peekValue(), nullptr);
  EXPECT_EQ(**(*list.peekValue())[0], 1);
  EXPECT_EQ(**(*list.peekValue())[1], 2);
}

TEST(DeferredList, reportsTheFailuresOfItsMembersUnlessTheyAreConsumed) {
  for (const bool ready : {true, false}) {
    for (const bool consumes : {true, false}) {
      const LogWatcher log;
      Members members(1);
      if (ready) members.resolvers[0].errback(Oops());
      Deferred<std::vector<Result<int>>> list =
          deferredList(std::move(members.deferreds), {.consumeErrors = consumes});
      if (!ready) members.resolvers[0].errback(Oops());
      EXPECT_EQ(outcome(list), "[!Oops: oops]");
      EXPECT_EQ(log.unhandled(),
                consumes ? std::vector<std::string>{} : std::vector<std::string>{"Oops: oops"});
    }
  }
}

TEST(DeferredList, failsOnTheFirstFailureIfItShould) {
  Members members(3);
  Deferred<std::vector<Result<int>>> list =
      deferredList(std::move(members.deferreds), fireOnOneErrback | consumeErrors);
  members.resolvers[2].callback(1);
  members.resolvers[1].errback(Oops());
  ASSERT_NE(list.peekFailure(), nullptr);
  const auto* first = list.peekFailure()->get<FirstError>();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->index, 1u);
  EXPECT_TRUE(first->subFailure.check<Oops>());
  members.resolvers[0].errback(Oops());
  consume(std::move(list));
}

TEST(DeferredList, failsAtOnceOnAMemberThatHasFailedAlready) {
  Members members(1);
  members.deferreds.push_back(fail<int>(Oops()));
  Deferred<std::vector<Result<int>>> list =
      deferredList(std::move(members.deferreds), fireOnOneErrback | consumeErrors);
  ASSERT_NE(list.peekFailure(), nullptr);
  EXPECT_EQ(list.peekFailure()->get<FirstError>()->index, 1u);
  members.resolvers[0].callback(1);
  consume(std::move(list));
}

TEST(DeferredList, succeedsIfItShouldFailOnFailuresAndThereAreNone) {
  Members members(2);
  Deferred<std::vector<Result<int>>> list =
      deferredList(std::move(members.deferreds), fireOnOneErrback);
  members.resolvers[0].callback(1);
  members.resolvers[1].callback(2);
  EXPECT_EQ(outcome(list), "[1, 2]");
}

TEST(DeferredList, letsTheOthersGoOnAfterItHasFired) {
  Members members(2);
  bool ran = false;
  members.deferreds[1].addCallback([&](int value) {
    ran = true;
    return value;
  });
  consume(deferredList(std::move(members.deferreds), fireOnOneErrback | consumeErrors));
  members.resolvers[0].errback(Oops());
  members.resolvers[1].callback(2);
  EXPECT_TRUE(ran);
}

TEST(DeferredList, letsItsMembersGoOnWhenItIsDropped) {
  const LogWatcher log;
  Members members(2);
  bool ran = false;
  members.deferreds[0].addCallback([&](int value) {
    ran = true;
    return value;
  });
  {
    const auto dropped = deferredList(std::move(members.deferreds));
  }
  members.resolvers[0].callback(1);
  EXPECT_TRUE(ran);
  members.resolvers[1].errback(Oops());
  EXPECT_EQ(log.unhandled(), (std::vector<std::string>{"Oops: oops"}));
}

TEST(DeferredList, takesAPausedMemberAsFailedSinceNobodyCouldUnpauseIt) {
  Members members(1);
  members.resolvers[0].callback(1);
  members.deferreds[0].pause();
  Deferred<std::vector<Result<int>>> list =
      deferredList(std::move(members.deferreds), consumeErrors);
  ASSERT_NE(list.peekValue(), nullptr);
  EXPECT_TRUE(list.peekValue()->front().failure().check<PausedError>());
}

TEST(DeferredList, takesAMemberThatWasMovedFromAsFailed) {
  std::vector<Deferred<int>> members;
  members.push_back(succeed(1));
  const Deferred<int> taken = std::move(members.front());
  Deferred<std::vector<Result<int>>> list = deferredList(std::move(members), consumeErrors);
  ASSERT_NE(list.peekValue(), nullptr);
  EXPECT_TRUE(list.peekValue()->front().failure().check<EmptyDeferredError>());
}

TEST(DeferredListCancel, cancelsEachMember) {
  Members members(3);
  Deferred<std::vector<Result<int>>> list =
      deferredList(std::move(members.deferreds), consumeErrors);
  members.resolvers[1].callback(1);
  list.cancel();
  EXPECT_EQ(members.cancelledOnes, (std::vector<std::string>{"0", "2"}));
  EXPECT_EQ(outcome(list), "[" + cancelled + ", 1, " + cancelled + "]");
}

TEST(DeferredListCancel, goesOnAfterOneMemberMadeTheListFire) {
  Members members(3);
  Deferred<std::vector<Result<int>>> list =
      deferredList(std::move(members.deferreds), fireOnOneErrback | consumeErrors);
  list.cancel();
  EXPECT_EQ(members.cancelledOnes, (std::vector<std::string>{"0", "1", "2"}));
  ASSERT_NE(list.peekFailure(), nullptr);
  EXPECT_EQ(list.peekFailure()->get<FirstError>()->index, 0u);
  consume(std::move(list));
}

TEST(DeferredListCancel, goesOnAfterAHandlerDroppedTheList) {
  Members members(3);
  auto list = std::make_unique<Deferred<std::vector<Result<int>>>>(
      deferredList(std::move(members.deferreds), fireOnOneErrback | consumeErrors));
  list->addErrback([&](const Failure&) {
    list.reset();
    return std::vector<Result<int>>();
  });
  list->cancelHandle().cancel();
  EXPECT_EQ(members.cancelledOnes, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(list, nullptr);
}

TEST(DeferredListCancel, logsWhatACancellerThrowsAndGoesOn) {
  const LogWatcher log;
  Members members(0);
  members.add(makeDeferred<int>([] { throw Oops(); }));
  members.add(makeDeferred<int>());
  Deferred<std::vector<Result<int>>> list =
      deferredList(std::move(members.deferreds), consumeErrors);
  list.cancel();
  ASSERT_EQ(log.others().size(), 1u);
  EXPECT_NE(log.others().front().find("Oops: oops"), std::string::npos);
  EXPECT_EQ(outcome(list), "pending");
  members.resolvers[0].callback(1);
  EXPECT_EQ(outcome(list), "[1, " + cancelled + "]");
}

TEST(DeferredListCancel, firesOnlyWhenTheMembersHave) {
  auto [inner, resolveInner] = makeDeferred<int>();
  std::vector<Deferred<int>> members;
  auto [member, resolver] = makeDeferred<int>();
  members.push_back(std::move(member).addErrback([&](const Failure&) { return std::move(inner); }));
  Deferred<std::vector<Result<int>>> list = deferredList(std::move(members));
  list.cancel();
  EXPECT_EQ(outcome(list), "pending");
  list.cancel();
  EXPECT_EQ(outcome(list), "[" + cancelled + "]");
}

TEST(DeferredListCancel, isIgnoredOnceTheListHasFiredEvenWhileAHandlerWaits) {
  for (const bool ready : {true, false}) {
    bool innerCancelled = false;
    auto [inner, resolveInner] = makeDeferred<std::string>([&] { innerCancelled = true; });
    Members members(1);
    if (ready) members.resolvers[0].callback(1);
    Deferred<std::string> text =
        deferredList(std::move(members.deferreds))
            .addCallback([&](const std::vector<Result<int>>&) { return std::move(inner); });
    const CancelHandle handle = text.cancelHandle();
    if (!ready) members.resolvers[0].callback(1);
    text.cancel();
    handle.cancel();
    EXPECT_FALSE(innerCancelled);
    resolveInner.callback("done");
    EXPECT_EQ(outcome(text), "done");
  }
}

TEST(DeferredListCancel, throughAnOuterChainIsIgnoredWhileTheFiredListWaitsAndWorksAfterIt) {
  bool innerCancelled = false, nextCancelled = false;
  auto [inner, resolveInner] = makeDeferred<int>([&] { innerCancelled = true; });
  auto [next, resolveNext] = makeDeferred<int>([&] { nextCancelled = true; });
  Members members(1);
  Deferred<int> list =
      deferredList(std::move(members.deferreds)).addCallback([&](const std::vector<Result<int>>&) {
        return std::move(inner);
      });
  Deferred<int> outer =
      succeed(1).addCallback([&](int) { return std::move(list); }).addCallback([&](int) {
        return std::move(next);
      });
  members.resolvers[0].callback(1);
  outer.cancel();
  EXPECT_FALSE(innerCancelled);
  resolveInner.callback(2);
  outer.cancel();
  EXPECT_TRUE(nextCancelled);
  consume(std::move(outer));
}

TEST(DeferredListCancel, insideACoroutineIsIgnoredWhileTheFiredListWaitsAndWorksAfterIt) {
  bool innerCancelled = false, nextCancelled = false;
  auto [inner, resolveInner] = makeDeferred<int>([&] { innerCancelled = true; });
  auto [next, resolveNext] = makeDeferred<int>([&] { nextCancelled = true; });
  Members members(1);
  const auto body = [](Deferred<int> a, Deferred<int> b) -> Deferred<int> {
    const int first = co_await std::move(a);
    co_return first + co_await std::move(b);
  };
  Deferred<int> result = body(
      deferredList(std::move(members.deferreds)).addCallback([&](const std::vector<Result<int>>&) {
        return std::move(inner);
      }),
      std::move(next));
  members.resolvers[0].callback(1);
  result.cancel();
  EXPECT_FALSE(innerCancelled);
  resolveInner.callback(2);
  result.cancel();
  EXPECT_TRUE(nextCancelled);
  consume(std::move(result));
}

TEST(FireOnOneCallback, firesWithTheFirstValueAndItsIndex) {
  Members members(3);
  Deferred<FirstCallback<int>> first =
      fireOnOneCallback(std::move(members.deferreds), consumeErrors);
  members.resolvers[0].errback(Oops());
  members.resolvers[2].callback(30);
  ASSERT_NE(first.peekValue(), nullptr);
  const auto* winner = std::get_if<FirstValue<int>>(first.peekValue());
  ASSERT_NE(winner, nullptr);
  EXPECT_EQ(winner->index, 2u);
  EXPECT_EQ(winner->value, 30);
  members.resolvers[1].callback(20);
}

TEST(FireOnOneCallback, firesWithTheListOfFailuresIfAllFailed) {
  Members members(2);
  Deferred<FirstCallback<int>> first =
      fireOnOneCallback(std::move(members.deferreds), consumeErrors);
  members.resolvers[1].errback(Oops());
  members.resolvers[0].errback(WorseOops());
  ASSERT_NE(first.peekValue(), nullptr);
  const auto* all = std::get_if<std::vector<Result<int>>>(first.peekValue());
  ASSERT_NE(all, nullptr);
  EXPECT_EQ(textOf(*all), "[!WorseOops: worse, !Oops: oops]");
}

TEST(FireOnOneCallback, isRefusedWithoutMembers) {
  EXPECT_THROW(fireOnOneCallback(std::vector<Deferred<int>>()), std::invalid_argument);
}

}  // namespace
}  // namespace hawser
