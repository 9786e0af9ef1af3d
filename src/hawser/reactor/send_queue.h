#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct iovec;

namespace hawser {

/// Bytes waiting to be sent, in order.
///
/// A transport must take what a protocol writes in small pieces, and give the kernel as much as
/// possible in one call, without one copy too many: small pieces are copied together into blocks
/// of 4 KiB, which come from and go back to a cache of the thread (an idle connection holds
/// none); a large string is taken over as it is; bytes that many connections send are shared.
///
/// Moving it is cheap and leaves the source empty.
class SendQueue {
 public:
  /// Strings that are at least this long are not copied.
  static constexpr std::size_t adoptedBytes = 2048;

  SendQueue() noexcept = default;
  SendQueue(SendQueue&& other) noexcept;
  SendQueue& operator=(SendQueue&& other) noexcept;
  ~SendQueue() { clear(); }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// Appends a copy.
  void append(std::span<const std::byte> bytes);
  void append(std::string_view text) { append(std::as_bytes(std::span(text))); }
  void append(const char* text) { append(std::string_view(text)); }
  /// Appends the string itself if it is long, else a copy.
  void append(std::string&& text);
  /// Appends bytes that others hold too, if they are long, else a copy.
  void append(std::shared_ptr<const std::string> text);
  /// Moves everything in `other` behind what is here.
  void append(SendQueue&& other) noexcept;

  /// Describes the first bytes, at most `pieces.size()` pieces of memory. They stay where they
  /// are until they are consumed, even if the queue is moved.
  std::size_t gather(std::span<iovec> pieces) const noexcept;
  /// Drops the first `bytes`, which must be there.
  void consume(std::size_t bytes) noexcept;
  void clear() noexcept;

 private:
  struct Piece;
  struct Block;
  struct Adopted;
  struct Shared;

  void link(Piece* piece) noexcept;
  static void destroy(Piece* piece) noexcept;

  Piece* first_ = nullptr;
  Piece* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace hawser
