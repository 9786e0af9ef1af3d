#pragma once

#include <hawser/base/clock.h>
#include <hawser/base/timer_slabs.h>
#include <hawser/reactor/detail/timer_heap.h>
#include <hawser/reactor/detail/timer_wheel.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace hawser {

/// The calls that a clock has to make, in order of their time, and of creation where that is equal.
///
/// The Reactor and the FakeClock keep theirs here; there may be a million. Adding, cancelling and
/// moving cost O(1): a timing wheel holds the calls roughly in order, and sorts exactly those alone
/// whose 66 microseconds have come. A call that is moved keeps its place in the order of creation.
/// docs/design/reactor.md says why.
class TimerQueue final : private detail::TimerOwner {
 public:
  using Duration = Clock::Duration;
  using TimePoint = Clock::TimePoint;

  /// A call taken out to be made.
  struct Due {
    explicit Due(detail::TimerEntry& from) noexcept
        : call(std::move(from.details().call)), where(from.details().where) {}

    unique_function<void()> call;
    std::source_location where;
  };

  /// `clock` tells the time that delays are counted from; it outlives the queue.
  explicit TimerQueue(const Clock& clock) noexcept : clock_(clock), entries_(*this) {}
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;
  ~TimerQueue() { clear(); }

  /// @throws std::invalid_argument if `delay` is negative or `call` is empty; std::bad_alloc, and
  /// then nothing was added
  DelayedCall add(Duration delay, unique_function<void()>&& call, std::source_location where);

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  /// When to look again: not later than the next call is due; nothing if there is none.
  ///
  /// It is exact where only a few calls are near that time. Among many it may be too early, by less
  /// than the time until then: whoever waits for it calls `popDue` and asks again, at most once for
  /// each level of the wheel.
  std::optional<TimePoint> nextDue() const noexcept;
  /// Handles of all pending calls, in no order.
  std::vector<DelayedCall> pending() const;

  /// Every call added from now on has a number that is not less than this.
  std::uint64_t nextSequence() const noexcept { return sequence_; }
  /// Takes out the first call if it is due at `now` and its number is less than `limit`.
  std::optional<Due> popDue(TimePoint now, std::uint64_t limit = UINT64_MAX) noexcept;

  /// Drops every call, those that are added by what this destroys too.
  void clear() noexcept;

 private:
  void cancelEntry(detail::TimerEntry& entry) noexcept override;
  void moveEntry(detail::TimerEntry& entry, TimePoint due) noexcept override;
  TimePoint timeNow() const override { return clock_.now(); }

  void place(detail::TimerEntry& entry) noexcept;
  void displace(detail::TimerEntry& entry) noexcept;

  const Clock& clock_;
  detail::TimerSlabs entries_;
  std::size_t size_ = 0;
  std::uint64_t sequence_ = 0;
  /// What the wheel said of its first call, while nothing has happened to change that.
  mutable std::optional<TimePoint> notBefore_;
  /// Those due in the wheel's tick or before: all that are due before any in the wheel.
  detail::TimerHeap due_;
  detail::TimerWheel wheel_;
};

}  // namespace hawser
