#pragma once

#include <hawser/base/result.h>
#include <hawser/defer/deferred.h>
#include <hawser/reactor/detail/reactor_threads.h>
#include <hawser/reactor/errors.h>
#include <hawser/reactor/remote_calls.h>

#include <atomic>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace hawser::detail {

/// A call that one reactor, at home, asks another one to make there, and its result on the way
/// back.
///
/// As news it travels twice: there with the function, home with the result. On each side a slot
/// lets the reactor end what it has of it. Nothing is touched by two threads but `unwanted_`: the
/// queues of the reactors hand over all the rest.
class CrossingCall : public RemoteNews, public std::enable_shared_from_this<CrossingCall> {
 public:
  /// @param there used on its own thread only
  CrossingCall(std::shared_ptr<RemoteCalls> home, std::shared_ptr<RemoteCalls> there,
               Reactor& reactor, std::source_location where) noexcept;
  ~CrossingCall() override;

  /// At home. False if the other reactor has ended.
  bool send(Reactor& home) noexcept;
  /// At home, by its Deferred, which fails by itself.
  void cancelled() noexcept;

  void arrive() final;
  void lost() noexcept final;

 protected:
  /// There: makes the call. It `complete`s now or later.
  virtual void begin() = 0;
  /// Where the call got to: it will not be made, or its reactor has ended.
  virtual void failWith(Failure why) noexcept = 0;
  /// Without having been called the function goes.
  virtual void forget() noexcept = 0;
  /// At home: the result is there.
  virtual void deliver() = 0;
  /// At home: it is not wanted, or cannot come any more.
  virtual void dropResolver() noexcept = 0;

  // There.

  /// False if it was completed before.
  bool mayComplete() noexcept;
  void goHome() noexcept;
  void setCanceller(CancelHandle handle) noexcept { handle_ = std::move(handle); }
  /// The exception that is being handled, with this call and its thread in the traceback.
  Failure caught() const;
  void sign(Failure& failure) const noexcept;

 private:
  /// What the reactor at home has of it.
  struct HomeSlot final : RemoteSlot {
    explicit HomeSlot(CrossingCall& of) noexcept : call(of) {}
    void abandon() noexcept override { call.abandoned(); }
    CrossingCall& call;
  };
  /// What the other one has, while a Deferred there has not fired.
  struct AwaySlot final : RemoteSlot {
    explicit AwaySlot(CrossingCall& of) noexcept : call(of) {}
    void abandon() noexcept override { call.otherEnded(); }
    CrossingCall& call;
  };
  /// That nobody wants it any more.
  struct Wish final : RemoteNews {
    explicit Wish(CrossingCall& of) noexcept : RemoteNews(of.where()), call(of) {}
    void arrive() override { call.cancelThere(); }
    void lost() noexcept override {}
    CrossingCall& call;
  };

  void abandoned() noexcept;
  void sendWish() noexcept;
  void otherEnded() noexcept;
  void cancelThere();

  const std::shared_ptr<RemoteCalls> home_;
  const std::shared_ptr<RemoteCalls> there_;
  Reactor& reactor_;
  HomeSlot homeSlot_{*this};
  AwaySlot awaySlot_{*this};
  Wish wish_{*this};
  CancelHandle handle_;  // there
  const void* const homeThread_;
  std::atomic<bool> unwanted_{false};
  bool returns_ = false;    // the result is on its way, or there
  bool completed_ = false;  // there
  bool sending_ = false;    // at home, as the next
  bool refused_ = false;
};

template <class T, class F>
class CrossingCallOf final : public CrossingCall {
 public:
  CrossingCallOf(F f, std::shared_ptr<RemoteCalls> home, std::shared_ptr<RemoteCalls> there,
                 Reactor& reactor, std::source_location where)
      : CrossingCall(std::move(home), std::move(there), reactor, where), f_(std::move(f)) {}

  void setResolver(Resolver<T> resolver) noexcept { resolver_ = std::move(resolver); }
  /// At home, before it was sent or when it could not be.
  void refuse(Failure why) {
    // None if home has ended as well: then it is abandoned.
    if (resolver_) resolver_.errback(std::move(why), std::source_location());
  }

 protected:
  void begin() override {
    using R = std::invoke_result_t<F&>;
    if constexpr (isDeferred<std::remove_cvref_t<R>>) {
      // If it is a coroutine it needs its captures until it ends, whoever is told of what before.
      // So all that takes memory is done before it begins.
      auto f = std::make_unique<F>(std::move(*f_));
      auto beginning = makeDeferred<void>(where());
      Deferred<T> called =
          std::move(beginning.deferred)
              .addCallback([&call = *f] { return call(); }, std::source_location());
      setCanceller(called.cancelHandle(where()));
      std::move(called).addBoth(
          [self = std::static_pointer_cast<CrossingCallOf>(this->shared_from_this()),
           f = std::move(f)](Result<T> result) { self->end(std::move(result)); },
          where());
      beginning.resolver.callback(std::source_location());
    } else if constexpr (std::is_void_v<R>) {
      (*f_)();
      complete(Result<void>());
    } else if constexpr (isResult<std::remove_cvref_t<R>> || isFailure<R>) {
      end(Result<T>((*f_)()));
    } else {
      complete(Result<T>(T((*f_)())));
    }
  }
  void failWith(Failure why) noexcept override { complete(Result<T>(std::move(why))); }
  void forget() noexcept override { f_.reset(); }
  void deliver() override {
    Result<T> result = std::move(result_);
    Resolver<T> resolver = std::move(resolver_);
    // None if it was cancelled: then the result ends here.
    if (resolver) resolver.fire(std::move(result), std::source_location());
  }
  void dropResolver() noexcept override { const Resolver<T> dropped = std::move(resolver_); }

 private:
  void complete(Result<T> result) noexcept {
    if (!mayComplete()) return;
    f_.reset();
    try {
      result_ = std::move(result);
    } catch (...) {
      result_ = Result<T>(Failure::current(where()));
    }
    goHome();
  }
  void end(Result<T> result) noexcept {
    if (!result) sign(result.failure());
    complete(std::move(result));
  }

  std::optional<F> f_;
  Result<T> result_{Failure::none()};
  Resolver<T> resolver_;
};

/// The reactor `there` is known by its queue, which is safe to have when it is gone.
template <class T, class F>
Deferred<T> crossingCall(Reactor& home, std::shared_ptr<RemoteCalls> calls, Reactor& there, F f,
                         std::source_location where) {
  try {
    const auto call = std::make_shared<CrossingCallOf<T, F>>(
        std::move(f), ReactorThreads::calls(home), std::move(calls), there, where);
    // Weak: home, when it ends, lets go of the call before the Deferred hears of it.
    const auto cancel = [weak = std::weak_ptr<CrossingCall>(call)] {
      if (const auto found = weak.lock()) found->cancelled();
    };
    auto made = makeDeferred<T>(cancel, where);
    call->setResolver(std::move(made.resolver));
    if (!call->send(home)) call->refuse(Failure(ReactorNotRunning("the other reactor has ended")));
    return std::move(made.deferred);
  } catch (...) {
    return Failure::current(where);
  }
}

}  // namespace hawser::detail
