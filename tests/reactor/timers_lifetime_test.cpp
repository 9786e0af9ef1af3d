#include "reactor/timers_fixture.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hawser::tests {
namespace {

using namespace std::chrono_literals;

using TimersInUse = TimerQueueTest;

TEST_F(TimersInUse, aCallMayCancelAndMoveTheOthersThatAreDue) {
  std::string called;
  DelayedCall second, third;
  add(1s, [&] {
    called += 'a';
    second.cancel();
    third.reset(1s);
  });
  second = add(1s, [&] { called += 'b'; });
  third = add(1s, [&] { called += 'c'; });
  add(1s, [&] { called += 'd'; });
  clock.time += 1s;
  makeDueCalls();
  EXPECT_EQ(called, "ad");
  clock.time += 1s;
  makeDueCalls();
  EXPECT_EQ(called, "adc");
}

TEST_F(TimersInUse, aCallIsInactiveWhileItIsMade) {
  DelayedCall call;
  call = add(1s, [&] {
    EXPECT_FALSE(call.active());
    EXPECT_THROW(call.cancel(), AlreadyCalled);
    EXPECT_THROW(call.reset(1s), AlreadyCalled);
  });
  clock.time += 1s;
  EXPECT_EQ(makeDueCalls(), 1);
}

TEST_F(TimersInUse, aCallThatThrowsLeavesTheRestDue) {
  int made = 0;
  add(1s, [] { throw std::runtime_error("on purpose"); });
  add(1s, [&] { ++made; });
  clock.time += 1s;
  EXPECT_THROW(makeDueCalls(), std::runtime_error);
  EXPECT_EQ(queue.size(), 1u);
  makeDueCalls();
  EXPECT_EQ(made, 1);
}

TEST_F(TimersInUse, whatACancelledCallOwnsMayUseTheQueue) {
  struct Owned {
    TimersInUse* test;
    DelayedCall* other;
    ~Owned() {
      other->cancel();
      test->add(1s);
    }
  };
  DelayedCall other = add(1s);
  DelayedCall call;
  call = add(1s, [owned = std::make_unique<Owned>(this, &other)] {});
  call.cancel();
  EXPECT_THROW(call.cancel(), AlreadyCancelled);
  EXPECT_EQ(queue.size(), 1u);
}

TEST_F(TimersInUse, aCancelledCallMayOwnItsOnlyHandle) {
  auto handle = std::make_shared<DelayedCall>();
  DelayedCall* const only = handle.get();
  *only = add(1s, [handle = std::move(handle)] {});
  only->cancel();
  EXPECT_TRUE(queue.empty());
}

TEST_F(TimersInUse, whatACancelledCallOwnsMayDestroyTheQueue) {
  auto owner = std::make_shared<SettableClock>();
  std::vector<DelayedCall> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(owner->callLater(1s * i, [] {}));
  DelayedCall last = owner->callLater(1s, [owner] {});
  owner.reset();
  last.cancel();
  EXPECT_FALSE(last.active());
  for (DelayedCall& call : calls) EXPECT_THROW(call.cancel(), AlreadyCancelled);
}

TEST_F(TimersInUse, aCallMayDestroyItsQueue) {
  auto owner = std::make_unique<SettableClock>();
  DelayedCall other = owner->callLater(1s, [] {});
  DelayedCall call = owner->callLater(0s, [&] { owner.reset(); });
  auto due = owner->queue.popDue(owner->time);
  due->call();
  EXPECT_FALSE(other.active());
  EXPECT_THROW(call.cancel(), AlreadyCalled);
}

TEST_F(TimersInUse, handlesOutliveTheQueue) {
  std::vector<DelayedCall> calls;
  {
    SettableClock other;
    for (int i = 0; i < 1000; ++i) calls.push_back(other.callLater(i * 1ms, [] {}));
    for (std::size_t i = 0; i < calls.size(); i += 3) calls[i].cancel();
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_FALSE(calls[i].active());
    EXPECT_EQ(calls[i].getTime(), Clock::TimePoint() + static_cast<int>(i) * 1ms);
    EXPECT_THROW(calls[i].cancel(), AlreadyCancelled);
  }
}

TEST_F(TimersInUse, whatWasRefusedIsNotAdded) {
  EXPECT_THROW(add(-1ns), std::invalid_argument);
  EXPECT_THROW(add(1s, nullptr), std::invalid_argument);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.nextDue(), std::nullopt);
}

TEST_F(TimersInUse, pendingListsEachCallOnce) {
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) add(Duration(random() % 200'000));
  clock.time += 100us;
  ASSERT_TRUE(queue.popDue(clock.time)) << "so that some have left the wheel";
  std::vector<DelayedCall> calls = queue.pending();
  EXPECT_EQ(calls.size(), 299u);
  for (DelayedCall& call : calls) call.cancel();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.nextDue(), std::nullopt);
}

TEST_F(TimersInUse, comeAndGoInAnyOrder) {
  std::mt19937 random(11);
  std::vector<DelayedCall> calls;
  for (const std::size_t target : {5'000u, 10u, 3'000u, 0u, 100u, 2'000u, 1'000u, 0u}) {
    while (calls.size() < target) calls.push_back(add(Duration(random())));
    while (calls.size() > target) {
      std::swap(calls[random() % calls.size()], calls.back());
      calls.back().cancel();
      calls.pop_back();
    }
    EXPECT_EQ(queue.size(), target);
  }
}

}  // namespace
}  // namespace hawser::tests
