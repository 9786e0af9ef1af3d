#pragma once

#include <hawser/reactor/timers.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <source_location>
#include <utility>

namespace hawser::tests {

/// A clock that can be set to any time, and makes no calls by itself.
class SettableClock final : public Clock {
 public:
  TimerQueue queue{*this};
  TimePoint time{};

  TimePoint now() const noexcept override { return time; }
  DelayedCall callLater(Duration delay, unique_function<void()> call,
                        std::source_location where = std::source_location::current()) override {
    return queue.add(delay, std::move(call), where);
  }
};

class TimerQueueTest : public ::testing::Test {
 public:
  using Duration = Clock::Duration;
  using TimePoint = Clock::TimePoint;

  SettableClock clock;
  TimerQueue& queue = clock.queue;

  DelayedCall add(Duration delay, unique_function<void()> call = [] {}) {
    return clock.callLater(delay, std::move(call));
  }
  /// Makes the calls that are due; how many there were.
  int makeDueCalls() {
    int made = 0;
    while (auto due = queue.popDue(clock.time)) {
      due->call();
      ++made;
    }
    return made;
  }
  /// Sets the time to nextDue() until something is due, as a reactor does that sleeps until then.
  /// How many times it woke for nothing.
  int sleepUntilDue() {
    int woken = 0;
    for (;;) {
      clock.time = std::max(clock.time, queue.nextDue().value());
      const int made = makeDueCalls();
      if (made != 0) return woken;
      ++woken;
    }
  }
};

}  // namespace hawser::tests
