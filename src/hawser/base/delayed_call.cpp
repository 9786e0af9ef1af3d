#include <hawser/base/delayed_call.h>

#include <string>

namespace hawser {

AlreadyCalled::~AlreadyCalled() = default;
AlreadyCancelled::~AlreadyCancelled() = default;

namespace detail {

TimerEntry::TimePoint laterThan(TimerEntry::TimePoint time,
                                std::chrono::nanoseconds delay) noexcept {
  std::chrono::nanoseconds::rep sum = 0;
  if (!__builtin_add_overflow(time.time_since_epoch().count(), delay.count(), &sum))
    return TimerEntry::TimePoint(std::chrono::nanoseconds(sum));
  return delay.count() < 0 ? TimerEntry::TimePoint::min() : TimerEntry::TimePoint::max();
}

}  // namespace detail

void DelayedCall::refuse(const char* function) const {
  const std::string name = std::string("DelayedCall::") + function;
  if (!entry_) throw std::logic_error(name + ": this handle names no call");
  if (entry_->place == detail::TimerEntry::called)
    throw AlreadyCalled(name + ": the call has been made already");
  throw AlreadyCancelled(name + ": the call has been cancelled already");
}

void DelayedCall::cancel() {
  detail::TimerEntry& entry = pending("cancel");
  // What the call captured may own this handle: nothing of it is touched after this.
  entry.owner().cancelEntry(entry);
}

void DelayedCall::reset(Duration fromNow) {
  detail::TimerEntry& entry = pending("reset");
  if (fromNow < Duration::zero())
    throw std::invalid_argument("DelayedCall::reset: the delay is negative");
  entry.owner().moveEntry(entry, detail::laterThan(entry.owner().timeNow(), fromNow));
}

void DelayedCall::delay(Duration longer) {
  detail::TimerEntry& entry = pending("delay");
  entry.owner().moveEntry(entry, detail::laterThan(entry.due, longer));
}

DelayedCall::TimePoint DelayedCall::getTime() const {
  if (!entry_) throw std::logic_error("DelayedCall::getTime: this handle names no call");
  return entry_->due;
}

std::source_location DelayedCall::where() const {
  if (!entry_) throw std::logic_error("DelayedCall::where: this handle names no call");
  return entry_->details().where;
}

}  // namespace hawser
