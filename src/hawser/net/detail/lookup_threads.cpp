#include <hawser/net/detail/lookup_threads.h>

#include <hawser/base/failure.h>
#include <hawser/base/logging.h>
#include <hawser/reactor/detail/quiet_thread.h>

#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

namespace hawser::detail {

namespace {

constexpr std::size_t mostThreads = 8;
constexpr std::size_t mostWaiting = 1024;

class LookupThreads {
 public:
  bool run(unique_function<void()> job) {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= mostWaiting) return false;
    waiting_.push_back(std::move(job));
    if (waiting_.size() <= idle_ || threads_ == mostThreads) return true;
    try {
      start();
    } catch (...) {
      if (threads_ > 0) return true;
      waiting_.pop_back();
      throw;
    }
    return true;
  }

 private:
  void start() {
    quietThread([this] { work(); }).detach();
    ++threads_;
    ++idle_;  // until it has taken its first job
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (!waiting_.empty()) {
      unique_function<void()> job = std::move(waiting_.front());
      waiting_.pop_front();
      --idle_;
      lock.unlock();
      try {
        job();
      } catch (...) {
        logging::err(Failure::current(), "in a thread that looks up names");
      }
      job = nullptr;
      lock.lock();
      ++idle_;
    }
    --idle_;
    --threads_;
  }

  std::mutex mutex_;
  std::deque<unique_function<void()>> waiting_;  // guarded by mutex_, as are the counts
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;  // of them, those that will look at `waiting_` before they end
};

}  // namespace

bool runLookup(unique_function<void()> job) {
  static auto& threads = *new LookupThreads;
  return threads.run(std::move(job));
}

}  // namespace hawser::detail
