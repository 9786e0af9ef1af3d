#include <hawser/reactor/timers.h>

#include <memory>
#include <stdexcept>
#include <utility>

namespace hawser {

using detail::TimerEntry;
using detail::TimerHeap;

namespace {

/// Gives up the queue's reference.
void forget(TimerEntry& entry) noexcept {
  if (--entry.references == 0) detail::TimerSlabs::release(&entry);
}

}  // namespace

inline void TimerQueue::place(TimerEntry& entry) noexcept {
  if (!wheel_.add(entry)) {
    due_.add(entry);
    return;
  }
  if (notBefore_ && entry.due < *notBefore_) notBefore_ = entry.due;
}

inline void TimerQueue::displace(TimerEntry& entry) noexcept {
  if (TimerHeap::holds(entry)) {
    due_.remove(entry);
    return;
  }
  const bool lastInSlot = wheel_.remove(entry);
  if (lastInSlot || (notBefore_ && entry.due <= *notBefore_)) notBefore_.reset();
}

DelayedCall TimerQueue::add(Duration delay, unique_function<void()>&& call,
                            std::source_location where) {
  if (delay < Duration::zero()) throw std::invalid_argument("callLater: the delay is negative");
  if (!call) throw std::invalid_argument("callLater: there is nothing to call");

  TimerEntry& entry = *entries_.make(std::move(call), where);
  const TimePoint now = clock_.now();
  if (size_++ == 0) wheel_.restart(now);
  entry.details().sequence = sequence_++;
  entry.due = detail::laterThan(now, delay);
  entry.references = 2;  // the queue's and the handle's
  place(entry);
  return DelayedCall(&entry);
}

std::optional<TimerQueue::TimePoint> TimerQueue::nextDue() const noexcept {
  if (!due_.empty()) return due_.first().due;
  if (wheel_.empty()) return std::nullopt;
  if (!notBefore_) notBefore_ = wheel_.notBefore();
  return notBefore_;
}

std::vector<DelayedCall> TimerQueue::pending() const {
  std::vector<DelayedCall> calls;
  calls.reserve(size_);
  const auto keep = [&calls](TimerEntry& entry) {
    ++entry.references;
    calls.emplace_back(&entry);
  };
  due_.forEach(keep);
  wheel_.forEach(keep);
  return calls;
}

std::optional<TimerQueue::Due> TimerQueue::popDue(TimePoint now, std::uint64_t limit) noexcept {
  if (due_.empty()) {
    wheel_.turn(now, due_);
    notBefore_.reset();
    if (due_.empty()) return std::nullopt;
  }
  TimerEntry& first = due_.first();
  if (first.due > now || first.details().sequence >= limit) return std::nullopt;
  due_.removeFirst();
  --size_;
  first.place = TimerEntry::called;
  std::optional<Due> due(std::in_place, first);
  forget(first);
  return due;
}

void TimerQueue::clear() noexcept {
  while (size_ != 0) cancelEntry(due_.empty() ? wheel_.any() : due_.first());
}

void TimerQueue::cancelEntry(TimerEntry& entry) noexcept {
  displace(entry);
  --size_;
  entry.place = TimerEntry::cancelled;
  if (entry.callHasDestructor) {
    // In place; what this destroys may do anything, but the queue's reference keeps the entry.
    unique_function<void()>& call = entry.details().call;
    std::destroy_at(&call);
    std::construct_at(&call);
  }
  forget(entry);
}

void TimerQueue::moveEntry(TimerEntry& entry, TimePoint due) noexcept {
  displace(entry);
  entry.due = due;
  place(entry);
}

}  // namespace hawser
