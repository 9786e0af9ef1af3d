#pragma once

#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred.h>
#include <hawser/reactor/detail/pool_job.h>
#include <hawser/reactor/thread_pool_errors.h>
#include <hawser/reactor/thread_pool_options.h>

#include <cstddef>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hawser {

class Reactor;

/// Threads for work that blocks (Twisted's `ThreadPool`).
///
/// Most programs use the reactor's own, through `deferToThread` (threads.h). One's own pool keeps
/// work apart that would be in the way of other work: a database that takes two connections at
/// most gets a pool of two threads, and name whatever else it wants to.
///
///     ThreadPool disk({.maxThreads = 2, .name = "disk"});
///     deferToThreadPool(reactor, disk, readAll, path).addCallback(show);
///
/// **Threads** are started when there is work and none is free, up to `maxThreads`, and stay until
/// the pool shrinks or ends. All signals are blocked in them. If the system gives no further one,
/// jobs wait for those there are, and one warning, in a pool's life, says so. Jobs begin in the
/// order in which they were given; a job that waits for another one of the same pool may wait for
/// ever.
///
/// **When it is full** nobody waits in silence: a job that finds `maxQueued` others waiting is
/// refused, with an error that says what the threads are busy with.
///
/// **Who may call.** Any thread, jobs included; but the functions that take a Reactor belong to
/// that reactor's thread. In a child made by `fork`, which has none of these threads, giving a job
/// throws WrongThreadError, and all else does nothing.
class ThreadPool {
 public:
  /// Starts nothing yet.
  /// @throws std::invalid_argument as `adjustPoolsize`
  explicit ThreadPool(ThreadPoolOptions options = {});
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  /// Stops it, and waits as `stop` does. In a job of the pool itself it does not wait.
  ~ThreadPool();

  /// Calls `call` in a thread. What it throws is logged, with its place and thread.
  /// @throws ThreadPoolFullError, ThreadPoolStoppedError, ThreadStartError
  void callInThread(unique_function<void()> call,
                    std::source_location where = std::source_location::current());

  /// Calls `f()` in a thread, and then there `onResult(result)`, with a `Result` of what f returned
  /// or threw. A job that still waits when the pool stops gets its ThreadPoolStoppedError on the
  /// thread that stops it. What `onResult` throws is logged.
  /// @throws as `callInThread`; `onResult` is not called then
  template <class OnResult, class F>
  void callInThreadWithCallback(OnResult onResult, F f,
                                std::source_location where = std::source_location::current());

  /// Between so many threads from now on. Those that are too many end when they are free.
  /// @throws std::invalid_argument if `maxThreads` is 0 or less than `minThreads`
  void adjustPoolsize(std::size_t minThreads, std::size_t maxThreads);

  /// Takes no more jobs; the jobs that wait are dropped, and their Deferreds fail with
  /// ThreadPoolStoppedError; those that run are asked to stop (`std::stop_token`), and are waited
  /// for. What they wait for in `blockingCallFromThread` is cancelled, so they do not need the
  /// thread that stops the pool. Doing it again only waits.
  /// @throws std::logic_error in a job of this pool, which would wait for itself
  void stop();
  /// The same without blocking: fires on the reactor's thread when nothing runs any more.
  /// Cancelling ends the waiting, not the stopping.
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<void> stop(
      Reactor& reactor, std::source_location where = std::source_location::current());
  /// Takes no more jobs, and fires on the reactor's thread when all that it has were done.
  /// Cancelling ends the waiting, not the draining. A `stop` that follows cuts it short.
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<void> drain(
      Reactor& reactor, std::source_location where = std::source_location::current());
  /// Stops it as `stop` does, without waiting at all.
  void quit() noexcept;

  /// How many threads there are.
  std::size_t threads() const;
  /// How many jobs wait.
  std::size_t queued() const;
  /// What the threads do, the longest first; those that are free are left out.
  std::vector<BusyThread> busyWith() const;
  /// The same in words, and how many jobs wait.
  std::string toString() const;

  /// For what is built on this.
  void submit(std::shared_ptr<detail::PoolJob> job);

 private:
  Deferred<void> whenIdle(Reactor& reactor, std::source_location where);

  std::shared_ptr<detail::PoolCore> core_;
};

namespace detail {

void logJobFailure(const Failure& failure, std::source_location where) noexcept;

template <class T, class OnResult, class F>
class CallbackJob final : public PoolJob {
 public:
  CallbackJob(OnResult onResult, F f, std::source_location where)
      : PoolJob(where), onResult_(std::move(onResult)), f_(std::move(f)) {}

  void run() override {
    Result<T> result{Failure::none()};
    callJob<T>(*this, f_, result);
    tell(std::move(result));
  }
  bool refuse(Failure why) noexcept override {
    tell(Result<T>(std::move(why)));
    return true;
  }

 private:
  void tell(Result<T> result) {
    if (std::exchange(told_, true)) return;
    try {
      onResult_(std::move(result));
    } catch (...) {
      logJobFailure(caught(), where());
    }
  }

  OnResult onResult_;
  F f_;
  bool told_ = false;
};

}  // namespace detail

template <class OnResult, class F>
void ThreadPool::callInThreadWithCallback(OnResult onResult, F f, std::source_location where) {
  using T = detail::ValueOf<std::invoke_result_t<F&>, void>;
  submit(std::make_shared<detail::CallbackJob<T, OnResult, F>>(std::move(onResult), std::move(f),
                                                               where));
}

}  // namespace hawser
