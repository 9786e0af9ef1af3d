#pragma once

#include <hawser/base/durations.h>
#include <hawser/defer/deferred.h>
#include <hawser/reactor/process_errors.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace hawser {

class Reactor;

/// How a process is to be started and what is wanted of it, for the functions below.
struct ProcessOutputOptions {
  /// As in ProcessOptions (process.h).
  std::optional<std::vector<std::string>> env = std::nullopt;
  std::string path = {};
  /// What the process reads from its standard input; after that it reads the end.
  std::string stdinBytes = {};
  /// `getProcessOutput` gives the standard error too, in the order in which it came. False: any
  /// byte there is a failure.
  bool errortoo = false;
  /// The most that is kept of the standard output, and of the standard error, in bytes.
  std::size_t maxBytes = 16 * 1024 * 1024;
  /// How long a process that was told to end (SIGTERM) may take until it is killed (SIGKILL).
  std::chrono::nanoseconds killAfter = std::chrono::seconds(5);
};

/// What a process wrote, and its exit code.
struct ProcessOutput {
  std::string out;
  std::string err;
  int code = 0;
};

// Start a program, as `spawnProcess` does, and wait for its end. `args` are without the program's
// own name here. What they fire with comes on the reactor's thread, when the process has ended and
// its pipes are closed.
//
// **Failures.** ProcessStartError if it cannot be started, or whatever else `spawnProcess` throws.
// ProcessOutputCut, a ProcessTerminated, if a signal ended it. ProcessOutputTooLong if it wrote
// more than `maxBytes`: it was told to end. ProcessStatusLost if somebody else waited for it.
// ProcessPipeError if the kernel failed to carry all that was written, or the reactor ended before
// it had come.
//
// **Cancelling** closes the pipes, sends SIGTERM and, after `killAfter`, SIGKILL. The Deferred
// fails with CancelledError when the process is gone, so that nothing is left of it then; the same
// holds for `addTimeout`. Cancelling once more kills at once and does not wait. What the process
// started in turn is left alone; it finds the pipes closed.
//
// **When the reactor ends** first, the process is killed and waited for.

/// What a process wrote to its standard output, whatever its exit code. (Twisted's
/// `utils.getProcessOutput`.) ProcessErrorOutput if it wrote to its standard error, unless
/// `errortoo`: it was told to end.
[[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<std::string> getProcessOutput(
    Reactor& reactor, std::string executable, std::vector<std::string> args = {},
    ProcessOutputOptions options = {});

/// Its exit code; what it writes is thrown away. (Twisted's `utils.getProcessValue`.)
[[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<int> getProcessValue(
    Reactor& reactor, std::string executable, std::vector<std::string> args = {},
    ProcessOutputOptions options = {});

/// Both outputs and the exit code. (Twisted's `utils.getProcessOutputAndValue`.)
[[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<ProcessOutput>
getProcessOutputAndValue(Reactor& reactor, std::string executable,
                         std::vector<std::string> args = {}, ProcessOutputOptions options = {});

}  // namespace hawser
