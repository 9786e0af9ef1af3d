#include <hawser/defer/gather.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hawser {
namespace {

TEST(GatherKeys, givesTheValuesUnderTheirKeys) {
  auto [one, resolveOne] = makeDeferred<int>();
  auto [two, resolveTwo] = makeDeferred<int>();
  std::map<std::string, Deferred<int>> members;
  members.emplace("one", std::move(one));
  members.emplace("two", std::move(two));
  members.emplace("three", succeed(3));
  Deferred<std::map<std::string, int>> values = gather(std::move(members));
  resolveTwo.callback(2);
  EXPECT_EQ(values.state(), DeferredState::pending);
  resolveOne.callback(1);
  ASSERT_NE(values.peekValue(), nullptr);
  EXPECT_EQ(*values.peekValue(),
            (std::map<std::string, int>{{"one", 1}, {"two", 2}, {"three", 3}}));
}

TEST(GatherKeys, givesAnUnorderedMapOfAnUnorderedMap) {
  std::unordered_map<int, Deferred<std::string>> members;
  members.emplace(1, succeed(std::string("one")));
  members.emplace(2, succeed(std::string("two")));
  Deferred<std::unordered_map<int, std::string>> values = gather(std::move(members));
  ASSERT_NE(values.peekValue(), nullptr);
  EXPECT_EQ(*values.peekValue(), (std::unordered_map<int, std::string>{{1, "one"}, {2, "two"}}));
}

TEST(GatherKeys, keepsTheOrderOfTheMap) {
  std::map<int, Deferred<int>, std::greater<>> members;
  for (int i = 0; i < 3; ++i) members.emplace(i, succeed(i * i));
  Deferred<std::map<int, int, std::greater<>>> values = gather(std::move(members));
  ASSERT_NE(values.peekValue(), nullptr);
  EXPECT_EQ(values.peekValue()->begin()->second, 4);
}

TEST(GatherKeys, ofNoMembersGivesNothingAtOnce) {
  auto values = gather(std::map<std::string, Deferred<int>>());
  ASSERT_NE(values.peekValue(), nullptr);
  EXPECT_TRUE(values.peekValue()->empty());
}

TEST(GatherKeys, ofMembersWithoutValuesGivesNothing) {
  auto [member, resolver] = makeDeferred<void>();
  std::map<int, Deferred<void>> members;
  members.emplace(1, std::move(member));
  Deferred<void> done = gather(std::move(members));
  EXPECT_EQ(outcome(done), "pending");
  resolver.callback();
  EXPECT_EQ(outcome(done), "nothing");
}

TEST(GatherKeys, takesKeysAndValuesThatCannotBeCopied) {
  std::map<std::unique_ptr<int>, Deferred<std::unique_ptr<int>>> members;
  members.emplace(std::make_unique<int>(1), succeed(std::make_unique<int>(2)));
  auto values = gather(std::move(members));
  ASSERT_NE(values.peekValue(), nullptr);
  EXPECT_EQ(*values.peekValue()->begin()->first, 1);
  EXPECT_EQ(*values.peekValue()->begin()->second, 2);
}

struct Named {
  std::string name;
  friend std::string to_string(const Named& it) { return it.name; }
  friend auto operator<=>(const Named&, const Named&) = default;
};
struct Nameless {
  friend auto operator<=>(const Nameless&, const Nameless&) = default;
};

struct Shy {
  friend std::string to_string(const Shy&) { throw WorseOops(); }
  friend auto operator<=>(const Shy&, const Shy&) = default;
};

template <class Key>
std::string messageOfAFailureUnder(Key key) {
  std::map<Key, Deferred<int>> members;
  members.emplace(std::move(key), fail<int>(Oops()));
  auto values = gather(std::move(members));
  const auto* first = values.peekFailure()->template get<FirstError>();
  std::string message = first->what();
  EXPECT_EQ(first->index, 0u);
  EXPECT_TRUE(message.find(first->key()) != std::string::npos);
  consume(std::move(values));
  return message;
}

TEST(GatherKeys, failsWithTheFirstFailureAndTheTextOfItsKey) {
  const std::string rest = " failed first: hawser::Oops: oops";
  EXPECT_EQ(messageOfAFailureUnder(std::string("left")), "\"left\"" + rest);
  EXPECT_EQ(messageOfAFailureUnder(7), "\"7\"" + rest);
  EXPECT_EQ(messageOfAFailureUnder(Named{"its name"}), "\"its name\"" + rest);
  EXPECT_EQ(messageOfAFailureUnder(Nameless()), "number 0" + rest);
}

TEST(GatherKeys, failsWithWhatTheTextOfAKeyThrows) {
  std::map<Shy, Deferred<int>> members;
  members.emplace(Shy(), fail<int>(Oops()));
  auto values = gather(std::move(members));
  ASSERT_NE(values.peekFailure(), nullptr);
  EXPECT_TRUE(values.peekFailure()->check<WorseOops>());
  consume(std::move(values));
}

TEST(GatherKeys, cancelsEachMember) {
  int cancelledOnes = 0;
  std::vector<Resolver<int>> resolvers;
  std::map<int, Deferred<int>> members;
  for (int i = 0; i < 3; ++i) {
    auto [member, resolver] = makeDeferred<int>([&] { ++cancelledOnes; });
    members.emplace(i, std::move(member));
    resolvers.push_back(std::move(resolver));
  }
  auto values = gather(std::move(members));
  values.cancel();
  EXPECT_EQ(cancelledOnes, 3);
  consume(std::move(values));
}

TEST(GatherKeys, reportsFailuresUnlessTheyAreConsumed) {
  for (const bool consumes : {true, false}) {
    const LogWatcher log;
    std::map<int, Deferred<int>> members;
    members.emplace(1, fail<int>(Oops()));
    consume(gatherResults(std::move(members), {.consumeErrors = consumes}));
    EXPECT_EQ(log.unhandled().size(), consumes ? 0u : 1u);
  }
}

TEST(GatherKeys, makesAFailureOfAnOutputThatCannotBeMade) {
  struct Stubborn {
    int number = 0;
    bool* refuses = nullptr;
    Stubborn(int n, bool& r) : number(n), refuses(&r) {}
    Stubborn(const Stubborn&) = delete;
    Stubborn(Stubborn&& other) : number(other.number), refuses(other.refuses) {  // NOLINT: throws
      if (*refuses) throw Oops();
    }
    bool operator<(const Stubborn& other) const { return number < other.number; }
  };
  bool refuses = false;
  auto [member, resolver] = makeDeferred<int>();
  std::map<Stubborn, Deferred<int>> members;
  members.emplace(Stubborn(1, refuses), std::move(member));
  auto values = gather(std::move(members));
  refuses = true;
  EXPECT_NO_THROW(resolver.callback(1));
  ASSERT_NE(values.peekFailure(), nullptr);
  EXPECT_TRUE(values.peekFailure()->check<Oops>());
  consume(std::move(values));
}

}  // namespace
}  // namespace hawser
