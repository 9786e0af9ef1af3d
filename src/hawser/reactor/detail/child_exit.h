#pragma once

#include <hawser/base/durations.h>
#include <hawser/base/failure.h>

#include <cstdint>

namespace hawser {
class FileDescriptor;
}

namespace hawser::detail {

/// What is known of a child's end.
struct ChildExit {
  enum class State : std::uint8_t {
    running,
    ended,  ///< and was waited for: it is no zombie
    lost,   ///< and somebody else waited for it
  };
  State state = State::running;
  int status = 0;  ///< as waitpid says it

  /// Looks, and waits for it if it has ended. `pid` serves where there is no pidfd, or somebody has
  /// closed it: it is this child's until it was waited for.
  static ChildExit look(int pidfd, int pid) noexcept;
  /// The same, when it has ended or `longest` is over.
  static ChildExit await(int pidfd, int pid, std::chrono::milliseconds longest) noexcept;

  /// ProcessDone, ProcessTerminated, ProcessStatusLost; for one that has ended.
  Failure reason() const noexcept;
};

/// To a child that has not been waited for.
/// @returns 0 or an errno
int sendSignal(int pidfd, int pid, int signal) noexcept;

/// Nobody looks after this child any more: it is waited for by some later call of
/// `waitForLeftChildren`. `pidfd` may be none, where there was no descriptor for it. Any thread may
/// call these.
void leaveChild(FileDescriptor pidfd, int pid) noexcept;
void waitForLeftChildren() noexcept;

}  // namespace hawser::detail
