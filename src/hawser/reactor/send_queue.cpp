#include <hawser/config.h>
#include <hawser/reactor/send_queue.h>

#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace hawser {

struct SendQueue::Adopted : Piece {
  explicit Adopted(std::string&& text) noexcept
      : Piece{nullptr, nullptr, text.size(), 0, Kind::adopted}, held(std::move(text)) {
    data = held.data();
  }
  std::string held;
};

struct SendQueue::Shared : Piece {
  explicit Shared(std::shared_ptr<const std::string> text) noexcept
      : Piece{nullptr, text->data(), text->size(), 0, Kind::shared}, held(std::move(text)) {}
  std::shared_ptr<const std::string> held;
};

namespace {

constexpr std::size_t cachedBlocks = 256;
// Blocks grow with what waits, up to this.
constexpr std::size_t largestStep = 64 * 1024;

}  // namespace

constinit thread_local SendQueue::BlockCache SendQueue::blockCache{};

/// Opens the cache of a thread, and empties it at the thread's end.
struct SendQueue::BlockCacheOwner {
  BlockCacheOwner() noexcept {
    blockCache.room = cachedBlocks;
    blockCache.open = true;
  }
  ~BlockCacheOwner() {
    blockCache.open = false;
    blockCache.room = 0;
    ::operator delete(std::exchange(blockCache.large, nullptr));
    while (Piece* const block = blockCache.head) {
      blockCache.head = block->next;
      ::operator delete(block);
    }
  }
  static void open() noexcept { thread_local const BlockCacheOwner owner; }
};

SendQueue::Block* SendQueue::takeCachedBlock() noexcept {
  Block* const block = static_cast<Block*>(blockCache.head);
  blockCache.head = block->next;
  ++blockCache.room;
  block->data = block->begin();
  return block;
}

SendQueue::Block* SendQueue::makeBlock(std::size_t capacity) {
  const bool large = capacity > blockCapacity;
  if (!large && blockCache.head) return takeCachedBlock();
  // Bulk comes in buffers full; such a block serves for all of them.
  if (capacity > largestStep / 2) capacity = std::max(capacity, largestStep);
  if (capacity == largestStep && blockCache.large) {
    Block* const block = static_cast<Block*>(std::exchange(blockCache.large, nullptr));
    block->data = block->begin();
    return block;
  }
  void* const memory = ::operator new(large ? sizeof(Block) + capacity : blockBytes);
  Block* const block = ::new (memory) Block{
      {nullptr, nullptr, 0, 0, large ? Piece::Kind::largeBlock : Piece::Kind::block}, nullptr};
  block->data = block->begin();
  block->end = block->begin() + (large ? capacity : blockCapacity);
  return block;
}

// Into an empty queue, if it fits a block that is there.
bool SendQueue::appendFirst(std::string_view text) noexcept {
  if (text.size() - 1 >= blockCapacity || !blockCache.head) return false;
  Block* const block = takeCachedBlock();
  block->next = last_ = block;
  block->queued = block->size = text.size();
  std::memcpy(block->begin(), text.data(), text.size());
  return true;
}

void SendQueue::appendMore(std::string_view text) {
  if (text.empty()) return;
  const bool open =
      last_ && (last_->kind == Piece::Kind::block || last_->kind == Piece::Kind::largeBlock);
  char* const free = open ? const_cast<char*>(last_->data) + last_->size : nullptr;
  const std::size_t room =
      open ? static_cast<std::size_t>(static_cast<Block*>(last_)->end - free) : 0;
  const std::size_t fitting = std::min(text.size(), room);
  const std::string_view rest = text.substr(fitting);
  Block* const added =
      rest.empty() ? nullptr : makeBlock(std::max(rest.size(), std::min(size(), largestStep)));
  if (fitting != 0) {
    std::memcpy(free, text.data(), fitting);
    last_->size += fitting;
  }
  if (added) {
    std::memcpy(added->begin(), rest.data(), rest.size());
    added->size = rest.size();
    link(added);
  }
  last_->queued += text.size();
}

void SendQueue::append(std::string&& text) {
  if (text.size() < adoptedBytes) {
    append(std::string_view(text));
    return;
  }
  link(new Adopted(std::move(text)));
  last_->queued += last_->size;
}

void SendQueue::append(std::shared_ptr<const std::string> text) {
  if (text->size() < adoptedBytes) {
    append(std::string_view(*text));
    return;
  }
  link(new Shared(std::move(text)));
  last_->queued += last_->size;
}

void SendQueue::append(SendQueue&& other) noexcept {
  if (!other.last_) return;
  if (last_) {
    other.last_->queued += last_->queued;
    std::swap(last_->next, other.last_->next);  // two rings become one
  }
  last_ = std::exchange(other.last_, nullptr);
}

std::size_t SendQueue::gather(std::span<iovec> pieces) const noexcept {
  std::size_t count = 0;
  for (const Piece* piece = last_; piece && count < pieces.size();) {
    const Piece* const next = piece->next;
    pieces[count++] = {const_cast<char*>(next->data), next->size};
    piece = next == last_ ? nullptr : next;
  }
  return count;
}

void SendQueue::consume(std::size_t bytes) noexcept {
  if (bytes == size()) return clear();
  last_->queued -= bytes;
  while (bytes >= last_->next->size) {
    Piece* const done = last_->next;
    bytes -= done->size;
    last_->next = done->next;
    destroy(done);
  }
  last_->next->data += bytes;
  last_->next->size -= bytes;
}

void SendQueue::link(Piece* piece) noexcept {
  piece->queued = size();
  piece->next = last_ ? std::exchange(last_->next, piece) : piece;
  last_ = piece;
}

void SendQueue::destroy(Piece* piece) noexcept {
  switch (piece->kind) {
    case Piece::Kind::block:
#if HAWSER_POOL
      BlockCacheOwner::open();
      if (blockCache.room != 0) {
        --blockCache.room;
        piece->next = std::exchange(blockCache.head, piece);
        return;
      }
#endif
      ::operator delete(piece);
      return;
    case Piece::Kind::largeBlock:
#if HAWSER_POOL
      BlockCacheOwner::open();
      if (Block* const block = static_cast<Block*>(piece);
          blockCache.open && !blockCache.large && block->end == block->begin() + largestStep) {
        blockCache.large = block;
        return;
      }
#endif
      ::operator delete(piece);
      return;
    case Piece::Kind::adopted:
      delete static_cast<Adopted*>(piece);
      return;
    case Piece::Kind::shared:
      delete static_cast<Shared*>(piece);
      return;
  }
}

void SendQueue::destroyAll(Piece* last) noexcept {
  for (Piece* piece = std::exchange(last->next, nullptr); piece;)
    destroy(std::exchange(piece, piece->next));
}

}  // namespace hawser
