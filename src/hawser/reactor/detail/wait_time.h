#pragma once

#include <hawser/base/durations.h>
#include <hawser/reactor/backend.h>

#include <algorithm>

namespace hawser::detail {

/// How long to wait from `now` to `until`. Not negative, and at most a day: nobody waits longer,
/// and no conversion overflows.
inline std::chrono::nanoseconds waitTime(Backend::TimePoint now,
                                         Backend::TimePoint until) noexcept {
  constexpr std::chrono::nanoseconds longest = std::chrono::hours(24);
  if (until <= now) return std::chrono::nanoseconds(0);
  return until >= now + longest ? longest : until - now;
}

/// The same time in the kernel's form: timespec, or a type like it.
template <class Timespec>
Timespec toTimespec(std::chrono::nanoseconds time) noexcept {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  Timespec result{};
  result.tv_sec = whole.count();
  result.tv_nsec = (time - whole).count();
  return result;
}

}  // namespace hawser::detail
