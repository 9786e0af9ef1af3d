#include <hawser/defer/race.h>

#include <hawser/defer/coroutine.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

using Names = std::vector<std::string>;
const std::string cancelled = "CancelledError: the Deferred was cancelled";

std::string winnerOf(const Deferred<FirstValue<int>>& race) {
  if (const auto* first = race.peekValue())
    return std::to_string(first->value) + " of " + std::to_string(first->index);
  if (const Failure* why = race.peekFailure()) {
    const auto* group = why->get<FailureGroup>();
    if (!group) return textOf(*why);
    std::string text = "group:";
    for (const Failure& failure : group->failures()) text += " " + textOf(failure);
    return text;
  }
  return "pending";
}

/// `count` pending Deferreds, the Resolvers that fire them, and who was cancelled.
struct Members {
  std::vector<Deferred<int>> deferreds;
  std::vector<Resolver<int>> resolvers;
  Names cancelledOnes;

  explicit Members(int count) {
    for (int i = 0; i < count; ++i)
      add(makeDeferred<int>([this, i] { cancelledOnes.push_back(std::to_string(i)); }));
  }
  void add(DeferredPair<int> pair) {
    deferreds.push_back(std::move(pair.deferred));
    resolvers.push_back(std::move(pair.resolver));
  }
};

TEST(Race, isWonByTheFirstValueAndCancelsTheOthersInTheirOrder) {
  Members members(4);
  const auto winner = race(std::move(members.deferreds));
  EXPECT_EQ(winnerOf(winner), "pending");
  members.resolvers[2].callback(20);
  EXPECT_EQ(winnerOf(winner), "20 of 2");
  EXPECT_EQ(members.cancelledOnes, (Names{"0", "1", "3"}));
}

TEST(Race, cancelsTheOthersBeforeItFires) {
  Members members(2);
  Names seenByHandler;
  const auto winner = race(std::move(members.deferreds)).addCallback([&](const FirstValue<int>&) {
    seenByHandler = members.cancelledOnes;
  });
  members.resolvers[0].callback(1);
  EXPECT_EQ(seenByHandler, (Names{"1"}));
}

TEST(Race, goesOnWhenAMemberFails) {
  Members members(2);
  const auto winner = race(std::move(members.deferreds));
  members.resolvers[0].errback(Oops());
  EXPECT_EQ(winnerOf(winner), "pending");
  members.resolvers[1].callback(1);
  EXPECT_EQ(winnerOf(winner), "1 of 1");
}

TEST(Race, failsWithAllFailuresInTheOrderOfTheMembersIfNobodyWins) {
  const LogWatcher log;
  Members members(2);
  auto winner = race(std::move(members.deferreds));
  members.resolvers[1].errback(Oops());
  members.resolvers[0].errback(WorseOops());
  EXPECT_EQ(winnerOf(winner), "group: WorseOops: worse Oops: oops");
  EXPECT_TRUE(log.unhandled().empty()) << "the members' failures are in the group";
  consume(std::move(winner));
}

TEST(Race, hasAMessageThatNamesEachFailure) {
  auto winner = race(fail<int>(WorseOops()), fail<int>(Oops()));
  const std::string message = winner.peekFailure()->getErrorMessage();
  EXPECT_NE(message.find("all 2 failed"), std::string::npos) << message;
  EXPECT_NE(message.find("number 0: hawser::WorseOops: worse"), std::string::npos) << message;
  EXPECT_NE(message.find("number 1: hawser::Oops: oops"), std::string::npos) << message;
  consume(std::move(winner));
}

TEST(Race, isWonAtOnceByTheFirstThatIsReadyAndCancelsThoseBehindItToo) {
  Members members(2);
  std::vector<Deferred<int>> all;
  all.push_back(std::move(members.deferreds[0]));
  all.push_back(fail<int>(Oops()));
  all.push_back(succeed(3));
  all.push_back(succeed(4));
  all.push_back(std::move(members.deferreds[1]));
  EXPECT_EQ(winnerOf(race(std::move(all))), "3 of 2");
  EXPECT_EQ(members.cancelledOnes, (Names{"0", "1"}));
}

TEST(Race, takesItsMembersFromTheCall) {
  auto [a, resolveA] = makeDeferred<int>();
  auto [b, resolveB] = makeDeferred<int>();
  const auto winner = race(std::move(a), std::move(b));
  resolveB.callback(2);
  EXPECT_EQ(winnerOf(winner), "2 of 1");
}

TEST(Race, mayHaveOneMember) { EXPECT_EQ(winnerOf(race(succeed(1))), "1 of 0"); }

TEST(Race, isRefusedWithoutMembers) {
  EXPECT_THROW((void)race(std::vector<Deferred<int>>()), std::invalid_argument);
}

TEST(Race, isForMembersWithoutValuesAndForThoseWhoseValuesCannotBeCopied) {
  auto [a, resolveA] = makeDeferred<void>();
  const Deferred<FirstValue<void>> nothing = race(std::move(a), makeDeferred<void>().deferred);
  resolveA.callback();
  ASSERT_NE(nothing.peekValue(), nullptr);
  EXPECT_EQ(nothing.peekValue()->index, 0u);

  auto [b, resolveB] = makeDeferred<std::unique_ptr<int>>();
  const auto pointer = race(std::move(b), fail<std::unique_ptr<int>>(Oops()));
  resolveB.callback(std::make_unique<int>(5));
  ASSERT_NE(pointer.peekValue(), nullptr);
  EXPECT_EQ(*pointer.peekValue()->value, 5);
}

TEST(Race, destroysTheValueOfAMemberThatComesTooLate) {
  int alive = 0;
  auto [slow, resolveSlow] =
      makeDeferred<Counted>([&](Resolver<Counted>& late) { late.callback(Counted(alive)); });
  auto [fast, resolveFast] = makeDeferred<Counted>();
  {
    const auto winner = race(std::move(slow), std::move(fast));
    resolveFast.callback(Counted(alive));
    EXPECT_EQ(winner.peekValue()->index, 1u);
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Race, isAPairThatCanBeTakenApart) {
  const auto body = [](Deferred<int> a, Deferred<int> b) -> Deferred<std::string> {
    auto [index, value] = co_await race(std::move(a), std::move(b));
    co_return std::to_string(index) + ":" + std::to_string(value);
  };
  EXPECT_EQ(outcome(body(makeDeferred<int>().deferred, succeed(7))), "1:7");
}

TEST(RaceCancel, cancelsAllAndFailsWithTheirFailures) {
  Members members(2);
  auto winner = race(std::move(members.deferreds));
  winner.cancel();
  EXPECT_EQ(members.cancelledOnes, (Names{"0", "1"}));
  EXPECT_EQ(winnerOf(winner), "group: " + cancelled + " " + cancelled);
  consume(std::move(winner));
}

TEST(RaceCancel, mayStillBeWonByAMemberThatAnswersItsCancelWithAValue) {
  Members members(1);
  members.add(makeDeferred<int>([](Resolver<int>& resolver) { resolver.callback(5); }));
  members.add(makeDeferred<int>([&] { members.cancelledOnes.push_back("2"); }));
  auto winner = race(std::move(members.deferreds));
  winner.cancel();
  EXPECT_EQ(winnerOf(winner), "5 of 1");
  EXPECT_EQ(members.cancelledOnes, (Names{"0", "2"}));
}

TEST(RaceCancel, doesNotWaitForMembersThatTakeTheirTime) {
  const LogWatcher log;
  auto [pending, resolve] = makeDeferred<int>();
  auto [member, resolver] = makeDeferred<int>();
  auto winner = race(std::move(member).addErrback(
      [&inner = pending](const CancelledError&) { return std::move(inner); }));
  winner.cancel();
  EXPECT_EQ(winnerOf(winner), cancelled);
  consume(std::move(winner));
  resolve.callback(1);
  EXPECT_EQ(log.unhandled(),
            (Names{"AlreadyCalledError: the Deferred was fired before: a Resolver fires once"}));
}

TEST(RaceCancel, logsWhatACancellerThrowsAndCancelsTheOthers) {
  for (const bool byWinner : {false, true}) {
    const LogWatcher log;
    Members members(0);
    members.add(makeDeferred<int>([] { throw Oops(); }));
    members.add(makeDeferred<int>([&] { members.cancelledOnes.push_back("1"); }));
    members.add(makeDeferred<int>());
    auto winner = race(std::move(members.deferreds));
    if (byWinner)
      members.resolvers[2].callback(3);
    else
      winner.cancel();
    EXPECT_EQ(log.others().size(), 1u);
    EXPECT_EQ(members.cancelledOnes, (Names{"1"}));
    EXPECT_EQ(winnerOf(winner), byWinner ? "3 of 2" : cancelled);
    consume(std::move(winner));
    members.resolvers[0].errback(Oops());
  }
}

TEST(RaceCancel, reachesWhatAHandlerOfAFiredRaceWaitsFor) {
  bool innerCancelled = false;
  auto [inner, resolveInner] = makeDeferred<int>([&] { innerCancelled = true; });
  auto chain = race(succeed(1)).addCallback([&deferred = inner](const FirstValue<int>&) {
    return std::move(deferred);
  });
  chain.cancel();
  EXPECT_TRUE(innerCancelled);
  consume(std::move(chain));
}

TEST(RaceCancel, whileTheOthersAreBeingCancelledDecidesTheRace) {
  // As in Twisted: the winner then finds the race fired.
  const LogWatcher log;
  std::optional<Deferred<FirstValue<int>>> winner;
  Members members(1);
  members.add(makeDeferred<int>([&] { winner->cancel(); }));
  winner.emplace(race(std::move(members.deferreds)));
  members.resolvers[0].callback(1);
  EXPECT_EQ(winnerOf(*winner), cancelled);
  consume(*std::move(winner));
  EXPECT_EQ(log.unhandled().size(), 1u);
}

TEST(RaceLifetime, survivesThatItIsDroppedByACancellerOfALoser) {
  std::optional<Deferred<FirstValue<int>>> winner;
  Members members(1);
  members.add(makeDeferred<int>([&] { winner.reset(); }));
  winner.emplace(race(std::move(members.deferreds)));
  members.resolvers[0].callback(1);
  EXPECT_FALSE(winner);
}

TEST(RaceLifetime, letsItsMembersRunOnWhenItIsDropped) {
  Members members(2);
  {
    const auto dropped = race(std::move(members.deferreds));
  }
  EXPECT_TRUE(members.cancelledOnes.empty());
  members.resolvers[1].callback(1);
  EXPECT_EQ(members.cancelledOnes, (Names{"0"}));
}

TEST(RaceLifetime, survivesThatAHandlerDestroysTheRace) {
  Members members(2);
  std::optional<Deferred<FirstValue<int>>> winner(race(std::move(members.deferreds)));
  winner->addCallback([&](FirstValue<int> first) {
    winner.reset();
    return first;
  });
  members.resolvers[0].callback(1);
  EXPECT_FALSE(winner);
}

}  // namespace
}  // namespace hawser
