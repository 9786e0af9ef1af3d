#pragma once

#include <hawser/base/delayed_call.h>
#include <hawser/base/durations.h>
#include <hawser/base/unique_function.h>

#include <source_location>

namespace hawser {

/// Time, and calls to be made later (Twisted's `IReactorTime`).
///
/// Whatever waits for time takes a Clock as a parameter, so that a test can pass a
/// `testing::FakeClock` and be over at once. The Reactor is the real one.
///
/// A clock belongs to one thread, and everything here must be called on it.
class Clock {
 public:
  using Duration = std::chrono::nanoseconds;
  using TimePoint = DelayedCall::TimePoint;

  /// The time: monotonic, and not the time of day. It stands still while the handlers of one
  /// reactor turn run, so that what happens in one turn happens at one time.
  virtual TimePoint now() const noexcept = 0;

  /// Calls `call` once, `delay` after now().
  ///
  /// Never calls it from inside callLater, not even with a delay of 0: then it is called in the
  /// reactor's next turn. Calls due at the same time are made in the order in which they were
  /// asked for. If `call` throws, the Reactor logs it, naming `where`, and goes on. A call that is
  /// still pending when its clock dies is dropped; so is everything that it captured.
  ///
  /// @throws std::invalid_argument if `delay` is negative or `call` is empty
  virtual DelayedCall callLater(Duration delay, unique_function<void()> call,
                                std::source_location where = std::source_location::current()) = 0;

 protected:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  ~Clock() = default;
};

}  // namespace hawser
