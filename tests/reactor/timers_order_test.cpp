#include "reactor/timers_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hawser::tests {
namespace {

using namespace std::chrono_literals;

using TimersInOrder = TimerQueueTest;
using Duration = Clock::Duration;
using TimePoint = Clock::TimePoint;

TEST_F(TimersInOrder, dueAtTheSameTimeAreCalledInTheOrderOfCreation) {
  std::vector<int> called;
  clock.time += 12345678ns;
  for (int i = 0; i < 1000; ++i) add(1h, [&called, i] { called.push_back(i); });
  clock.time += 1h - 1ns;
  EXPECT_EQ(makeDueCalls(), 0);
  clock.time += 1ns;
  EXPECT_EQ(makeDueCalls(), 1000);
  EXPECT_TRUE(std::is_sorted(called.begin(), called.end()));
}

TEST_F(TimersInOrder, addedAtDifferentTimesForTheSameTimeTooAreCalledInTheOrderOfCreation) {
  std::vector<int> called;
  const TimePoint due = clock.time + 1h;
  for (int i = 0; clock.time < due; ++i) {
    add(due - clock.time, [&called, i] { called.push_back(i); });
    EXPECT_FALSE(queue.popDue(clock.time));
    clock.time += (due - clock.time) / 2 + 1ns;
  }
  clock.time = due;
  EXPECT_GT(makeDueCalls(), 30);
  EXPECT_TRUE(std::is_sorted(called.begin(), called.end()));
}

TEST_F(TimersInOrder, aMovedCallKeepsItsPlaceInTheOrderOfCreation) {
  std::string called;
  DelayedCall first = add(9h, [&] { called += 'a'; });
  add(1s, [&] { called += 'b'; });
  DelayedCall third = add(1ns, [&] { called += 'c'; });
  add(1s, [&] { called += 'd'; });
  third.reset(1s);
  first.reset(1s);
  clock.time += 1s;
  makeDueCalls();
  EXPECT_EQ(called, "abcd");
}

TEST_F(TimersInOrder, nanosecondsApartAreCalledInTheirOrder) {
  std::vector<int> called;
  for (const int i : {5, 3, 9, 1, 7, 2, 8, 0, 6, 4})
    add(1s + i * 1ns, [&called, i] { called.push_back(i); });
  clock.time += 1s + 4ns;
  EXPECT_EQ(makeDueCalls(), 5);
  EXPECT_EQ(queue.nextDue(), clock.time + 1ns);
  clock.time += 5ns;
  EXPECT_EQ(makeDueCalls(), 5);
  EXPECT_EQ(called, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_F(TimersInOrder, whatACallAddsForNowComesBehindAllThatIsDue) {
  std::string called;
  add(1s, [&] {
    called += 'a';
    add(0s, [&] { called += 'd'; });
  });
  add(1s, [&] { called += 'b'; });
  add(2s, [&] { called += 'c'; });
  clock.time += 2s;
  makeDueCalls();
  EXPECT_EQ(called, "abcd");
}

TEST_F(TimersInOrder, aTimeThatWentBackChangesNothing) {
  std::string called;
  clock.time += 1h;
  add(1h, [&] { called += 'd'; });
  makeDueCalls();
  clock.time -= 30min;
  add(1h, [&] { called += 'c'; });
  add(1s, [&] { called += 'a'; });
  add(2s, [&] { called += 'b'; });
  EXPECT_EQ(queue.nextDue(), clock.time + 1s);
  clock.time += 1s;
  EXPECT_EQ(makeDueCalls(), 1);
  clock.time += 24h;
  makeDueCalls();
  EXPECT_EQ(called, "abcd");
}

/// The queue beside a sorted map, through a random life.
class Life {
 public:
  explicit Life(std::uint32_t seed) : random_(seed) {
    // Years, minutes, or nothing but nanoseconds: a life has a scale of its own.
    widest_ = static_cast<unsigned>(1 + random_() % 62);
    clock_.time += Duration(static_cast<std::int64_t>(random_()) << random_() % 31);
    if (random_() % 4 == 0) clock_.time = -clock_.time.time_since_epoch() + TimePoint{};
  }

  /// What went wrong, or nothing.
  std::string live(int steps) {
    for (int step = 0; step < steps && fault_.empty(); ++step) {
      act();
      compare();
      if (!fault_.empty()) fault_ += " at step " + std::to_string(step);
    }
    return fault_;
  }

 private:
  using Key = std::pair<TimePoint, std::uint64_t>;

  Duration some() {
    const auto bits = random_() % widest_;
    const std::uint64_t number = std::uint64_t{random_()} << 32 | random_();
    return Duration(static_cast<std::int64_t>(number & ((std::uint64_t{2} << bits) - 1)));
  }

  void act() {
    switch (random_() % 12) {
      case 0:
      case 1:
      case 2:
        return add(some());
      case 3:
        return model_.empty() ? add(0ns) : addLike();
      case 4:
      case 5:
        return cancel();
      case 6:
        return move(false);
      case 7:
        return move(true);
      case 8:
        clock_.time = detail::laterThan(clock_.time, some());
        return pop(UINT64_MAX);
      case 9:
        return sleep();
      case 10:
        return pop(added_ - random_() % 4 % (added_ + 1));
      default:
        if (random_() % 64 == 0) clock_.time = detail::laterThan(clock_.time, -some());
    }
  }

  void add(Duration delay) {
    const std::uint64_t number = added_++;
    const TimePoint due = detail::laterThan(clock_.time, delay);
    model_.emplace(Key(due, number),
                   clock_.callLater(delay, [this, number] { called_.push_back(number); }));
  }
  /// Due when another is.
  void addLike() {
    const TimePoint due = any()->first.first;
    if (due >= clock_.time &&
        due.time_since_epoch().count() / 2 - clock_.time.time_since_epoch().count() / 2 <
            INT64_MAX / 2)
      add(due - clock_.time);
  }
  std::map<Key, DelayedCall>::iterator any() {
    return std::next(model_.begin(), static_cast<std::ptrdiff_t>(random_() % model_.size()));
  }
  void cancel() {
    if (model_.empty()) return;
    const auto which = random_() % 2 ? model_.begin() : any();
    which->second.cancel();
    model_.erase(which);
  }
  void move(bool relative) {
    if (model_.empty()) return;
    const auto which = any();
    DelayedCall call = which->second;
    const std::uint64_t number = which->first.second;
    const Duration by = relative && random_() % 2 ? -some() : some();
    if (relative)
      call.delay(by);
    else
      call.reset(by);
    const TimePoint due = detail::laterThan(relative ? which->first.first : clock_.time, by);
    if (call.getTime() != due) fault_ = "moved to another time";
    model_.erase(which);
    model_.emplace(Key(due, number), call);
  }
  /// As a reactor does: sleeps until nextDue, and again, if that was too early.
  void sleep() {
    if (model_.empty()) return;
    for (int woken = 0; model_.begin()->first.first > clock_.time; ++woken) {
      const auto next = queue_.nextDue();
      if (!next || *next <= clock_.time) fault_ = "nextDue is past, and nothing is due";
      if (next > model_.begin()->first.first) fault_ = "nextDue is too late";
      if (woken > 8) fault_ = "woken more than once a level";
      if (!fault_.empty()) return;
      clock_.time = *next;
      pop(0);
    }
    pop(UINT64_MAX);
  }
  void pop(std::uint64_t limit) {
    called_.clear();
    std::vector<std::uint64_t> expected;
    for (;;) {
      const auto first = model_.begin();
      const bool due =
          first != model_.end() && first->first.first <= clock_.time && first->first.second < limit;
      auto popped = queue_.popDue(clock_.time, limit);
      if (popped.has_value() != due) {
        fault_ = due ? "a call that is due does not come" : "a call comes too early";
        return;
      }
      if (!due) break;
      if (first->second.active()) fault_ = "a call is active while it is made";
      expected.push_back(first->first.second);
      model_.erase(first);
      popped->call();
    }
    if (called_ != expected) fault_ = "another order";
  }
  void compare() {
    if (queue_.size() != model_.size()) fault_ = "another size";
    const auto next = queue_.nextDue();
    if (next.has_value() == model_.empty()) fault_ = "nextDue knows of another number of calls";
    if (next && *next > model_.begin()->first.first) fault_ = "nextDue is too late";
    if (added_ % 16 != 0) return;
    std::multiset<TimePoint> pending, expected;
    for (const DelayedCall& call : queue_.pending()) pending.insert(call.getTime());
    for (const auto& [key, call] : model_) expected.insert(key.first);
    if (pending != expected) fault_ = "others are pending";
  }

  std::mt19937 random_;
  unsigned widest_;
  SettableClock clock_;
  TimerQueue& queue_ = clock_.queue;
  std::map<Key, DelayedCall> model_;
  std::vector<std::uint64_t> called_;
  std::uint64_t added_ = 0;
  std::string fault_;
};

TEST(TimersOfAnyScale, keepTheirOrderThroughAnyLife) {
  const std::uint32_t first = std::random_device()();
  for (std::uint32_t seed = first; seed != first + 150; ++seed) {
    const std::string fault = Life(seed).live(1500);
    ASSERT_EQ(fault, "") << "with seed " << seed;
  }
}

}  // namespace
}  // namespace hawser::tests
