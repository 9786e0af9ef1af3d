#include <hawser/base/delayed_call.h>
#include <hawser/base/logging.h>
#include <hawser/reactor/detail/busy_words.h>
#include <hawser/reactor/detail/pool_core.h>
#include <hawser/reactor/detail/quiet_thread.h>

#include <fmt/format.h>

#include <new>

namespace hawser::detail {

void PoolCore::watchQueue() {
  if (watching_ || queued_ <= free_ || options_.stuckAfter <= std::chrono::nanoseconds::zero())
    return;
  try {
    if (watcher_.joinable()) watcher_.join();
    watcher_ = quietThread([core = shared_from_this()] { core->watch(); });
    watching_ = true;
  } catch (const std::exception&) {
    // Then nobody watches, until another job has to wait.
    return;
  }
}

void PoolCore::watch() {
  bool reported = false;
  Lock lock(mutex_);
  while (open_ && !queue_.empty()) {
    const Time now = std::chrono::steady_clock::now();
    const Time due = laterThan(queue_.front().since_, options_.stuckAfter);
    if (now < due) {
      reported = false;
      look_.wait_until(lock, due);
    } else if (reported) {
      look_.wait_until(lock, laterThan(now, options_.stuckAfter));
    } else {
      reported = true;
      report(lock, now - queue_.front().since_);
    }
  }
  watching_ = false;
}

void PoolCore::report(Lock& lock, std::chrono::nanoseconds waited) noexcept {
  try {
    const std::string text =
        fmt::format("A job has waited {:.3g} s for a thread of the pool \"{}\"; {}, and its {}",
                    std::chrono::duration<double>(waited).count(), options_.name,
                    waitingInWords(queued_), inWords(busy()));
    lock.unlock();
    logging::warn(text);
  } catch (const std::bad_alloc&) {
    if (lock.owns_lock()) lock.unlock();
    logging::warn("Jobs have waited long for the threads of a pool.");
  }
  lock.lock();
}

}  // namespace hawser::detail
