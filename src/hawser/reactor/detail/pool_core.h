#pragma once

#include <hawser/reactor/detail/intrusive_list.h>
#include <hawser/reactor/detail/pool_job.h>
#include <hawser/reactor/remote_calls.h>
#include <hawser/reactor/thread_pool_errors.h>
#include <hawser/reactor/thread_pool_options.h>

#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace hawser::detail {

/// The queue and the threads of a ThreadPool. Each thread keeps it alive, and so does each job, so
/// that a pool may go at any time, even in one of its own jobs.
///
/// Waking a thread costs more than a small job does, and the reactor's thread is the one that has
/// no time for it. So only one is woken at a time, and wakes the next if it leaves something to do:
/// jobs that take long get all the threads, one after the other; small ones are done before a
/// second one is there.
class PoolCore : public std::enable_shared_from_this<PoolCore> {
 public:
  explicit PoolCore(ThreadPoolOptions options);

  // Any thread may call these.

  /// @throws ThreadPoolFullError, ThreadPoolStoppedError, ThreadStartError, WrongThreadError in a
  /// forked child, std::bad_alloc; the job is then the caller's as before
  void submit(std::shared_ptr<PoolJob> job);
  bool cancel(PoolJob& job) noexcept;
  std::stop_token stopTokenOf(PoolJob& job);

  void adjust(std::size_t minThreads, std::size_t maxThreads);
  /// Takes no more jobs; threads end when there is nothing left to do.
  void close() noexcept;
  /// Closes, refuses what waits, and asks what runs to stop.
  void quit() noexcept;
  /// Waits for the threads' end, after `close`. Not on one of them.
  void join() noexcept;
  /// Does without waiting: for the end of a pool in one of its own jobs.
  void detach() noexcept;
  /// Sends `news` when nothing waits or runs any more, after `close`.
  void tellWhenIdle(std::shared_ptr<RemoteCalls> calls, std::shared_ptr<RemoteNews> news);

  bool onOwnThread() const noexcept;
  bool forked() const noexcept;
  std::size_t threads() const;
  std::size_t queued() const;
  std::vector<BusyThread> busyWith() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  using Lock = std::unique_lock<std::mutex>;

  struct Worker {
    std::thread thread;
    PoolJob* job = nullptr;
    Time since{};        // when that job began
    bool ended = false;  // it has nothing left to do but to end
  };
  struct Waiter {
    std::shared_ptr<RemoteCalls> calls;
    std::shared_ptr<RemoteNews> news;
  };
  /// Fewer threads than wished.
  struct Lack {
    std::size_t threads;
    std::size_t wished;
    std::error_code why;
  };
  class Presence;

  // All of these with the lock held; those that take it let go of it for a time.
  /// What to `warn` of, once, if there are fewer threads than there should be.
  std::optional<Lack> startThreads();
  void startThread();
  void joinEnded();
  /// Is a thread to be woken for what is in the queue? Then the caller does it.
  bool wakesOne() noexcept;
  void sleep(Lock& lock);
  void begin(Worker& worker, PoolJob& job, Time now) noexcept;
  void end(Worker& worker, PoolJob& job) noexcept;
  void replace(Lock& lock) noexcept;
  void refuseAll(Lock& lock, const Failure& why) noexcept;
  /// Without the lock.
  void warn(const Lack& lack) const noexcept;
  void tellIdle(Lock& lock) noexcept;
  std::vector<BusyThread> busy() const;
  [[noreturn]] void refuseFull() const;
  void watchQueue();
  void report(Lock& lock, std::chrono::nanoseconds waited) noexcept;

  void enqueue(std::shared_ptr<PoolJob>&& job);
  void work(Worker& worker);
  void watch();

  ThreadPoolOptions options_;
  const unsigned forks_;
  mutable std::mutex mutex_;  // guards all that follows, and `options_`
  std::condition_variable wake_;
  std::condition_variable ended_;
  IntrusiveList<PoolJob> queue_;
  std::size_t queued_ = 0;
  std::list<Worker> workers_;
  std::size_t threads_ = 0;   // those that have not ended
  std::size_t free_ = 0;      // of them, those without a job, be it that they have not seen it yet
  std::size_t sleeping_ = 0;  // of these, those that wait to be woken
  bool waking_ = false;       // one of them was woken, and has not come yet
  std::size_t running_ = 0;   // jobs that were begun and not told of
  std::vector<Waiter> waiters_;
  bool open_ = true;
  bool lackTold_ = false;  // a thread could not be started, and that was logged

  // Whoever looks whether the queue gets on.
  std::thread watcher_;
  std::condition_variable look_;
  bool watching_ = false;
};

}  // namespace hawser::detail
