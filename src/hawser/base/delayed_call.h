#pragma once

#include <hawser/base/durations.h>
#include <hawser/base/timer_slabs.h>
#include <hawser/base/unique_function.h>

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <stdexcept>
#include <utility>

namespace hawser {

/// Thrown by a DelayedCall whose call was made already, or is being made (Twisted's
/// `AlreadyCalled`).
class AlreadyCalled : public std::logic_error {
 public:
  using std::logic_error::logic_error;
  ~AlreadyCalled() override;
};

/// Thrown by a DelayedCall whose call was cancelled, or dropped with its clock (Twisted's
/// `AlreadyCancelled`).
class AlreadyCancelled : public std::logic_error {
 public:
  using std::logic_error::logic_error;
  ~AlreadyCancelled() override;
};

namespace detail {

/// The part of a TimerEntry that nobody looks at until its time has come, or it is cancelled.
struct TimerDetails {
  TimerEntry* child = nullptr;  ///< where the owner keeps it, for the owner to say
  std::source_location where;
  unique_function<void()> call;
};

/// One call that was asked for with `callLater`: shared between the queue that holds it (while it
/// is pending) and the handles that name it. Never touched by two threads.
///
/// It is what the queue needs to sort its calls, and small, so that their neighbours in time, whom
/// adding and cancelling touch, are often in the cache. The rest of it is in details().
struct TimerEntry {
  enum class State : std::uint8_t {
    pending,    ///< in its owner's queue; `call` holds what will be called
    called,     ///< taken out to be called; `call` is empty
    cancelled,  ///< cancelled, or dropped with its owner; `call` is empty
  };
  using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

  TimerEntry(TimerSlab* from, std::uint16_t place) noexcept : slab(from), index(place) {}

  TimePoint due{};
  std::uint64_t sequence = 0;  ///< order of creation, within one owner
  // Where the owner keeps it, for the owner to say.
  TimerEntry* previous = nullptr;
  TimerEntry* next = nullptr;
  TimerSlab* slab;
  std::uint32_t references = 1;
  std::uint16_t index;  ///< in its slab
  std::uint8_t level = 0;
  State state = State::pending;

  bool before(const TimerEntry& other) const noexcept {
    return due != other.due ? due < other.due : sequence < other.sequence;
  }
  TimerDetails& details() const noexcept { return slab->details[index]; }
  /// Only while it is pending.
  TimerOwner& owner() const noexcept { return slab->home->owner(); }
};

/// `time` plus `delay`, or the end of time if that is beyond it.
TimerEntry::TimePoint laterThan(TimerEntry::TimePoint time,
                                std::chrono::nanoseconds delay) noexcept;

/// The part of a timer queue that handles need.
class TimerOwner {
 public:
  /// Takes a pending entry out of the queue and destroys what it would have called.
  virtual void cancelEntry(TimerEntry& entry) = 0;
  /// Gives a pending entry another time.
  virtual void moveEntry(TimerEntry& entry, TimerEntry::TimePoint due) = 0;
  virtual TimerEntry::TimePoint timeNow() const = 0;

 protected:
  ~TimerOwner() = default;
};

}  // namespace detail

/// A call that will be made later, as `Clock::callLater` returns it (Twisted's `IDelayedCall`).
///
/// A weak handle: cheap to copy and to move; dropping it changes nothing, the call will be made.
/// It may outlive the call, the clock and the reactor; then it is inactive. Like the clock itself
/// it belongs to the thread of its reactor.
///
///     timeout_ = clock.callLater(30s, [this] { loseConnection(); });
///     ...
///     if (timeout_.active()) timeout_.cancel();
class DelayedCall {
 public:
  using Duration = std::chrono::nanoseconds;
  using TimePoint = detail::TimerEntry::TimePoint;

  /// Names no call: inactive, and the other functions throw `std::logic_error`.
  DelayedCall() noexcept = default;
  /// For clocks: takes over one reference.
  explicit DelayedCall(detail::TimerEntry* entry) noexcept : entry_(entry) {}

  DelayedCall(const DelayedCall& other) noexcept : entry_(other.entry_) {
    if (entry_) ++entry_->references;
  }
  DelayedCall(DelayedCall&& other) noexcept : entry_(other.entry_) { other.entry_ = nullptr; }
  DelayedCall& operator=(DelayedCall other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~DelayedCall() {
    if (entry_ && --entry_->references == 0) detail::TimerSlabs::release(entry_);
  }

  /// True until the call begins, is cancelled, or is dropped because its reactor ended.
  bool active() const noexcept {
    return entry_ && entry_->state == detail::TimerEntry::State::pending;
  }

  /// The call will not be made. What it would have called is destroyed before this returns.
  /// @throws AlreadyCalled, AlreadyCancelled
  void cancel();

  /// The call will be made `fromNow` after now instead, earlier or later than it would have been.
  /// @throws AlreadyCalled, AlreadyCancelled, std::invalid_argument if `fromNow` is negative
  void reset(Duration fromNow);

  /// The call will be made `longer` after the time set for it. Negative: earlier.
  /// @throws AlreadyCalled, AlreadyCancelled
  void delay(Duration longer);

  /// When the call will be, or would have been, made. On the scale of `Clock::now()`.
  TimePoint getTime() const;

  /// Where it was asked for.
  std::source_location where() const;

 private:
  detail::TimerEntry& pending(const char* function) const;

  detail::TimerEntry* entry_ = nullptr;
};

}  // namespace hawser
