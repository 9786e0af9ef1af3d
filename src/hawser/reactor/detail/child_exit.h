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

  /// Looks, and waits for it if it has ended.
  static ChildExit look(int pidfd) noexcept;
  /// The same, when it has ended or `longest` is over.
  static ChildExit await(int pidfd, std::chrono::milliseconds longest) noexcept;

  /// ProcessDone, ProcessTerminated, ProcessStatusLost; for one that has ended.
  Failure reason() const noexcept;
};

/// @returns 0 or an errno
int sendSignal(int pidfd, int signal) noexcept;

/// Nobody looks after this child any more: it is waited for by some later call of
/// `waitForLeftChildren`. Any thread may call these.
void leaveChild(FileDescriptor pidfd) noexcept;
void waitForLeftChildren() noexcept;

}  // namespace hawser::detail
