#pragma once

#include <hawser/reactor/detail/uring.h>

#include <cstddef>
#include <cstdint>

namespace hawser::detail {

/// A group of buffers of one size that the kernel chooses from when something has arrived: a
/// connection that is silent needs none.
class UringBuffers {
 public:
  /// @param count a power of two, at most 32,768
  /// @throws ReactorNotAvailable if the kernel does not have them, std::system_error
  UringBuffers(Uring& ring, std::uint16_t group, unsigned count, std::size_t bytes);

  std::uint16_t group() const noexcept { return group_; }
  std::size_t bytes() const noexcept { return bytes_; }
  unsigned count() const noexcept { return mask_ + 1; }
  const std::byte* data(unsigned buffer) const noexcept { return memory_.get() + buffer * bytes_; }
  /// Lets the kernel use it again, after the next `publish`.
  void giveBack(unsigned buffer) noexcept {
    io_uring_buf& entry = *ring_.at<io_uring_buf>((tail_++ & mask_) * sizeof(io_uring_buf));
    // Not the whole entry: in the first one the kernel keeps the ring's tail.
    entry.addr = reinterpret_cast<std::uintptr_t>(data(buffer));
    entry.len = static_cast<std::uint32_t>(bytes_);
    entry.bid = static_cast<std::uint16_t>(buffer);
  }
  void publish() noexcept;
  /// The kernel may still write to them.
  void leak() noexcept;

 private:
  MappedMemory ring_;
  MappedMemory memory_;
  std::size_t bytes_;
  unsigned mask_;
  std::uint16_t group_;
  std::uint16_t tail_ = 0;
};

}  // namespace hawser::detail
