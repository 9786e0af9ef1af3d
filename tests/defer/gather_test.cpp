#include <hawser/defer/gather.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hawser {
namespace {

template <class T>
std::vector<Deferred<T>> both(Deferred<T> a, Deferred<T> b) {
  std::vector<Deferred<T>> members;
  members.push_back(std::move(a));
  members.push_back(std::move(b));
  return members;
}

TEST(Gather, givesTheValuesInTheOrderOfTheMembers) {
  auto [a, resolveA] = makeDeferred<int>();
  auto [b, resolveB] = makeDeferred<int>();
  Deferred<std::vector<int>> values = gather(both(std::move(a), std::move(b)));
  resolveB.callback(2);
  EXPECT_EQ(outcome(values), "pending");
  resolveA.callback(1);
  EXPECT_EQ(outcome(values), "[1, 2]");
}

TEST(Gather, givesNothingAtOnceOfNoMembers) {
  EXPECT_EQ(outcome(gather(std::vector<Deferred<int>>())), "[]");
}

TEST(Gather, failsWithTheFirstFailureAndItsIndex) {
  const LogWatcher log;
  auto [a, resolveA] = makeDeferred<int>();
  auto [b, resolveB] = makeDeferred<int>();
  Deferred<std::vector<int>> values = gather(both(std::move(a), std::move(b)));
  resolveB.errback(Oops());
  ASSERT_NE(values.peekFailure(), nullptr);
  const auto* first = values.peekFailure()->get<FirstError>();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->index, 1u);
  EXPECT_TRUE(first->subFailure.check<Oops>());
  resolveA.errback(WorseOops());
  consume(std::move(values));
  EXPECT_TRUE(log.unhandled().empty()) << "the caller got one failure and asked for no more";
}

TEST(Gather, hasAMessageThatNamesTheFirstFailure) {
  Deferred<std::vector<int>> values = gather(both(succeed(1), fail<int>(Oops())));
  const std::string message = values.peekFailure()->getErrorMessage();
  EXPECT_NE(message.find("number 1 "), std::string::npos) << message;
  EXPECT_NE(message.find("Oops: oops"), std::string::npos) << message;
  consume(std::move(values));
}

TEST(Gather, ofMembersWithoutValuesGivesNothing) {
  auto [a, resolveA] = makeDeferred<void>();
  auto [b, resolveB] = makeDeferred<void>();
  Deferred<void> done = gather(both(std::move(a), std::move(b)));
  resolveA.callback();
  EXPECT_EQ(outcome(done), "pending");
  resolveB.callback();
  EXPECT_EQ(outcome(done), "nothing");
}

TEST(Gather, movesValuesThatCannotBeCopied) {
  Deferred<std::vector<std::unique_ptr<int>>> values =
      gather(both(succeed(std::make_unique<int>(1)), succeed(std::make_unique<int>(2))));
  ASSERT_NE(values.peekValue(), nullptr);
  EXPECT_EQ(*values.peekValue()->at(1), 2);
}

TEST(Gather, cancelsItsMembers) {
  int cancelledOnes = 0;
  auto [a, resolveA] = makeDeferred<int>([&] { ++cancelledOnes; });
  auto [b, resolveB] = makeDeferred<int>([&] { ++cancelledOnes; });
  Deferred<std::vector<int>> values = gather(both(std::move(a), std::move(b)));
  values.cancel();
  EXPECT_EQ(cancelledOnes, 2);
  ASSERT_NE(values.peekFailure(), nullptr);
  EXPECT_TRUE(values.peekFailure()->get<FirstError>()->subFailure.check<CancelledError>());
  consume(std::move(values));
}

TEST(GatherResults, reportsTheFailuresOfItsMembersUnlessTheyAreConsumed) {
  for (const bool consumes : {true, false}) {
    const LogWatcher log;
    auto [a, resolveA] = makeDeferred<int>();
    auto [b, resolveB] = makeDeferred<int>();
    Deferred<std::vector<int>> values =
        gatherResults(both(std::move(a), std::move(b)), {.consumeErrors = consumes});
    resolveA.errback(Oops());
    resolveB.errback(WorseOops());
    consume(std::move(values));
    EXPECT_EQ(log.unhandled(), consumes
                                   ? std::vector<std::string>{}
                                   : (std::vector<std::string>{"Oops: oops", "WorseOops: worse"}));
  }
}

}  // namespace
}  // namespace hawser
