#pragma once

#include <cstddef>
#include <cstdint>

namespace hawser::detail {

/// A part of a file that is to be sent.
struct FileRange {
  int file = -1;
  std::uint64_t offset = 0;
  std::size_t count = 0;

  /// Has the kernel take some of it. `taken` is 0 if the file has no more, or does not allow this.
  /// A socket that is closed is EPIPE, and SIGPIPE unless that is ignored, as a Reactor has it.
  /// @returns 0, EAGAIN, or the error of the socket
  int sendTo(int socket, std::size_t& taken) const noexcept;
};

}  // namespace hawser::detail
