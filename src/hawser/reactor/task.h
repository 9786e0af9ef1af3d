#pragma once

#include <hawser/base/clock.h>
#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred.h>
#include <hawser/reactor/reactor.h>

#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// What a program does with a reactor and time (Twisted's `twisted.internet.task`).
namespace hawser::task {

namespace detail {

int react(unique_function<Deferred<int>(Reactor&)> main);

template <class D>
Deferred<int> statusOf(D deferred) {
  static_assert(std::is_same_v<D, Deferred<void>> || std::is_same_v<D, Deferred<int>>,
                "react: main must return a Deferred<void> or a Deferred<int>");
  if constexpr (std::is_same_v<D, Deferred<void>>)
    return std::move(deferred).addCallback([] { return 0; });
  else
    return deferred;
}

}  // namespace detail

/// Runs a program: calls `main(reactor, args...)` on a new reactor, runs that until the Deferred
/// that main returned fires, and returns the exit status (Twisted's `react`).
///
///     Deferred<void> readAll(Reactor& reactor, std::vector<ClientEndpoint> servers);
///     int main(int argc, char** argv) { return task::react(readAll, endpointsFrom(argc, argv)); }
///
/// Main is called when the reactor runs. It may be a coroutine; what it captured, and the reactor,
/// live until it has ended. `args` are moved into the call.
///
/// **Exit status.** What main's Deferred<int> fires with; 0 for a Deferred<void>; 1 after a
/// failure, which is logged with its traceback. Never throws: a reactor that cannot be made is
/// logged too.
///
/// **Signals.** SIGINT or SIGTERM, and `reactor.stop()`, cancel main's Deferred, and the reactor
/// ends in order once that has fired. How main answers the cancellation decides the status: a
/// result or another failure counts as above; CancelledError, what Deferreds fail with that nobody
/// taught otherwise, gives 128 + the signal's number as from a shell, or 0 after `stop()`, and is
/// not logged. A second signal ends the waiting; the status is then 128 + the first one's number.
template <class Main, class... Args>
int react(Main main, Args... args) {
  return detail::react(
      [main = std::move(main), ... args = std::move(args)](Reactor& reactor) mutable {
        return detail::statusOf(main(reactor, std::move(args)...));
      });
}

/// For a main that takes `(Reactor&, std::vector<std::string>)`: the words of the command line,
/// without the program's name. One that takes `(Reactor&, int, char**)` gets those.
template <class Main>
int react(Main main, int argc, char** argv) {
  if constexpr (std::is_invocable_v<Main&, Reactor&, std::vector<std::string>>) {
    std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    return react<Main, std::vector<std::string>>(std::move(main), std::move(words));
  } else {
    return react<Main, int, char**>(std::move(main), argc, argv);
  }
}

/// A Deferred that fires `delay` from now on `clock` (Twisted's `deferLater` without a callable).
/// Cancelling it cancels the timer.
/// @throws std::invalid_argument if `delay` is negative
[[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<void> deferLater(
    Clock& clock, Clock::Duration delay,
    std::source_location where = std::source_location::current());

/// Calls `f()` `delay` from now on `clock` and fires with what it returns (Twisted's `deferLater`);
/// waits for that if it is a Deferred. Cancelling it before the call cancels the call.
/// @throws std::invalid_argument if `delay` is negative
template <class F>
  requires std::is_invocable_v<F&>
[[nodiscard("co_await it, add handlers to it, or keep it")]] auto deferLater(
    Clock& clock, Clock::Duration delay, F f,
    std::source_location where = std::source_location::current()) {
  return deferLater(clock, delay, where).addCallback(std::move(f), where);
}

}  // namespace hawser::task
