#include <hawser/defer/deferred_list.h>

#include <hawser/defer/coroutine.h>
#include <hawser/defer/gather.h>
#include <hawser/defer/race.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

using Members = std::vector<Deferred<int>>;
using Words = std::vector<std::string>;

/// A list whose first member waits for that list itself, and whose second waits to be fired. A
/// coroutine waits for `list` where it is, so the circle stands still while it lives.
template <class List>
struct Circle {
  std::optional<List> list;
  Resolver<int> first, second;
  CancelHandle handle;
  Words ends;

  template <class ListOf>
  Circle(ListOf listOf, bool inACoroutine) {
    auto [start, fireFirst] = makeDeferred<int>();
    auto [other, fireSecond] = makeDeferred<int>();
    first = std::move(fireFirst);
    second = std::move(fireSecond);
    Members members;
    members.push_back(
        (inACoroutine ? waitInACoroutine(std::move(start)) : waitInAHandler(std::move(start)))
            .addBoth(noted("first")));
    members.push_back(std::move(other).addBoth(noted("second")));
    list = listOf(std::move(members));
    handle = list->cancelHandle();
    first.callback(1);
  }
  Circle(const Circle&) = delete;
  Circle& operator=(const Circle&) = delete;
  ~Circle() = default;

 private:
  Deferred<int> waitInACoroutine(Deferred<int> start) {
    co_await std::move(start);
    co_await *std::move(list);
    co_return 0;
  }
  Deferred<int> waitInAHandler(Deferred<int> start) {
    return std::move(start).addCallback(
        [this](int) { return (*std::move(list)).addCallback([](const auto&) { return 0; }); });
  }
  auto noted(const char* who) {
    return [this, who](Result<int> result) {
      const std::string end = result ? "a value" : textOf(result.failure());
      ends.push_back(who + (": " + end.substr(0, end.find(':'))));
      return result;
    };
  }
};

constexpr auto failingList = [](Members members) {
  return deferredList(std::move(members), fireOnOneErrback | consumeErrors);
};
constexpr auto gathering = [](Members members) { return gather(std::move(members)); };
constexpr auto racing = [](Members members) { return race(std::move(members)); };
constexpr auto firstCallback = [](Members members) {
  return fireOnOneCallback(std::move(members), fireOnOneErrback | consumeErrors);
};

template <class ListOf>
void cancelCircles(ListOf listOf, const Words& expected) {
  using List = decltype(listOf(Members()));
  for (const bool inACoroutine : {false, true}) {
    for (const int times : {1, 2}) {
      Circle<List> circle(listOf, inACoroutine);
      EXPECT_EQ(circle.ends, Words());
      for (int i = 0; i < times; ++i) circle.handle.cancel();
      EXPECT_EQ(circle.ends, expected) << (inACoroutine ? "in a coroutine" : "in a handler");
    }
  }
}

TEST(DeferredListCircle, endsWhenItIsCancelledAndAnotherMemberFails) {
  const Words expected{"second: CancelledError", "first: FirstError"};
  cancelCircles(failingList, expected);
  cancelCircles(gathering, expected);
  cancelCircles(firstCallback, expected);
}

TEST(DeferredListCircle, ofARaceEndsWhenItIsCancelled) {
  const LogWatcher log;
  cancelCircles(racing, {"second: CancelledError", "first: CancelledError"});
  // As of any race that was cancelled and whose members end later than itself.
  ASSERT_EQ(log.unhandled().size(), 4u);
  EXPECT_EQ(log.unhandled()[0].substr(0, 18), "AlreadyCalledError");
}

TEST(DeferredListCircle, endsWhenAnotherMemberFails) {
  for (const bool inACoroutine : {false, true}) {
    Circle<Deferred<std::vector<int>>> circle(gathering, inACoroutine);
    circle.second.errback(Oops());
    EXPECT_EQ(circle.ends, (Words{"second: Oops", "first: FirstError"}));
  }
}

}  // namespace
}  // namespace hawser
