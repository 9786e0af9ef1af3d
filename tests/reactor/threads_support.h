#pragma once

#include "reactor/support.h"

#include <hawser/reactor/thread_pool.h>
#include <hawser/reactor/threads.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace hawser::tests {

/// Keeps jobs busy until it is opened. Nobody waits at it longer than 20 s.
class Gate {
 public:
  /// In a job.
  void pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    if (!changed_.wait_for(lock, 20s, [this] { return open_; })) ADD_FAILURE() << "never opened";
  }
  /// The same for one that listens.
  void pass(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] {
      const std::lock_guard lock(mutex_);
      changed_.notify_all();
    });
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    if (!changed_.wait_for(lock, 20s, [&] { return open_ || stop.stop_requested(); }))
      ADD_FAILURE() << "neither opened nor stopped";
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// Waits until so many jobs are, or were, here.
  void awaitArrived(int jobs) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, 20s, [&] { return arrived_ >= jobs; }))
      ADD_FAILURE() << arrived_ << " arrived, not " << jobs;
  }
  int arrived() {
    const std::lock_guard lock(mutex_);
    return arrived_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

/// What is logged while it lives, by whatever thread.
class SharedLog {
 public:
  /// Waits for a line that has `text` in it, and gives it.
  std::string await(std::string_view text) {
    std::unique_lock lock(mutex_);
    std::string found;
    const bool came = changed_.wait_for(lock, 20s, [&] {
      for (const std::string& line : lines_)
        if (line.find(text) != std::string::npos) found = line;
      return !found.empty();
    });
    EXPECT_TRUE(came) << "nobody logged: " << text;
    return found;
  }
  std::size_t count(std::string_view text) {
    const std::lock_guard lock(mutex_);
    std::size_t found = 0;
    for (const std::string& line : lines_)
      if (line.find(text) != std::string::npos) ++found;
    return found;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  logging::Observation silence_ = logging::silenceStderr();
  logging::Observation observation_ = logging::addObserver([this](const logging::Event& event) {
    std::string line(event.message);
    if (event.failure) line += ": " + event.failure->getErrorMessage();
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
  });
};

/// "threads_test.cpp:17", for looking into messages.
inline std::string lineOf(std::source_location where) {
  const std::string_view file = where.file_name();
  return std::string(file.substr(file.rfind('/') + 1)) + ":" + std::to_string(where.line());
}

}  // namespace hawser::tests
