#pragma once

#include <hawser/base/unique_function.h>

namespace hawser::detail {

/// Runs `job` in one of a few threads that serve the whole process; jobs wait their turn.
///
/// These threads spend their lives inside `getaddrinfo`, which can be neither interrupted nor
/// hurried, so nobody waits for them: they are detached, they end when there is nothing to do, and
/// what they share is never destroyed. Signals are blocked in them. May be called on any thread.
///
/// @returns false, and the job is dropped, if 1,024 wait already
/// @throws std::system_error if there is no thread and none can be started
bool runLookup(unique_function<void()> job);

}  // namespace hawser::detail
