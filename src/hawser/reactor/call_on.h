#pragma once

#include <hawser/reactor/detail/crossing_call.h>
#include <hawser/reactor/threads.h>

#include <type_traits>
#include <utility>

namespace hawser {

/// Calls `f(args...)` on another reactor's thread, and fires on the thread of `home` with what that
/// gave. To be called on the thread of `home`.
///
/// Reactors share nothing: each has its connections, its Deferreds, its objects, on its own thread.
/// What one wants to know of another it asks:
///
///     Deferred<int> count = callOn(home, other, [&counter] { return counter.connections(); });
///
/// **f** and `args` are moved there, and are called in the first step of a turn; calls that one
/// reactor asks of another are made in the order of asking. f may return a value, nothing, a
/// Failure, a Result, or a Deferred of the other thread, for which this waits as well; what comes
/// back must stand for itself, since it changes threads. f may be a coroutine: what it captured
/// lives, there, until it has ended. It is destroyed there. `Reactor::current()` is the other
/// reactor inside it, if it is the only one of its thread.
///
/// A failure has both sides in its traceback: what happened there, in which thread, who asked.
///
/// **One's own reactor** may be the other one: f is called in the next turn, as by `callLater(0)`.
///
/// **Cancelling** fails the Deferred at once with CancelledError. A call that was not made by then
/// is not made. If f has returned a Deferred, that one is cancelled, on its thread. What comes back
/// nevertheless is destroyed, unseen.
///
/// **Fails** with ReactorNotRunning: at once if the other reactor has ended, and if it ends before
/// f was called, or before the Deferred that f returned has fired. A reactor that is stopping still
/// makes calls as long as it makes turns. One that does not run yet makes them when it does. The
/// other reactor must exist when this is called (those of a ReactorPool do while the pool does);
/// afterwards it may go at any time. Fails with AbandonedError if `home` ends first: then the call
/// is cancelled as above.
/// @throws WrongThreadError
template <class F, class... Args>
  requires std::is_invocable_v<F&, Args...>
[[nodiscard("co_await it, add handlers to it, or keep it")]] auto callOn(Reactor& home,
                                                                         ReactorHere other, F f,
                                                                         Args... args) {
  home.checkThread("callOn");
  using T = detail::ValueOf<std::invoke_result_t<F&, Args...>, void>;
  const auto& calls = detail::ReactorThreads::calls(other.reactor);
  if constexpr (sizeof...(Args) == 0) {
    return detail::crossingCall<T>(home, calls, other.reactor, std::move(f), other.where);
  } else {
    auto call = [f = std::move(f), ... args = std::move(args)]() mutable -> decltype(auto) {
      return f(std::move(args)...);
    };
    return detail::crossingCall<T>(home, calls, other.reactor, std::move(call), other.where);
  }
}

/// The same from `Reactor::current()`, for programs.
/// @throws NoReactorError on a thread that has none: there, `blockingCallFromThread` waits for the
/// answer
template <class F, class... Args>
  requires std::is_invocable_v<F&, Args...>
[[nodiscard("co_await it, add handlers to it, or keep it")]] auto callOn(ReactorHere other, F f,
                                                                         Args... args) {
  return callOn(Reactor::current(), other, std::move(f), std::move(args)...);
}

}  // namespace hawser
