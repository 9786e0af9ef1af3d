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

/// The part of a TimerEntry that nobody looks at until its time has come.
struct TimerDetails {
  TimerDetails(unique_function<void()>&& what, std::source_location from) noexcept
      : call(std::move(what)), where(from) {}

  unique_function<void()> call;
  std::source_location where;
  std::uint64_t sequence = 0;   ///< order of creation, within one owner
  TimerEntry* child = nullptr;  ///< where the owner keeps it, for the owner to say
};

/// One call that was asked for with `callLater`: shared between the queue that holds it (while it
/// is pending) and the handles that name it. Never touched by two threads.
///
/// It is what the queue needs to sort its calls roughly, and small: half a cache line, since a
/// queue of a million waits for memory with each one that it touches. The rest of it is in
/// details(), and cancelling leaves that alone if the callable has no destructor.
struct TimerEntry {
  /// What `place` says of one that is not pending any more.
  static constexpr std::uint16_t called = 0xFFFE;  ///< taken out to be called, so `call` is empty
  static constexpr std::uint16_t cancelled = 0xFFFF;  ///< or dropped with its owner; `call` is
                                                      ///< empty, or has no destructor
  using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

  TimerEntry(std::size_t number, bool destroysCall) noexcept
      : index(number & 0x7FFF), callHasDestructor(destroysCall) {}

  TimePoint due{};
  // Where the owner keeps it, for the owner to say.
  TimerEntry* previous = nullptr;
  TimerEntry* next = nullptr;
  std::uint32_t references = 1;
  std::uint16_t place = 0;   ///< in its owner's queue, for the owner to say; or as above
  std::uint16_t index : 15;  ///< in its slab
  std::uint16_t callHasDestructor : 1;

  bool pending() const noexcept { return place < called; }
  bool before(const TimerEntry& other) const noexcept {
    return due != other.due ? due < other.due : details().sequence < other.details().sequence;
  }
  /// Of `index` and this address alone, so that nothing is read on the way.
  TimerSlab& slab() const noexcept {
    const void* const first = this - index;
    return *(const_cast<TimerSlab*>(static_cast<const TimerSlab*>(first)) - 1);
  }
  TimerDetails& details() const noexcept { return slab().details(index); }
  /// Only while it is pending.
  TimerOwner& owner() const noexcept { return slab().home->owner(); }
};

inline TimerDetails& TimerSlab::details(std::size_t index) noexcept {
  return *(reinterpret_cast<TimerDetails*>(this) - (index + 1));
}
inline TimerEntry* TimerSlab::entries() noexcept { return reinterpret_cast<TimerEntry*>(this + 1); }

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
  bool active() const noexcept { return entry_ && entry_->pending(); }

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
  detail::TimerEntry& pending(const char* function) const {
    if (!active()) refuse(function);
    return *entry_;
  }
  [[noreturn]] void refuse(const char* function) const;

  detail::TimerEntry* entry_ = nullptr;
};

}  // namespace hawser
