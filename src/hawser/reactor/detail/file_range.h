#pragma once

#include <cstddef>
#include <cstdint>

namespace hawser::detail {

/// A part of a file that is to be sent.
struct FileRange {
  FileRange(int itsFile, std::uint64_t itsOffset, std::size_t itsCount) noexcept
      : file(itsFile), offset(itsOffset), count(itsCount) {}

  int file;
  std::uint64_t offset;
  std::size_t count;

  /// Has the kernel take some of it. `taken` is 0 if the file has no more, or does not allow this.
  /// @returns 0, EAGAIN, or the error of the socket
  int sendTo(int socket, std::size_t& taken) const noexcept;
};

}  // namespace hawser::detail
