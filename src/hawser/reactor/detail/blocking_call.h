#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/reactor/detail/reactor_threads.h>
#include <hawser/reactor/remote_calls.h>

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
  void wakeWaiter() noexcept;
  void setCanceller(CancelHandle handle) noexcept { handle_ = std::move(handle); }

  std::weak_ptr<BlockingCall> weak_;

 private:
  struct Waiting;

  Failure ended() const noexcept;

  Reactor* reactor_;  // on its thread only
  std::shared_ptr<RemoteCalls> calls_;
  std::unique_ptr<Waiting> waiting_;
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
    Deferred<T> called = call();
    if (called.state() == DeferredState::pending) setCanceller(called.cancelHandle(where()));
    std::move(called).addBoth([self = std::static_pointer_cast<BlockingCallOf>(weak_.lock())](
                                  Result<T> result) { self->complete(std::move(result)); },
                              where());
  }
  void failWith(Failure why) noexcept override { complete(Result<T>(std::move(why))); }

 private:
  Deferred<T> call() {
    using R = std::invoke_result_t<F&>;
    try {
      if constexpr (std::is_void_v<R>) {
        (*f_)();
        return succeed();
      } else if constexpr (isDeferred<R> || isResult<std::remove_cvref_t<R>> || isFailure<R>) {
        return Deferred<T>((*f_)());
      } else {
        return Deferred<T>(T((*f_)()));
      }
    } catch (...) {
      return Deferred<T>(Failure::current(where()));
    }
  }
  void complete(Result<T> result) noexcept {
    if (!mayComplete()) return;
    const auto keep = close();
    f_.reset();
    result_ = std::move(result);
    wakeWaiter();
  }

  std::optional<F> f_;
  Result<T> result_{Failure::none()};
};

}  // namespace hawser::detail
