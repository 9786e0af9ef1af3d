#pragma once

#include <hawser/base/durations.h>
#include <hawser/base/unique_function.h>
#include <hawser/reactor/detail/handler_mark.h>
#include <hawser/reactor/stall.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

namespace hawser::detail {

/// Tells from looking at a reactor's marks now and then whether it is stuck, and in what.
class StallFinder {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  StallFinder(const HandlerMarks& marks, std::chrono::nanoseconds threshold) noexcept
      : marks_(marks), threshold_(threshold), next_(threshold) {}

  /// What there is to report at this time: a stall when it has lasted as long as the threshold,
  /// twice that, four times, ..., and its end.
  std::optional<Stall> look(TimePoint now) noexcept;

 private:
  void begin(const HandlerMarks::Seen& seen, TimePoint now) noexcept;

  const HandlerMarks& marks_;
  const std::chrono::nanoseconds threshold_;
  HandlerMarks::Seen seen_{};
  TimePoint turnSeen_{};  // when this turn was seen first
  TimePoint stepSeen_{};  // and this handler
  std::chrono::nanoseconds next_;
  std::optional<Stall> reported_;  // of this turn
};

/// A thread that looks, four times in each threshold, and reports.
class StallWatch {
 public:
  using Report = unique_function<void(const Stall&)>;

  /// `marks` outlive it.
  /// @throws std::system_error if there can be no further thread
  StallWatch(const HandlerMarks& marks, std::chrono::nanoseconds threshold, Report report);
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;
  /// Waits for a report under way. Not in a forked child, which has no such thread.
  ~StallWatch();

 private:
  void watch();

  StallFinder finder_;
  std::chrono::nanoseconds pause_;
  Report report_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;   // guarded by mutex_
  std::thread thread_;  // last: it uses all the rest
};

}  // namespace hawser::detail
