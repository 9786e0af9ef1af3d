#pragma once

#include <hawser/reactor/backend.h>
#include <hawser/reactor/file_descriptor.h>

#include <linux/io_uring.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace hawser::detail {

/// Memory that the kernel gave, or shares.
class MappedMemory {
 public:
  MappedMemory() noexcept = default;
  /// Anonymous memory of this process.
  /// @throws std::system_error
  explicit MappedMemory(std::size_t bytes);
  /// A part of a ring.
  /// @throws std::system_error
  MappedMemory(std::size_t bytes, int descriptor, std::uint64_t offset);
  MappedMemory(MappedMemory&& other) noexcept;
  MappedMemory& operator=(MappedMemory&& other) noexcept;
  ~MappedMemory();

  std::byte* get() const noexcept { return start_; }
  template <class T>
  T* at(std::size_t offset) const noexcept {
    return reinterpret_cast<T*>(start_ + offset);
  }
  /// Keeps the memory for ever: something may still write to it.
  void leak() noexcept { start_ = nullptr; }

 private:
  std::byte* start_ = nullptr;
  std::size_t bytes_ = 0;
};

/// One io_uring: requests go into one ring, completions come out of another, and one system call
/// submits and waits.
///
/// Completions are made only inside `enter`, on the thread that called it first (the kernel's
/// DEFER_TASKRUN): between two waits nothing changes behind the reactor's back.
class Uring {
 public:
  /// @throws ReactorNotAvailable, std::system_error
  Uring(unsigned submissions, unsigned completions);
  Uring(const Uring&) = delete;
  Uring& operator=(const Uring&) = delete;

  int descriptor() const noexcept { return descriptor_.get(); }
  bool full() const noexcept {
    return tail_ - __atomic_load_n(requestHead_, __ATOMIC_ACQUIRE) > requestMask_;
  }
  /// One more request, cleared, for a ring that is not full.
  io_uring_sqe* request() noexcept {
    io_uring_sqe* const request = &requests_[tail_++ & requestMask_];
    std::memset(request, 0, sizeof *request);
    return request;
  }
  /// Has something been requested since the last `enter` that took everything?
  bool anyRequested() const noexcept { return tail_ != submitted_; }

  /// Submits everything and waits for `completions` to be there, or until the time has passed; for
  /// ever if there is no time.
  /// @returns 0, or the error number; EINTR, ETIME, EAGAIN and EBUSY are for trying again
  int enter(unsigned completions, std::optional<std::chrono::nanoseconds> time) noexcept;

  /// Calls `f(completion)` for each completion that is there, in order.
  template <class F>
  void reap(F&& f) {
    unsigned head = *completionHead_;
    while (head != __atomic_load_n(completionTail_, __ATOMIC_ACQUIRE)) {
      const io_uring_cqe completion = completions_[head & completionMask_];
      // Given back at once: `f` may make room by submitting.
      __atomic_store_n(completionHead_, ++head, __ATOMIC_RELEASE);
      f(completion);
    }
  }

  /// `io_uring_register(2)`.
  /// @returns 0, or the error number
  int registerWith(unsigned operation, void* argument, unsigned count) noexcept;

 private:
  FileDescriptor descriptor_;
  MappedMemory rings_;
  MappedMemory requestMemory_;
  io_uring_sqe* requests_;
  io_uring_cqe* completions_;
  unsigned* requestHead_;
  unsigned* requestTail_;
  unsigned* completionHead_;
  unsigned* completionTail_;
  unsigned requestMask_;
  unsigned completionMask_;
  unsigned tail_ = 0;       // behind the last request made
  unsigned submitted_ = 0;  // behind the last one that the kernel has taken
  bool enabled_ = false;    // before, it belongs to no thread
};

/// Makes a ring and has it receive a byte with the kind of request that this backend lives on.
/// Once it has worked, it is taken for granted.
/// @throws ReactorNotAvailable, std::system_error
void probeUring();

}  // namespace hawser::detail
