#pragma once

#include <hawser/base/clock.h>
#include <hawser/reactor/timers.h>

#include <initializer_list>
#include <source_location>
#include <vector>

namespace hawser::testing {

/// A clock that a test moves by hand (Twisted's `task.Clock`), so that code which waits for minutes
/// is tested in no time, and always alike.
///
///     FakeClock clock;
///     auto call = clock.callLater(10s, [&] { rang = true; });
///     clock.advance(10s);
///     EXPECT_TRUE(rang);
///
/// It starts at 0. Everything happens on the caller's thread, inside `advance`.
class FakeClock final : public Clock {
 public:
  FakeClock() noexcept;

  TimePoint now() const noexcept override { return now_; }
  DelayedCall callLater(Duration delay, unique_function<void()> call,
                        std::source_location where = std::source_location::current()) override;

  /// Moves the time by `amount`, then makes the calls that are due by then, in the order of their
  /// times, then of their creation; all of them see the new time. Calls that they add are made,
  /// too, if they are due already.
  ///
  /// A call that throws ends this: the exception leaves `advance`, and the others that are due are
  /// made by the next advance (`advance(0s)` will do).
  void advance(Duration amount);
  /// Advances by each of the amounts in turn.
  void pump(std::initializer_list<Duration> amounts);

  /// Handles of the calls that have not been made (Twisted's `getDelayedCalls`), in no order.
  std::vector<DelayedCall> getDelayedCalls() const { return timers_.pending(); }

 private:
  TimePoint now_{};
  TimerQueue timers_;
};

}  // namespace hawser::testing
