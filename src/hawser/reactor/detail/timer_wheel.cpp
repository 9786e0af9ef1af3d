#include <hawser/reactor/detail/timer_wheel.h>

#include <algorithm>
#include <utility>

namespace hawser::detail {

void TimerWheel::vacate(unsigned slot) noexcept {
  const unsigned level = slot / slotsPerLevel;
  occupied_[level] &= ~(std::uint64_t{1} << slot % slotsPerLevel);
  if (occupied_[level] == 0) levels_ &= ~(1U << level);
}

void TimerWheel::turn(TimePoint now, TimerHeap& due) noexcept {
  const Tick end = tickOf(now);
  while (due.empty()) {
    if (empty()) break;
    const unsigned index = firstSlot(firstLevel());
    const Tick start = startOf(index);
    if (start > end) break;
    now_ = start;
    const Slot slot = std::exchange(slots_[index], Slot{});
    vacate(index);
    // From the back to the front: the lower levels are empty, so their slots keep the order of
    // adding, and the heap has least to do with what comes in falling order.
    for (TimerEntry* entry = slot.last; entry;) {
      TimerEntry& moved = *entry;
      entry = entry == slot.first ? nullptr : entry->previous;
      const Tick tick = tickOf(moved.due);
      if (tick > now_)
        insert<true>(moved, tick);
      else
        due.add(moved);
    }
  }
  if (due.empty()) now_ = std::max(now_, end);
}

TimerWheel::TimePoint TimerWheel::notBefore() const noexcept {
  const unsigned index = firstSlot(firstLevel());
  const TimerEntry* entry = slots_[index].first;
  TimePoint earliest = entry->due;
  for (int seen = 1; seen < few; ++seen) {
    entry = entry->next;
    if (!entry) return earliest;
    earliest = std::min(earliest, entry->due);
  }
  if (!entry->next) return earliest;
  const std::uint64_t start = startOf(index) << tickBits ^ signBit;
  return TimePoint(TimePoint::duration(static_cast<std::int64_t>(start)));
}

}  // namespace hawser::detail
