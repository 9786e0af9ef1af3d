#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

struct iovec;

namespace hawser {

/// Bytes waiting to be sent, in order.
///
/// A transport must take what a protocol writes in small pieces, and give the kernel as much as
/// possible in one call, without one copy too many: small pieces are copied together into blocks
/// of 2 KiB, which come from and go back to a cache of the thread (an idle connection holds
/// none), and into larger ones the more there is; a large string is taken over as it is; bytes
/// that many connections send are shared.
///
/// Moving it is cheap and leaves the source empty. It is one pointer, for the sake of the many
/// connections on which nothing waits.
class SendQueue {
 public:
  /// Strings that are at least this long are not copied.
  static constexpr std::size_t adoptedBytes = 2048;

  SendQueue() noexcept = default;
  SendQueue(SendQueue&& other) noexcept : last_(std::exchange(other.last_, nullptr)) {}
  SendQueue& operator=(SendQueue&& other) noexcept {
    if (this == &other) return *this;
    clear();
    last_ = std::exchange(other.last_, nullptr);
    return *this;
  }
  ~SendQueue() { clear(); }

  std::size_t size() const noexcept { return last_ ? last_->queued : 0; }
  bool empty() const noexcept { return !last_; }

  /// Appends a copy. If memory runs out the queue is as it was.
  void append(std::string_view text) {
    if (last_ || !appendFirst(text)) appendMore(text);
  }
  void append(std::span<const std::byte> bytes) {
    append(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
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
  /// The first piece; the queue must not be empty.
  std::string_view front() const noexcept { return {last_->next->data, last_->next->size}; }
  /// Whether the first piece is all there is; the queue must not be empty.
  bool isOnePiece() const noexcept { return last_->next == last_; }
  /// Drops the first `bytes`, which must be there.
  void consume(std::size_t bytes) noexcept;
  void clear() noexcept;

 private:
  /// One contiguous part of the queue, at least one byte. `data` and `size` shrink from the front
  /// as bytes are sent.
  struct Piece {
    enum class Kind : std::uint8_t { block, largeBlock, adopted, shared };

    Piece* next;  // of the last one: the first
    const char* data;
    std::size_t size;
    std::size_t queued;  // in the last one: by all of them together
    const Kind kind;
  };
  struct Block;
  struct Adopted;
  struct Shared;

  static constexpr std::size_t blockBytes = 2048;
  static constexpr std::size_t blockCapacity = blockBytes - sizeof(Piece) - sizeof(char*);

  /// Blocks of this thread that are not in use, as they were left. `room` is 0 before the first is
  /// freed and after the thread's end.
  struct BlockCache {
    Piece* head;
    std::size_t room;
    Piece* large;  // one for bulk
    bool open;
  };
  static constinit thread_local BlockCache blockCache __attribute__((tls_model("initial-exec")));
  struct BlockCacheOwner;

  bool appendFirst(std::string_view text) noexcept;
  void appendMore(std::string_view text);
  void link(Piece* piece) noexcept;
  static Block* makeBlock(std::size_t capacity);
  static Block* takeCachedBlock() noexcept;
  static void destroy(Piece* piece) noexcept;
  static void destroyAll(Piece* last) noexcept;

  Piece* last_ = nullptr;  // of a ring
};

/// Bytes that were copied, behind the object itself, with room for more up to `end`.
struct SendQueue::Block : Piece {
  char* end;

  char* begin() noexcept { return reinterpret_cast<char*>(this + 1); }
};

// Mostly one small piece comes, and goes as a whole.
inline void SendQueue::clear() noexcept {
  Piece* const piece = std::exchange(last_, nullptr);
  if (!piece) return;
  if (piece->next != piece || piece->kind != Piece::Kind::block || blockCache.room == 0)
      [[unlikely]]
    return destroyAll(piece);
  --blockCache.room;
  piece->next = blockCache.head;
  blockCache.head = piece;
}

}  // namespace hawser
