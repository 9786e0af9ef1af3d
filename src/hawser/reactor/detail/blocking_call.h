#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/reactor/detail/reactor_threads.h>
#include <hawser/reactor/detail/semaphore.h>
#include <hawser/reactor/remote_calls.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>

namespace hawser::detail {

/// A call on the reactor's thread that another thread waits for.
///
/// Whoever is first ends the waiting: the call's result, the end of the reactor, or the job's stop
/// token. What comes after that stays on the reactor's thread.
class BlockingCall : public RemoteNews, public RemoteSlot {
 public:
  BlockingCall(Reactor& reactor, std::source_location where);
  ~BlockingCall() override;

  /// On the waiting thread. `self` is this.
  /// @throws CancelledError if the job that waits was asked to stop
  void wait(const std::shared_ptr<BlockingCall>& self);
  /// Throws it on the waiting thread, with the traceback that it has.
  [[noreturn]] void raise(Failure failure);

  // On the reactor's thread.

  void arrive() final;
  void lost() noexcept final;
  void abandon() noexcept final;

 protected:
  /// Makes the call, and `complete`s.
  virtual void begin() = 0;
  /// Instead of a result; the function is not needed any more.
  virtual void failWith(Failure why) noexcept = 0;
  /// The result is there. False if there was one before.
  bool mayComplete() noexcept {
    // It belongs to this thread, and the rest may end on the other.
    handle_ = {};
    return !std::exchange(completed_, true);
  }
  void wakeWaiter() noexcept { endWaiting(Stage::done); }
  void setCanceller(CancelHandle handle) noexcept { handle_ = std::move(handle); }

  std::weak_ptr<BlockingCall> weak_;

 private:
  /// waiting -> done, or waiting -> givenUp.
  enum class Stage : std::uint8_t {
    waiting,  ///< a thread waits, or will
    done,     ///< the result is there, and will not change
    givenUp,  ///< the thread does not wait any more
  };

  /// Nothing if it was not waiting.
  void endWaiting(Stage how) noexcept;
  Failure ended() const noexcept;

  Reactor* reactor_;  // on its thread only
  std::shared_ptr<RemoteCalls> calls_;
  Semaphore over_;
  std::atomic<Stage> stage_{Stage::waiting};
  CancelHandle handle_;
  bool completed_ = false;
};

template <class T, class F>
class BlockingCallOf final : public BlockingCall {
 public:
  BlockingCallOf(Reactor& reactor, F f, std::source_location where)
      : BlockingCall(reactor, where), f_(std::move(f)) {}

  /// What it gave, once `wait` has returned.
  T result() {
    if (!result_) raise(std::move(result_).failure());
    if constexpr (!std::is_void_v<T>) return *std::move(result_);
  }

 protected:
  void begin() override {
    using R = std::invoke_result_t<F&>;
    if constexpr (std::is_void_v<R>) {
      (*f_)();
      complete(Result<T>());
    } else if constexpr (isDeferred<R>) {
      follow((*f_)());
    } else {
      complete(Result<T>((*f_)()));
    }
  }
  void failWith(Failure why) noexcept override { complete(Result<T>(std::move(why))); }

 private:
  void follow(Deferred<T> called) {
    follows_ = true;
    if (called.state() == DeferredState::pending) setCanceller(called.cancelHandle(where()));
    std::move(called).addBoth(
        [self = std::static_pointer_cast<BlockingCallOf>(weak_.lock())](Result<T> result) {
          self->f_.reset();
          self->complete(std::move(result));
        },
        where());
  }
  void complete(Result<T> result) noexcept {
    if (!mayComplete()) return;
    const auto keep = close();
    // A coroutine needs its captures until it ends, whoever is told of what before.
    if (!follows_) f_.reset();
    result_ = std::move(result);
    wakeWaiter();
  }

  std::optional<F> f_;
  Result<T> result_{Failure::none()};
  bool follows_ = false;  // f_ has been called, and gave a Deferred
};

}  // namespace hawser::detail
