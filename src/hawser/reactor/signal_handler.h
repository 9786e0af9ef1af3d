#pragma once

#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred.h>

#include <csignal>
#include <memory>
#include <source_location>

namespace hawser {

class Reactor;

namespace detail {
struct SignalEntry;
}

/// Calls a function on the reactor's thread whenever this process gets a signal.
///
///     SignalHandler reload(reactor, SIGHUP, [&](int) { readConfiguration(); });
///
/// While it lives the signal does nothing else; what it did before is restored when the last one
/// for it, in any thread, is gone. The function is called in the step of a turn that looks at
/// signals, so it may do everything a handler may; before `run`, it waits for that. A signal that
/// comes several times before the reactor looks is one call. Each reactor that has a handler for it
/// gets it. What the function throws is logged.
///
/// SIGINT and SIGTERM stop a running reactor, with a handler or without; a program that wants to
/// decide for itself runs with `RunOptions{.handleSignals = false}`. SIGCHLD is not needed for
/// processes, and SIGPIPE is ignored anyway.
///
/// The function may destroy the handler. When the reactor has ended the function is destroyed, and
/// the handler stands for nothing.
class SignalHandler {
 public:
  /// @throws std::invalid_argument if there is no such signal, nobody can handle it (SIGKILL,
  /// SIGSTOP), or it tells of a fault of the program itself (SIGSEGV, SIGABRT, ...)
  /// @throws WrongThreadError, ReactorNotRunning if the reactor has ended; std::system_error
  SignalHandler(Reactor& reactor, int signal, unique_function<void(int)> call,
                std::source_location where = std::source_location::current());
  SignalHandler(SignalHandler&&) noexcept = default;
  SignalHandler& operator=(SignalHandler&& other) noexcept;
  SignalHandler(const SignalHandler&) = delete;
  SignalHandler& operator=(const SignalHandler&) = delete;
  ~SignalHandler() { remove(); }

  /// It is called no more.
  void remove() noexcept;

 private:
  std::shared_ptr<detail::SignalEntry> entry_;  // null once moved away or removed
};

/// The next time this process gets a signal, as SignalHandler says: fires with its number.
/// Cancelling gives the signal back. When the reactor ends it fails with AbandonedError.
/// @throws as SignalHandler
[[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<int> nextSignal(
    Reactor& reactor, int signal, std::source_location where = std::source_location::current());

}  // namespace hawser
