#pragma once

#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred.h>
#include <hawser/reactor/detail/blocking_call.h>
#include <hawser/reactor/detail/deferred_job.h>
#include <hawser/reactor/reactor.h>
#include <hawser/reactor/thread_pool.h>

#include <memory>
#include <source_location>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

/// The bridge between the reactor and threads (Twisted's `twisted.internet.threads`).
///
/// A handler that takes long stops everything. Work that takes long, or that waits inside a library
/// which knows no Deferreds, goes to a thread, and a Deferred fires with what it gave:
///
///     deferToThread(reactor, multiplySlowly, 6, 7).addCallback(show);
///
/// A thread that needs the reactor asks it to call something (`Reactor::callFromThread`), and waits
/// for the answer if it has to (`blockingCallFromThread`). Nothing else of a reactor, a Deferred or
/// a transport may be touched there.
namespace hawser {

/// A reactor, and the place of the call that it is given to; what a `Reactor&` becomes there.
struct ReactorHere {
  ReactorHere(Reactor& itself, std::source_location at = std::source_location::current()) noexcept
      : reactor(itself), where(at) {}

  Reactor& reactor;
  std::source_location where;
};

namespace detail {

/// The job takes a stop token if it cannot be called without.
template <class F, class... Args>
auto jobOf(F f, Args... args) {
  if constexpr (std::is_invocable_v<F&, Args...>) {
    return [f = std::move(f), ... args = std::move(args)](PoolJob&) mutable -> decltype(auto) {
      return f(std::move(args)...);
    };
  } else {
    static_assert(std::is_invocable_v<F&, std::stop_token, Args...>,
                  "deferToThread: the function cannot be called with these arguments, nor with a "
                  "std::stop_token before them");
    return [f = std::move(f), ... args = std::move(args)](PoolJob& job) mutable -> decltype(auto) {
      return f(job.stopToken(), std::move(args)...);
    };
  }
}

/// @throws WrongThreadError where waiting for the reactor would be waiting for ever
void checkMayWait(const Reactor& reactor);

}  // namespace detail

/// Calls `f(args...)` in a thread of `pool`, and fires on the reactor's thread with what it
/// returns, or fails with what it throws (Twisted's `deferToThreadPool`). To be called on the
/// reactor's thread.
///
/// **f** and `args` are moved into the job, and destroyed in the thread when f has returned. It may
/// return a value, nothing, a Failure or a Result, but no Deferred: a chain belongs to one thread.
/// It may throw anything. A failure's traceback has where the thread was asked, which thread it
/// was, and, if f waited for the reactor and that failed, what happened there.
///
/// **Cancelling** fails the Deferred at once with CancelledError. A job that still waits is taken
/// out of the queue and never runs. One that runs is asked to stop: if f takes a `std::stop_token`
/// as its first parameter, it sees that there, and what it waits for in `blockingCallFromThread` is
/// cancelled. Otherwise nothing can stop it. What it gives after that is destroyed on the reactor's
/// thread, unseen. So whoever cancels is never held up by a job that does not listen; who must know
/// when it has ended waits for `pool.drain`.
///
/// **Fails** with ThreadPoolFullError, which says what the threads do, ThreadPoolStoppedError,
/// ThreadStartError, std::bad_alloc; with AbandonedError if the reactor ends first: then the job is
/// cancelled as above.
/// @throws WrongThreadError
template <class F, class... Args>
[[nodiscard("co_await it, add handlers to it, or keep it")]] auto deferToThreadPool(
    ReactorHere reactor, ThreadPool& pool, F f, Args... args) {
  reactor.reactor.checkThread("deferToThreadPool");
  auto job = detail::jobOf(std::move(f), std::move(args)...);
  using R = std::invoke_result_t<decltype(job)&, detail::PoolJob&>;
  return detail::deferJob<detail::ValueOf<R, void>>(reactor.reactor, pool, std::move(job),
                                                    reactor.where);
}

/// The same in the reactor's own pool (Twisted's `deferToThread`).
/// @throws WrongThreadError, ReactorNotRunning if the reactor has ended
template <class F, class... Args>
[[nodiscard("co_await it, add handlers to it, or keep it")]] auto deferToThread(ReactorHere reactor,
                                                                                F f, Args... args) {
  return deferToThreadPool(reactor, reactor.reactor.getThreadPool(), std::move(f),
                           std::move(args)...);
}

/// The same with `Reactor::current()`, for programs.
template <class F>
  requires(std::is_invocable_v<F&> || std::is_invocable_v<F&, std::stop_token>)
[[nodiscard("co_await it, add handlers to it, or keep it")]] auto deferToThread(
    F f, std::source_location where = std::source_location::current()) {
  return deferToThread(ReactorHere(Reactor::current(), where), std::move(f));
}

/// Makes these calls in one thread of the reactor's pool, one after the other (Twisted's
/// `callMultipleInThread`). One that throws is logged, and ends the row.
/// @throws as `Reactor::callInThread`
void callMultipleInThread(ReactorHere reactor, std::vector<unique_function<void()>> calls);

/// Calls `f(args...)` on the reactor's thread and waits, on this one, for what it gives (Twisted's
/// `blockingCallFromThread`). f may return a value, nothing, a Failure, a Result, or a Deferred,
/// for which this waits as well. Exceptions and failures are thrown here.
///
/// f and `args` are moved there, and destroyed there when the result is known, or when the Deferred
/// that f returned has fired. What f has begun may go on, there, after this has thrown
/// CancelledError or ReactorNotRunning, so it must not refer to variables of this thread. f is
/// called in the first step of a turn, after what this thread asked for with `callFromThread`;
/// before the reactor runs, this waits until it does.
///
/// **Never for ever.** On the reactor's own thread this would wait for itself: it throws
/// WrongThreadError. If the reactor ends first, ReactorNotRunning is thrown. In a job of a
/// ThreadPool that was cancelled, or whose pool stops, CancelledError is thrown at once, and the
/// Deferred that f returned is cancelled on its own thread. The reactor must exist when this is
/// called.
template <class F, class... Args>
auto blockingCallFromThread(ReactorHere reactor, F f, Args... args) {
  detail::checkMayWait(reactor.reactor);
  auto call = [f = std::move(f), ... args = std::move(args)]() mutable -> decltype(auto) {
    return f(std::move(args)...);
  };
  using Call = decltype(call);
  using T = detail::ValueOf<std::invoke_result_t<Call&>, void>;
  const auto waiting = std::make_shared<detail::BlockingCallOf<T, Call>>(
      reactor.reactor, std::move(call), reactor.where);
  waiting->wait(waiting);
  return waiting->result();
}

}  // namespace hawser
