#pragma once

#include <hawser/base/durations.h>

#include <cstddef>
#include <string>

namespace hawser {

/// How a pool is made. The counts are Twisted's, but that its queue has no limit.
struct ThreadPoolOptions {
  std::size_t minThreads = 0;    ///< started with the first job
  std::size_t maxThreads = 10;   ///< others are started when a job finds no free one; never 0
  std::size_t maxQueued = 1024;  ///< jobs that wait while all threads are busy
  /// When a job has waited as long as this for a thread, a warning says what the threads are busy
  /// with; once, until the queue gets on. Zero: never.
  std::chrono::nanoseconds stuckAfter = std::chrono::seconds(10);
  std::string name = {};  ///< for messages
};

}  // namespace hawser
