#include <hawser/reactor/detail/timer_wheel.h>

#include <algorithm>
#include <utility>

namespace hawser::detail {

void TimerWheel::vacate(unsigned level, unsigned slot) noexcept {
  occupied_[level] &= ~(std::uint64_t{1} << slot);
  if (occupied_[level] == 0) levels_ &= ~(1U << level);
}

bool TimerWheel::remove(TimerEntry& entry) noexcept {
  const unsigned level = entry.level;
  const unsigned index = slotOf(tickOf(entry.due), level);
  Slot& slot = slots_[level][index];
  if (slot.first == &entry) {
    // What was asked for first is often cancelled first. Its neighbour, most likely in no cache, is
    // left alone: whoever is first has a predecessor that nobody looks at.
    slot.first = entry.next;
    if (slot.first) return false;
    slot.last = nullptr;
    vacate(level, index);
    return true;
  }
  entry.previous->next = entry.next;
  (entry.next ? entry.next->previous : slot.last) = entry.previous;
  return false;
}

void TimerWheel::turn(TimePoint now, TimerHeap& due) noexcept {
  const Tick end = tickOf(now);
  while (due.empty()) {
    if (empty()) break;
    const unsigned level = firstLevel();
    const unsigned index = firstSlot(level);
    const Tick start = startOf(level, index);
    if (start > end) break;
    now_ = start;
    const Slot slot = std::exchange(slots_[level][index], Slot{});
    vacate(level, index);
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
  const unsigned level = firstLevel();
  const unsigned index = firstSlot(level);
  const TimerEntry* entry = slots_[level][index].first;
  TimePoint earliest = entry->due;
  for (int seen = 1; seen < few; ++seen) {
    entry = entry->next;
    if (!entry) return earliest;
    earliest = std::min(earliest, entry->due);
  }
  if (!entry->next) return earliest;
  const std::uint64_t start = startOf(level, index) << tickBits ^ signBit;
  return TimePoint(TimePoint::duration(static_cast<std::int64_t>(start)));
}

}  // namespace hawser::detail
