#pragma once

#include <hawser/base/durations.h>
#include <hawser/base/failure.h>
#include <hawser/base/result.h>
#include <hawser/defer/detail/handler_traits.h>
#include <hawser/reactor/detail/intrusive_list.h>

#include <cstdint>
#include <memory>
#include <source_location>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace hawser::detail {

class PoolCore;

/// What a thread of a pool is to do.
///
/// The pool keeps it from `PoolCore::submit` until it has run or was refused; one of the two
/// happens, unless it is cancelled while it waits.
class PoolJob : private ListNode {
 public:
  explicit PoolJob(std::source_location where) noexcept : where_(where) {}
  virtual ~PoolJob();

  /// On a thread of the pool. Lets nothing out but the forced unwind of a thread that is ended.
  virtual void run() = 0;
  /// Tells of what that gave. On the same thread, when it is free for other jobs. `self` is this,
  /// and the pool has no other.
  virtual void deliver(std::shared_ptr<PoolJob> self) noexcept;
  /// Instead of both, or after it unwound. On any thread. False if nobody hears of it.
  virtual bool refuse(Failure why) noexcept = 0;

  std::source_location where() const noexcept { return where_; }

  /// What asks it to stop. On the thread that runs it.
  std::stop_token stopToken();
  /// Takes it out of the queue, or asks it to stop if it runs. Any thread. True: it never runs.
  bool cancel() noexcept;

  /// Makes a failure of what it threw; call it in a `catch` block. A forced unwind is rethrown.
  Failure caught() const;
  /// The failure got into this thread with another traceback, and may leave it again.
  void hold(Failure failure) noexcept { passing_ = std::move(failure); }
  /// Notes in the traceback where this ran, and who asked for it.
  void sign(Failure& failure) const noexcept;

  /// The one that runs on this thread, or null.
  static PoolJob* current() noexcept;

 private:
  friend class IntrusiveList<PoolJob>;
  friend class PoolCore;

  /// waiting -> running -> over; waiting -> over.
  enum class Stage : std::uint8_t {
    waiting,  ///< in the queue, or not yet submitted
    running,  ///< on a thread
    over,     ///< neither will it run nor does it
  };

  std::shared_ptr<PoolCore> core_;
  std::shared_ptr<PoolJob> self_;                // while the pool has it
  std::stop_source stop_{std::nostopstate};      // guarded by the pool's lock
  std::chrono::steady_clock::time_point since_;  // when it was queued
  std::source_location where_;
  Failure passing_ = Failure::none();
  Stage stage_ = Stage::waiting;  // guarded by the pool's lock, as is the next
  bool askedToStop_ = false;
};

/// Calls `f` in a thread. `into` gets what it returns or throws, signed.
template <class T, class F>
void callJob(const PoolJob& job, F& f, Result<T>& into) {
  using R = std::invoke_result_t<F&>;
  static_assert(!isDeferred<std::remove_cvref_t<R>>,
                "a function that runs in a thread cannot return a Deferred: that would belong to "
                "the thread; return the value itself");
  try {
    if constexpr (std::is_void_v<R>) {
      f();
      into = Result<void>();
    } else if constexpr (isFailure<R> || isResult<std::remove_cvref_t<R>>) {
      into = Result<T>(f());
    } else {
      into = Result<T>(T(f()));
    }
  } catch (...) {
    into = Result<T>(job.caught());
    return;
  }
  if (!into) job.sign(into.failure());
}

}  // namespace hawser::detail
