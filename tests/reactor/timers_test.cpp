#include <hawser/reactor/timers.h>
#include <hawser/testing/fake_clock.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <vector>

namespace hawser::tests {
namespace {

using namespace std::chrono_literals;

class Timers : public ::testing::Test {
 public:
  testing::FakeClock clock;
  TimerQueue queue{clock};

  DelayedCall add(Clock::Duration delay, unique_function<void()> call = [] {}) {
    return queue.add(delay, std::move(call), std::source_location::current());
  }
};

TEST_F(Timers, tellsWhenTheNextIsDue) {
  EXPECT_EQ(queue.nextDue(), std::nullopt);
  add(5s);
  DelayedCall first = add(2s);
  EXPECT_EQ(queue.nextDue(), clock.now() + 2s);
  first.cancel();
  EXPECT_EQ(queue.nextDue(), clock.now() + 5s);
}

TEST_F(Timers, callsNumberedFromTheLimitOnAreNotTakenOut) {
  add(0s);
  const std::uint64_t limit = queue.nextSequence();
  add(0s);
  EXPECT_TRUE(queue.popDue(clock.now(), limit));
  EXPECT_FALSE(queue.popDue(clock.now(), limit));
  EXPECT_TRUE(queue.popDue(clock.now()));
}

TEST_F(Timers, clearDropsWhatDroppingAdds) {
  struct AddsWhenDropped {
    Timers* test;
    int left;
    AddsWhenDropped(Timers* t, int l) : test(t), left(l) {}
    AddsWhenDropped(AddsWhenDropped&& other) noexcept
        : test(std::exchange(other.test, nullptr)), left(other.left) {}
    ~AddsWhenDropped() {
      if (test && left > 0) test->add(1s, AddsWhenDropped(test, left - 1));
    }
    void operator()() {}
  };
  add(1s, AddsWhenDropped(this, 3));
  queue.clear();
  EXPECT_TRUE(queue.empty());
}

TEST_F(Timers, keepTheirOrderThroughAnyAddingCancellingAndMoving) {
  std::mt19937 random(7);
  struct Model {
    Clock::TimePoint due;
    int number;
    DelayedCall call;
  };
  std::vector<Model> model;
  std::vector<int> called;
  int next = 0;
  const auto some = [&] { return Clock::Duration(random() % 1000); };
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t which = model.empty() ? 0 : random() % model.size();
    switch (random() % 6) {
      case 0:
      case 1:
      case 2: {
        const auto delay = some();
        const int number = next++;
        model.push_back({clock.now() + delay, number,
                         add(delay, [&called, number] { called.push_back(number); })});
        break;
      }
      case 3:
        if (model.empty()) break;
        model[which].call.cancel();
        model.erase(model.begin() + static_cast<std::ptrdiff_t>(which));
        break;
      case 4: {
        if (model.empty()) break;
        const auto delay = some();
        model[which].call.reset(delay);
        model[which].due = clock.now() + delay;
        break;
      }
      default: {
        clock.advance(some() / 10);
        called.clear();
        while (auto due = queue.popDue(clock.now())) due->call();
        std::sort(model.begin(), model.end(), [](const Model& a, const Model& b) {
          return std::pair(a.due, a.number) < std::pair(b.due, b.number);
        });
        std::vector<int> expected;
        while (!model.empty() && model.front().due <= clock.now()) {
          EXPECT_FALSE(model.front().call.active());
          expected.push_back(model.front().number);
          model.erase(model.begin());
        }
        ASSERT_EQ(called, expected);
      }
    }
    ASSERT_EQ(queue.size(), model.size());
  }
}

}  // namespace
}  // namespace hawser::tests
