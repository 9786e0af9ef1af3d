#pragma once

#include <hawser/base/result.h>
#include <hawser/defer/deferred.h>
#include <hawser/reactor/detail/pool_job.h>
#include <hawser/reactor/detail/reactor_threads.h>
#include <hawser/reactor/remote_calls.h>
#include <hawser/reactor/thread_pool.h>

#include <memory>
#include <optional>
#include <source_location>
#include <utility>

namespace hawser::detail {

/// A job whose result goes back to the reactor's thread, where somebody waits for it.
class RemoteJob : public PoolJob, public RemoteNews, public RemoteSlot {
 public:
  RemoteJob(std::shared_ptr<RemoteCalls> home, std::source_location where) noexcept
      : PoolJob(where), RemoteNews(where), home_(std::move(home)) {}
  ~RemoteJob() override;

  void lost() noexcept override;

 protected:
  /// In a thread: the result is there. Takes no memory.
  void goHome(std::shared_ptr<RemoteNews> self) noexcept { home_->send(std::move(self)); }

 private:
  std::shared_ptr<RemoteCalls> home_;
};

template <class T, class F>
class DeferredJob final : public RemoteJob, public std::enable_shared_from_this<DeferredJob<T, F>> {
 public:
  DeferredJob(F f, std::shared_ptr<RemoteCalls> home, std::source_location where)
      : RemoteJob(std::move(home), where), f_(std::move(f)) {}

  void setResolver(Resolver<T> resolver) noexcept { resolver_ = std::move(resolver); }

  // In a thread of the pool, or where the pool is stopped.

  void run() override {
    const auto call = [this]() -> decltype(auto) { return (*f_)(*this); };
    callJob<T>(*this, call, result_);
    f_.reset();
  }
  void deliver(std::shared_ptr<PoolJob> self) noexcept override {
    goHome(std::static_pointer_cast<DeferredJob>(std::move(self)));
  }
  bool refuse(Failure why) noexcept override {
    result_ = Result<T>(std::move(why));
    goHome(this->shared_from_this());
    return true;
  }

  // On the reactor's thread.

  void arrive() override {
    const auto keep = close();
    Result<T> result = std::move(result_);
    Resolver<T> resolver = std::move(resolver_);
    // None if it was cancelled: then the result ends here.
    if (resolver) resolver.fire(std::move(result), std::source_location());
  }
  void abandon() noexcept override {
    static_cast<void>(cancel());
    const Resolver<T> abandoned = std::move(resolver_);
  }
  /// By its Deferred, which fails by itself.
  void cancelled() noexcept {
    const auto keep = close();
    abandon();
  }
  /// Gives up before it began.
  void fail(Failure why) { resolver_.errback(std::move(why), std::source_location()); }

 private:
  std::optional<F> f_;
  Result<T> result_{Failure::none()};
  Resolver<T> resolver_;
};

/// `f` takes the job.
template <class T, class F>
Deferred<T> deferJob(Reactor& reactor, ThreadPool& pool, F f, std::source_location where) {
  try {
    auto job =
        std::make_shared<DeferredJob<T, F>>(std::move(f), ReactorThreads::calls(reactor), where);
    // Weak: the reactor, when it ends, lets go of the job before the Deferred hears of it.
    const auto cancel = [weak = std::weak_ptr<DeferredJob<T, F>>(job)] {
      if (const auto found = weak.lock()) found->cancelled();
    };
    auto made = makeDeferred<T>(cancel, where);
    job->setResolver(std::move(made.resolver));
    try {
      pool.submit(job);
      ReactorThreads::open(reactor, *job, job);
    } catch (...) {
      job->fail(Failure::current(where));
    }
    return std::move(made.deferred);
  } catch (...) {
    return Failure::current(where);
  }
}

}  // namespace hawser::detail
