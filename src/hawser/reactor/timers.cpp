#include <hawser/reactor/timers.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace hawser {

using detail::TimerEntry;

namespace {
constexpr std::size_t children = 4;
}

DelayedCall TimerQueue::add(Duration delay, unique_function<void()> call,
                            std::source_location where) {
  if (delay < Duration::zero()) throw std::invalid_argument("callLater: the delay is negative");
  if (!call) throw std::invalid_argument("callLater: there is nothing to call");

  heap_.emplace_back();
  TimerEntry* entry = nullptr;
  try {
    entry = new TimerEntry;
  } catch (...) {
    heap_.pop_back();
    throw;
  }
  entry->owner = this;
  entry->sequence = sequence_++;
  entry->due = detail::laterThan(clock_.now(), delay);
  entry->where = where;
  entry->call = std::move(call);
  siftUp(heap_.size() - 1, Slot{entry->due, entry->sequence, entry});
  ++entry->references;  // one for the queue, one for the handle
  return DelayedCall(entry);
}

std::optional<TimerQueue::TimePoint> TimerQueue::nextDue() const noexcept {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().due;
}

std::vector<DelayedCall> TimerQueue::pending() const {
  std::vector<DelayedCall> calls;
  calls.reserve(heap_.size());
  for (const Slot& slot : heap_) {
    ++slot.entry->references;
    calls.emplace_back(slot.entry);
  }
  return calls;
}

std::optional<TimerQueue::Due> TimerQueue::popDue(TimePoint now, std::uint64_t limit) {
  if (heap_.empty()) return std::nullopt;
  const Slot& first = heap_.front();
  if (first.due > now || first.sequence >= limit) return std::nullopt;
  const std::source_location where = first.entry->where;
  return Due{take(*first.entry, TimerEntry::State::called), where};
}

void TimerQueue::clear() noexcept {
  while (!heap_.empty()) {
    const unique_function<void()> dropped =
        take(*heap_.front().entry, TimerEntry::State::cancelled);
  }
}

unique_function<void()> TimerQueue::cancelEntry(TimerEntry& entry) {
  return take(entry, TimerEntry::State::cancelled);
}

void TimerQueue::moveEntry(TimerEntry& entry, TimePoint due) {
  entry.due = due;
  settle(entry.position, Slot{due, entry.sequence, &entry});
}

unique_function<void()> TimerQueue::take(TimerEntry& entry, TimerEntry::State state) {
  removeAt(entry.position);
  entry.owner = nullptr;
  entry.state = state;
  unique_function<void()> call = std::move(entry.call);
  if (--entry.references == 0) detail::releaseTimerEntry(&entry);
  return call;
}

void TimerQueue::removeAt(std::size_t position) noexcept {
  const Slot last = heap_.back();
  heap_.pop_back();
  if (position < heap_.size()) settle(position, last);
}

void TimerQueue::place(std::size_t position, const Slot& slot) noexcept {
  heap_[position] = slot;
  slot.entry->position = position;
}

void TimerQueue::settle(std::size_t position, const Slot& slot) noexcept {
  if (position > 0 && slot.before(heap_[(position - 1) / children]))
    siftUp(position, slot);
  else
    siftDown(position, slot);
}

void TimerQueue::siftUp(std::size_t position, const Slot& slot) noexcept {
  while (position > 0) {
    const std::size_t parent = (position - 1) / children;
    if (!slot.before(heap_[parent])) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, slot);
}

void TimerQueue::siftDown(std::size_t position, const Slot& slot) noexcept {
  for (;;) {
    const std::size_t firstChild = position * children + 1;
    if (firstChild >= heap_.size()) break;
    std::size_t least = firstChild;
    const std::size_t end = std::min(firstChild + children, heap_.size());
    for (std::size_t child = firstChild + 1; child < end; ++child)
      if (heap_[child].before(heap_[least])) least = child;
    if (!heap_[least].before(slot)) break;
    place(position, heap_[least]);
    position = least;
  }
  place(position, slot);
}

}  // namespace hawser
