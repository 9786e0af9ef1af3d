#pragma once

#include <hawser/base/durations.h>

#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace hawser {

/// What a thread of a pool does.
struct BusyThread {
  std::source_location where;          ///< who asked for it
  std::chrono::nanoseconds lasted{0};  ///< for so long it has run
};

/// A pool's threads are all busy, and as many jobs wait as may.
class ThreadPoolFullError : public std::runtime_error {
 public:
  ThreadPoolFullError(const std::string& what, std::vector<BusyThread> busyWith);
  ~ThreadPoolFullError() override;

  /// What the threads did at that moment, the longest first.
  const std::vector<BusyThread>& busyWith() const noexcept { return *busyWith_; }

 private:
  std::shared_ptr<const std::vector<BusyThread>> busyWith_;
};

/// A pool that was stopped, or drained, was given a job, or had it waiting.
class ThreadPoolStoppedError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~ThreadPoolStoppedError() override;
};

/// A pool has no thread, and the system would not give it one.
class ThreadStartError : public std::system_error {
 public:
  using std::system_error::system_error;
  ~ThreadStartError() override;
};

/// The thread that ran a job was ended in the middle of it, by `pthread_exit` or `pthread_cancel`.
class ThreadEndedError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~ThreadEndedError() override;
};

}  // namespace hawser
