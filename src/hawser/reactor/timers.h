#pragma once

#include <hawser/base/clock.h>

#include <cstdint>
#include <optional>
#include <source_location>
#include <vector>

namespace hawser {

/// The calls that a clock has to make, in order of their time, and of creation where that is equal.
///
/// The Reactor and the FakeClock keep theirs here. A heap with four children a node, which knows
/// where each call is: adding, cancelling and moving cost O(log n). A call that is moved keeps its
/// place in the order of creation.
class TimerQueue final : private detail::TimerOwner {
 public:
  using Duration = Clock::Duration;
  using TimePoint = Clock::TimePoint;

  /// A call taken out to be made.
  struct Due {
    unique_function<void()> call;
    std::source_location where;
  };

  /// `clock` tells the time that delays are counted from; it outlives the queue.
  explicit TimerQueue(const Clock& clock) noexcept : clock_(clock) {}
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;
  ~TimerQueue() { clear(); }

  /// @throws std::invalid_argument if `delay` is negative or `call` is empty
  DelayedCall add(Duration delay, unique_function<void()> call, std::source_location where);

  bool empty() const noexcept { return heap_.empty(); }
  std::size_t size() const noexcept { return heap_.size(); }
  /// When the next call is due; nothing if there is none.
  std::optional<TimePoint> nextDue() const noexcept;
  /// Handles of all pending calls, in no order.
  std::vector<DelayedCall> pending() const;

  /// Every call added from now on has a number that is not less than this.
  std::uint64_t nextSequence() const noexcept { return sequence_; }
  /// Takes out the first call if it is due at `now` and its number is less than `limit`.
  std::optional<Due> popDue(TimePoint now, std::uint64_t limit = UINT64_MAX);

  /// Drops every call, those that are added by what this destroys too.
  void clear() noexcept;

 private:
  struct Slot {
    TimePoint due;
    std::uint64_t sequence;
    detail::TimerEntry* entry;

    bool before(const Slot& other) const noexcept {
      return due != other.due ? due < other.due : sequence < other.sequence;
    }
  };

  unique_function<void()> cancelEntry(detail::TimerEntry& entry) override;
  void moveEntry(detail::TimerEntry& entry, TimePoint due) override;
  TimePoint timeNow() const override { return clock_.now(); }

  void place(std::size_t position, const Slot& slot) noexcept;
  void siftUp(std::size_t position, const Slot& slot) noexcept;
  void siftDown(std::size_t position, const Slot& slot) noexcept;
  void settle(std::size_t position, const Slot& slot) noexcept;
  void removeAt(std::size_t position) noexcept;
  unique_function<void()> take(detail::TimerEntry& entry, detail::TimerEntry::State state);

  const Clock& clock_;
  std::vector<Slot> heap_;
  std::uint64_t sequence_ = 0;
};

}  // namespace hawser
