#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <ctime>

namespace load {

/// What the kernel tells of the server's process. Without a process all figures are 0.
class ServerProcess {
 public:
  explicit ServerProcess(pid_t process);

  /// User and system time so far, of all threads, in nanoseconds.
  std::uint64_t cpuTime() const noexcept;
  /// Resident memory of its own, without files that are mapped, in bytes.
  std::size_t memory() const;
  std::size_t descriptors() const;

 private:
  pid_t process_;
  clockid_t clock_{};
};

}  // namespace load
