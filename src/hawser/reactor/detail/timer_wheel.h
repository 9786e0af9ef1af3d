#pragma once

#include <hawser/base/delayed_call.h>
#include <hawser/reactor/detail/timer_heap.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace hawser::detail {

/// Calls whose time is yet to come, roughly in order: a hierarchical timing wheel.
///
/// Time is counted in ticks of 2^16 ns (66 microseconds), from the beginning of the range of
/// TimePoint, so that ticks have 48 bits. The wheel stands at one tick; all its calls are due in
/// later ones. Eight levels of 64 slots: a call lies in the level of the highest group of 6 bits in
/// which its tick differs from the wheel's, in the slot that this group of its tick says. So the
/// slots of level 0 are a tick wide, those of level 1 64 ticks, and so on to level 7, and whatever
/// lies in one level is due before all that lies in the next.
///
/// A slot is a doubly linked list in the order of adding, and a map of bits says which slots have
/// calls: adding and removing cost O(1), and empty slots cost nothing, however many a jump in time
/// passes over. Nothing here allocates or fails.
class TimerWheel {
 public:
  using TimePoint = TimerEntry::TimePoint;
  using Tick = std::uint64_t;

  /// Which tick a time lies in.
  static Tick tickOf(TimePoint time) noexcept {
    return (static_cast<std::uint64_t>(time.time_since_epoch().count()) ^ signBit) >> tickBits;
  }

  bool empty() const noexcept { return levels_ == 0; }

  /// False, and nothing is added, if it is not late enough for the wheel.
  bool add(TimerEntry& entry) noexcept {
    const Tick tick = tickOf(entry.due);
    if (tick <= now_) return false;
    insert<false>(entry, tick);
    return true;
  }
  /// Whether its slot is empty now.
  bool remove(TimerEntry& entry) noexcept;

  /// Sets the wheel, which is empty, to any time.
  void restart(TimePoint time) noexcept { now_ = tickOf(time); }

  /// Turns the wheel towards `now` until calls come due, and moves them to `due`, which is empty.
  /// They are all those of one tick, so what stays is due later. If none is due by `now`'s tick the
  /// wheel stands there afterwards, or stays where it is if it is there already.
  void turn(TimePoint now, TimerHeap& due) noexcept;

  /// Not later than the first call is due; exactly that if its slot holds few. The wheel is not
  /// empty.
  TimePoint notBefore() const noexcept;

  /// `visit` must leave the wheel alone. In no order.
  template <class F>
  void forEach(F visit) const {
    for (const Slot& slot : slots_)
      for (TimerEntry* entry = slot.first; entry; entry = entry->next) visit(*entry);
  }
  /// Some call. The wheel is not empty.
  TimerEntry& any() const noexcept { return *slots_[firstSlot(firstLevel())].first; }

 private:
  static constexpr unsigned tickBits = 16;
  static constexpr unsigned groupBits = 6;
  static constexpr unsigned slotsPerLevel = 1U << groupBits;
  static constexpr unsigned levelCount = (64 - tickBits + groupBits - 1) / groupBits;
  static constexpr std::uint64_t signBit = std::uint64_t{1} << 63;
  /// So many calls of a slot are looked at to know the time of the first exactly.
  static constexpr int few = 8;

  /// The previous of the first is anything, the next of the last null.
  struct Slot {
    TimerEntry* first = nullptr;
    TimerEntry* last = nullptr;
  };

  unsigned firstLevel() const noexcept { return static_cast<unsigned>(std::countr_zero(levels_)); }
  unsigned firstSlot(unsigned level) const noexcept {
    return level * slotsPerLevel + static_cast<unsigned>(std::countr_zero(occupied_[level]));
  }
  /// The first tick of a slot.
  Tick startOf(unsigned slot) const noexcept {
    const unsigned shift = slot / slotsPerLevel * groupBits;
    return ((now_ >> shift >> groupBits << groupBits) | slot % slotsPerLevel) << shift;
  }

  template <bool atFront>
  void insert(TimerEntry& entry, Tick tick) noexcept {
    const auto level = static_cast<unsigned>(63 - std::countl_zero(tick ^ now_)) / groupBits;
    const auto group = static_cast<unsigned>(tick >> (level * groupBits)) % slotsPerLevel;
    entry.place = static_cast<std::uint16_t>(level * slotsPerLevel + group);
    Slot& slot = slots_[entry.place];
    if constexpr (atFront) {
      entry.next = slot.first;
      (slot.first ? slot.first->previous : slot.last) = &entry;
      slot.first = &entry;
    } else {
      entry.previous = slot.last;
      entry.next = nullptr;
      (slot.last ? slot.last->next : slot.first) = &entry;
      slot.last = &entry;
    }
    occupied_[level] |= std::uint64_t{1} << group;
    levels_ |= 1U << level;
  }

  void vacate(unsigned slot) noexcept;

  Tick now_ = 0;
  std::uint32_t levels_ = 0;  ///< a bit for each level that has calls
  std::array<std::uint64_t, levelCount> occupied_{};
  std::array<Slot, std::size_t{levelCount} * slotsPerLevel> slots_{};  ///< of level 0 first
};

inline bool TimerWheel::remove(TimerEntry& entry) noexcept {
  Slot& slot = slots_[entry.place];
  if (slot.first == &entry) {
    // What was asked for first is often cancelled first. Its neighbour, most likely in no cache, is
    // left alone: whoever is first has a predecessor that nobody looks at.
    slot.first = entry.next;
    if (slot.first) return false;
    slot.last = nullptr;
    vacate(entry.place);
    return true;
  }
  entry.previous->next = entry.next;
  (entry.next ? entry.next->previous : slot.last) = entry.previous;
  return false;
}

}  // namespace hawser::detail
