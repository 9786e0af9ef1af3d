#include <hawser/defer/single_flight.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

using Names = std::vector<std::string>;

class SingleFlightTest : public ::testing::Test {
 protected:
  /// A call that the test answers through `calls`.
  Deferred<int> call(const std::string& key) {
    ++count;
    auto [deferred, resolver] = makeDeferred<int>([this, key] { cancelledOnes.push_back(key); });
    calls[key] = std::move(resolver);
    return std::move(deferred);
  }
  Deferred<void> ask(const std::string& key) {
    return flight->run(key, [this, key] { return call(key); })
        .addBoth([this, key](const Result<int>& result) {
          heard.push_back(key + "=" + textOf(result));
        });
  }

  int count = 0;
  Names cancelledOnes;
  std::map<std::string, Resolver<int>> calls;
  Names heard;
  std::optional<SingleFlight<std::string, int>> flight{std::in_place};
};

TEST_F(SingleFlightTest, callsOnceForAllWhoAskMeanwhile) {
  ask("a");
  ask("a");
  EXPECT_EQ(count, 1);
  EXPECT_EQ(flight->waiting("a"), 2u);
  calls["a"].callback(1);
  EXPECT_EQ(heard, (Names{"a=1", "a=1"}));
}

TEST_F(SingleFlightTest, callsForEachKey) {
  ask("a");
  ask("b");
  EXPECT_EQ(count, 2);
  EXPECT_EQ(flight->size(), 2u);
  calls["b"].callback(2);
  calls["a"].callback(1);
  EXPECT_EQ(heard, (Names{"b=2", "a=1"}));
  EXPECT_EQ(flight->size(), 0u);
}

TEST_F(SingleFlightTest, keepsNeitherValuesNorFailures) {
  ask("a");
  calls["a"].callback(1);
  ask("a");
  EXPECT_EQ(count, 2);
  calls["a"].errback(Oops());
  ask("a");
  EXPECT_EQ(count, 3);
  calls["a"].callback(3);
  EXPECT_EQ(heard, (Names{"a=1", "a=!Oops: oops", "a=3"}));
}

TEST_F(SingleFlightTest, startsANewCallForWhoeverAsksOutOfTheHandlerOfAnAnswer) {
  flight->run("a", [this] { return call("a"); }).addCallback([this](int) { ask("a"); });
  ask("a");
  calls["a"].callback(1);
  EXPECT_EQ(count, 2);
  EXPECT_EQ(heard, (Names{"a=1"}));
  calls["a"].callback(2);
  EXPECT_EQ(heard, (Names{"a=1", "a=2"}));
}

TEST_F(SingleFlightTest, takesFunctionsThatAnswerAtOnceOrThrow) {
  EXPECT_EQ(outcome(flight->run("a", [] { return 5; })), "5");
  Deferred<int> failed = flight->run("a", []() -> Deferred<int> { throw Oops(); });
  EXPECT_EQ(outcome(failed), "!Oops: oops");
  consume(std::move(failed));
  EXPECT_EQ(flight->size(), 0u);
}

TEST_F(SingleFlightTest, letsAFunctionThatAsksForItsOwnKeyJoinItself) {
  const auto first = flight->run("a", [this] {
    ask("a");
    return call("a");
  });
  EXPECT_EQ(count, 1);
  calls["a"].callback(1);
  EXPECT_EQ(heard, (Names{"a=1"}));
}

TEST_F(SingleFlightTest, letsOneGoWithoutDisturbingTheOthers) {
  auto impatient = ask("a");
  ask("a");
  impatient.cancel();
  calls["a"].callback(1);
  EXPECT_EQ(heard, (Names{"a=!CancelledError: the Deferred was cancelled", "a=1"}));
}

TEST_F(SingleFlightTest, cancelsTheCallWhenNobodyWantsItIfItShould) {
  flight.emplace(WhenUnwanted::cancel);
  auto impatient = ask("a");
  impatient.cancel();
  EXPECT_EQ(cancelledOnes, (Names{"a"}));
  EXPECT_EQ(flight->size(), 0u);
}

TEST_F(SingleFlightTest, startsANewCallWhileOneThatNobodyWantedIsStillEnding) {
  flight.emplace(WhenUnwanted::cancel);
  auto [slowEnd, end] = makeDeferred<int>();
  auto impatient = flight->run("a", [&, slow = &slowEnd] {
    return call("a").addErrback([slow](const CancelledError&) { return std::move(*slow); });
  });
  impatient.cancel();
  consume(std::move(impatient));
  ask("a");
  EXPECT_EQ(count, 2);
  end.callback(1);
  EXPECT_TRUE(heard.empty());
  calls["a"].callback(2);
  EXPECT_EQ(heard, (Names{"a=2"}));
}

TEST_F(SingleFlightTest, forgetsACallSoThatTheNextToAskStartsANewOne) {
  ask("a");
  Resolver<int> first = std::move(calls["a"]);
  flight->forget("a");
  ask("a");
  EXPECT_EQ(count, 2);
  first.callback(1);
  EXPECT_EQ(flight->waiting("a"), 1u) << "the end of the old call is not that of the new one";
  calls["a"].callback(2);
  EXPECT_EQ(heard, (Names{"a=1", "a=2"}));
}

TEST_F(SingleFlightTest, servesThoseWhoWaitWhenItIsDestroyed) {
  ask("a");
  flight.reset();
  calls["a"].callback(1);
  EXPECT_EQ(heard, (Names{"a=1"}));
}

TEST_F(SingleFlightTest, survivesThatAFunctionDestroysIt) {
  flight
      ->run("a",
            [this] {
              flight.reset();
              return call("a");
            })
      .addCallback([this](int value) { heard.push_back(std::to_string(value)); });
  EXPECT_FALSE(flight);
  calls["a"].callback(1);
  EXPECT_EQ(heard, (Names{"1"}));
}

TEST_F(SingleFlightTest, showsTheValueToWhoeverKeepsItBeforeThoseWhoWait) {
  const auto answered = flight
                            ->run(
                                "a", [this] { return call("a"); },
                                [this](const std::string& key, int value) {
                                  heard.push_back(key + " kept " + std::to_string(value));
                                })
                            .addCallback([this](int) { heard.push_back("answered"); });
  calls["a"].callback(1);
  EXPECT_EQ(heard, (Names{"a kept 1", "answered"}));
}

TEST_F(SingleFlightTest, answersEvenIfTheValueCannotBeKept) {
  const LogWatcher log;
  const auto answer =
      flight->run("a", [] { return 1; }, [](const std::string&, int) { throw Oops(); });
  EXPECT_EQ(outcome(answer), "1");
  EXPECT_EQ(log.others(), (Names{"what a call gave could not be kept / Oops: oops"}));
}

TEST(SingleFlight, isForCallsWithoutValues) {
  SingleFlight<int, void> flight;
  int calls = 0;
  auto [work, resolver] = makeDeferred<void>();
  auto a = flight.run(1, [&calls, it = &work] {
    ++calls;
    return std::move(*it);
  });
  auto b = flight.run(1, [&] { ++calls; });
  resolver.callback();
  EXPECT_EQ(outcome(a) + outcome(b), "nothingnothing");
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace hawser
