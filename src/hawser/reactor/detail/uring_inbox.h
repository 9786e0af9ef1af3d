#pragma once

#include <hawser/reactor/detail/uring_pool.h>
#include <hawser/reactor/send_queue.h>

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace hawser::detail {

/// What one channel has received and not delivered, in order: copies of what is older, and a chain
/// of buffers. The owner empties the chain, with `keep` or `drop`, before it lets go of it: the
/// buffers belong to all channels.
class UringInbox {
 public:
  bool empty() const noexcept { return first_ == UringPool::noBuffer && kept_.empty(); }
  std::size_t bytes(const UringPool& pool) const noexcept;

  /// Takes over a buffer with so many bytes in it.
  void add(UringPool& pool, std::uint16_t buffer, std::size_t bytes) noexcept {
    pool.content(buffer) = {static_cast<std::uint32_t>(bytes), UringPool::noBuffer};
    (first_ == UringPool::noBuffer ? first_ : pool.content(last_).next) = buffer;
    last_ = buffer;
  }
  /// Gives `f` the first piece and drops it; `f` may do anything but destroy the inbox. Not if it
  /// is empty.
  /// @returns how many bytes
  template <class F>
  std::size_t deliver(UringPool& pool, F&& f) {
    if (!kept_.empty()) {
      iovec piece;  // written by gather before it is read
      kept_.gather({&piece, 1});
      f(std::span(static_cast<const std::byte*>(piece.iov_base), piece.iov_len));
      kept_.consume(piece.iov_len);
      return piece.iov_len;
    }
    const std::uint16_t buffer = first_;
    const std::span<const std::byte> bytes = pool.bytes(buffer);
    first_ = pool.content(buffer).next;
    f(bytes);
    pool.giveBack(buffer);
    return bytes.size();
  }
  /// Copies what is left, so that others can have the buffers.
  /// @returns false if there was no memory: then that is lost
  bool keep(UringPool& pool) noexcept { return first_ == UringPool::noBuffer || keepBuffers(pool); }
  /// Drops what is in buffers.
  void drop(UringPool& pool) noexcept;

 private:
  bool keepBuffers(UringPool& pool) noexcept;

  SendQueue kept_;
  std::uint16_t first_ = UringPool::noBuffer;
  std::uint16_t last_ = UringPool::noBuffer;
};

}  // namespace hawser::detail
