#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/reactor/file_descriptor.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace hawser::detail {

/// A part of a file that a connection is to send, and who is told how that went.
struct FileSending {
  /// What the kernel may be asked to take of it at a time, in bytes.
  static constexpr std::size_t mostAtOnce = 1024 * 1024;
  /// What is read of it at a time where it must be read, in bytes.
  static constexpr std::size_t mostToRead = 256 * 1024;

  FileDescriptor file;
  std::uint64_t offset = 0;
  std::uint64_t left = 0;
  std::uint64_t sent = 0;
  std::size_t underWay = 0;  // of what was read: it counts when it is sent
  Resolver<std::uint64_t> resolver;
  bool cancelled = false;
  bool mustBeRead = false;  // the channel could not take it by itself

  /// The kernel has taken so much of it.
  void took(std::size_t bytes) noexcept {
    offset += bytes;
    left -= bytes;
    sent += bytes;
  }
};

/// Reads some of it; "" at the end of the file.
/// @throws FileSendError
std::string readSome(const FileSending& sending);

/// How much there is from `offset` on.
/// @throws FileSendError if it is no regular file
std::uint64_t sizeFrom(const FileDescriptor& file, std::uint64_t offset);

}  // namespace hawser::detail
