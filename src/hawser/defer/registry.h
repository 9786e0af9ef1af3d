#pragma once

#include <hawser/base/durations.h>
#include <hawser/defer/deferred.h>

#include <optional>
#include <source_location>
#include <string>
#include <vector>

/// What is this program waiting for?
///
/// A program of Deferreds that hangs shows an empty stack: whatever it waits for is data. The
/// registry lists that data: each Deferred of this thread that has not fired, where it was made,
/// since when it has been pending, and which handlers and coroutines wait for it.
///
///     registry::enable();
///     ...
///     std::fputs(registry::toText().c_str(), stderr);
///
/// It lists what is made while it is enabled, and forgets a Deferred as soon as that has fired.
/// That costs 16 bytes and about 35 instructions for each, so it may stay enabled in production. A
/// Deferred that there is no memory to list is left out.
/// Times are those of the turn (of the Reactor, or a FakeClock) in which something happened; no
/// clock is read. Everything here is about the calling thread.
namespace hawser::registry {

/// From now on, Deferreds that this thread makes are listed, or are not.
void enable(bool on = true) noexcept;
bool enabled() noexcept;

/// Somebody who waits: a handler with the place where it was added, or a coroutine with its own
/// (g++ names the end of its body, Clang the beginning).
struct Waiting {
  enum class Kind { handler, coroutine } kind;
  std::source_location where;
};

/// A Deferred that has not fired, at the bottom of a chain of waiting ones.
struct Pending {
  std::source_location made;
  /// The time of the turn in which it was made; none if the registry did not list it.
  std::optional<std::chrono::nanoseconds> since;
  /// Who waits for it, from the nearest outwards: a handler waits for its predecessor, a coroutine
  /// for what it awaits, a handler that returned a Deferred for that one.
  std::vector<Waiting> waiting;
};

/// All that is listed, by the turn in which it was made, oldest first.
std::vector<Pending> pending();

namespace detail {
std::optional<Pending> pendingBelow(const hawser::detail::Node* tail);
}

/// What this Deferred waits for at the bottom of its chain, whether the registry is enabled or not;
/// none if it has a result or is empty.
template <class T>
std::optional<Pending> pendingOf(const Deferred<T>& deferred) {
  if (deferred.state() != DeferredState::pending) return std::nullopt;
  return detail::pendingBelow(hawser::detail::DeferredAccess::nodeOf(deferred));
}

/// The list for people, grouped by where the Deferreds were made, the largest group first:
///
///     12 pending Deferreds
///     10 made at session.cpp:40, for up to 3.2 s
///          10 x the handler added at session.cpp:41, the coroutine at main.cpp:12
///     ...
std::string toText();
/// The same for programs: an array of objects with file, line, function, count, oldestSeconds
/// and waiting, an array of {count, by: [{kind, file, line}]}.
std::string toJson();

}  // namespace hawser::registry
