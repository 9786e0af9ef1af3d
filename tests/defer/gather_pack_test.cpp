#include <hawser/defer/gather.h>

#include <hawser/defer/coroutine.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace hawser {
namespace {

TEST(GatherPack, givesATupleOfValuesOfAnyTypes) {
  auto [number, resolveNumber] = makeDeferred<int>();
  auto [text, resolveText] = makeDeferred<std::string>();
  auto both = gather(std::move(number), std::move(text));
  static_assert(std::is_same_v<decltype(both), Deferred<std::tuple<int, std::string>>>);
  resolveText.callback("text");
  EXPECT_EQ(both.state(), DeferredState::pending);
  resolveNumber.callback(1);
  ASSERT_NE(both.peekValue(), nullptr);
  EXPECT_EQ(*both.peekValue(), std::tuple(1, std::string("text")));
}

TEST(GatherPack, hasAMonostateForAMemberWithoutAValue) {
  auto [done, resolve] = makeDeferred<void>();
  auto all = gather(std::move(done), succeed(), succeed(3));
  resolve.callback();
  ASSERT_NE(all.peekValue(), nullptr);
  EXPECT_EQ(*all.peekValue(), std::tuple(std::monostate(), std::monostate(), 3));
}

TEST(GatherPack, isReadyIfItsMembersAre) {
  auto all = gather(succeed(1), succeed(std::string("two")));
  ASSERT_NE(all.peekValue(), nullptr);
  EXPECT_EQ(*all.peekValue(), std::tuple(1, std::string("two")));
}

TEST(GatherPack, canBeTakenApartByWhoeverAwaitsIt) {
  const auto body = [](Deferred<int> a, Deferred<std::string> b) -> Deferred<std::string> {
    auto [number, text] = co_await gather(std::move(a), std::move(b));
    co_return text + std::to_string(number);
  };
  auto [number, resolve] = makeDeferred<int>();
  auto result = body(std::move(number), succeed(std::string("no. ")));
  resolve.callback(5);
  EXPECT_EQ(outcome(result), "no. 5");
}

TEST(GatherPack, movesValuesThatCannotBeCopiedOrAreLarge) {
  struct Large {
    std::string text;
    char rest[100] = {};
  };
  auto [large, resolve] = makeDeferred<Large>();
  auto all = gather(succeed(std::make_unique<int>(1)), std::move(large));
  resolve.callback(Large{"a text that is longer than what a string holds itself", {}});
  ASSERT_NE(all.peekValue(), nullptr);
  EXPECT_EQ(*std::get<0>(*all.peekValue()), 1);
  EXPECT_EQ(std::get<1>(*all.peekValue()).text.substr(0, 6), "a text");
}

TEST(GatherPack, failsWithTheFirstFailureAndItsPosition) {
  const LogWatcher log;
  auto [a, resolveA] = makeDeferred<int>();
  auto [b, resolveB] = makeDeferred<std::string>();
  auto both = gather(std::move(a), std::move(b));
  resolveB.errback(Oops());
  ASSERT_NE(both.peekFailure(), nullptr);
  EXPECT_EQ(both.peekFailure()->get<FirstError>()->index, 1u);
  resolveA.errback(WorseOops());
  consume(std::move(both));
  EXPECT_TRUE(log.unhandled().empty());
}

TEST(GatherPack, cancelsEachOfItsMembers) {
  int cancelledOnes = 0;
  auto [a, resolveA] = makeDeferred<int>([&] { ++cancelledOnes; });
  auto [b, resolveB] = makeDeferred<void>([&] { ++cancelledOnes; });
  auto both = gather(std::move(a), std::move(b));
  both.cancel();
  EXPECT_EQ(cancelledOnes, 2);
  consume(std::move(both));
}

TEST(GatherPack, freesItsValuesWhenItFails) {
  int alive = 0;
  auto [a, resolveA] = makeDeferred<int>();
  {
    auto both = gather(succeed(Counted(alive)), std::move(a));
    resolveA.errback(Oops());
    consume(std::move(both));
  }
  EXPECT_EQ(alive, 0);
}

TEST(GatherPack, namesThePlaceOfAMemberAsItsOwn) {
  auto [a, resolveA] = makeDeferred<int>();
  auto both = gather(succeed(1), std::move(a));
  resolveA.errback(Oops());
  ASSERT_NE(both.peekFailure(), nullptr);
  EXPECT_NE(std::string(both.peekFailure()->raisedAt().file_name()).find("gather_pack_test"),
            std::string::npos);
  consume(std::move(both));
}

TEST(GatherResultsPack, reportsTheFailuresOfItsMembersUnlessTheyAreConsumed) {
  for (const bool consumes : {true, false}) {
    const LogWatcher log;
    consume(consumes ? gatherResults(consumeErrors, succeed(1), fail<int>(Oops()))
                     : gatherResults(succeed(1), fail<int>(Oops())));
    EXPECT_EQ(log.unhandled().size(), consumes ? 0u : 1u);
  }
}

TEST(DeferredListPack, takesItsMembersFromTheCall) {
  auto [a, resolveA] = makeDeferred<int>();
  Deferred<std::vector<Result<int>>> list =
      deferredList(consumeErrors, std::move(a), fail<int>(Oops()), succeed(3));
  resolveA.callback(1);
  EXPECT_EQ(outcome(list), "[1, !Oops: oops, 3]");
  EXPECT_EQ(outcome(deferredList(succeed(1), succeed(2))), "[1, 2]");
}

TEST(DeferredListPack, failsOnTheFirstFailureIfItShould) {
  auto list = deferredList(fireOnOneErrback | consumeErrors, succeed(1), fail<int>(Oops()));
  ASSERT_NE(list.peekFailure(), nullptr);
  EXPECT_EQ(list.peekFailure()->get<FirstError>()->index, 1u);
  consume(std::move(list));
}

TEST(FireOnOneCallbackPack, firesWithTheFirstValueOrAllFailures) {
  auto [a, resolveA] = makeDeferred<int>();
  auto [b, resolveB] = makeDeferred<int>();
  auto first = fireOnOneCallback(consumeErrors, std::move(a), std::move(b));
  resolveB.callback(2);
  ASSERT_NE(first.peekValue(), nullptr);
  EXPECT_EQ(std::get<FirstValue<int>>(*first.peekValue()).index, 1u);
  auto none = fireOnOneCallback(consumeErrors, fail<int>(Oops()), fail<int>(WorseOops()));
  ASSERT_NE(none.peekValue(), nullptr);
  EXPECT_EQ(textOf(std::get<1>(*none.peekValue())), "[!Oops: oops, !WorseOops: worse]");
}

}  // namespace
}  // namespace hawser
