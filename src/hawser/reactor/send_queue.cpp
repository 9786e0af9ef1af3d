#include <hawser/config.h>
#include <hawser/reactor/send_queue.h>

#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace hawser {

/// One contiguous part of the queue. `data` and `size` shrink from the front as bytes are sent.
struct SendQueue::Piece {
  enum class Kind : std::uint8_t { block, adopted, shared };

  explicit Piece(Kind k) noexcept : kind(k) {}

  Piece* next = nullptr;
  const std::byte* data = nullptr;
  std::size_t size = 0;
  const Kind kind;
};

struct SendQueue::Block : Piece {
  static constexpr std::size_t totalBytes = 4096;
  static constexpr std::size_t capacity = totalBytes - sizeof(Piece);

  Block() noexcept : Piece(Kind::block) { data = bytes; }
  std::size_t room() const noexcept {
    return static_cast<std::size_t>(bytes + capacity - (data + size));
  }
  void append(const std::byte* from, std::size_t count) noexcept {
    std::memcpy(bytes + (data + size - bytes), from, count);
    size += count;
  }

  static void* operator new(std::size_t);
  static void operator delete(void* block) noexcept;

  std::byte bytes[capacity];  // written before it is read
};

struct SendQueue::Adopted : Piece {
  explicit Adopted(std::string&& text) noexcept : Piece(Kind::adopted), held(std::move(text)) {
    data = reinterpret_cast<const std::byte*>(held.data());
    size = held.size();
  }
  std::string held;
};

struct SendQueue::Shared : Piece {
  explicit Shared(std::shared_ptr<const std::string> text) noexcept
      : Piece(Kind::shared), held(std::move(text)) {
    data = reinterpret_cast<const std::byte*>(held->data());
    size = held->size();
  }
  std::shared_ptr<const std::string> held;
};

namespace {

struct FreeBlock {
  FreeBlock* next;
};

/// Freed blocks of one thread. `room` is 0 before the first is freed and after the thread's end.
struct BlockCache {
  FreeBlock* head;
  std::size_t room;
};
constexpr std::size_t cachedBlocks = 64;
constinit thread_local BlockCache blockCache{};

/// Opens the cache of a thread, and empties it at the thread's end.
struct BlockCacheOwner {
  BlockCacheOwner() noexcept { blockCache.room = cachedBlocks; }
  ~BlockCacheOwner() {
    while (FreeBlock* block = blockCache.head) {
      blockCache.head = block->next;
      ::operator delete(block);
    }
    blockCache.room = 0;
  }
};

[[maybe_unused]] void openBlockCache() noexcept { thread_local const BlockCacheOwner owner; }

}  // namespace

void* SendQueue::Block::operator new(std::size_t bytes) {
  if (FreeBlock* block = blockCache.head) {
    blockCache.head = block->next;
    ++blockCache.room;
    return block;
  }
  return ::operator new(bytes);
}

void SendQueue::Block::operator delete(void* block) noexcept {
#if HAWSER_POOL
  openBlockCache();
  if (blockCache.room != 0) {
    --blockCache.room;
    blockCache.head = ::new (block) FreeBlock{blockCache.head};
    return;
  }
#endif
  ::operator delete(block);
}

SendQueue::SendQueue(SendQueue&& other) noexcept
    : first_(std::exchange(other.first_, nullptr)),
      last_(std::exchange(other.last_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

SendQueue& SendQueue::operator=(SendQueue&& other) noexcept {
  if (this != &other) {
    clear();
    append(std::move(other));
  }
  return *this;
}

void SendQueue::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (!last_ || last_->kind != Piece::Kind::block || static_cast<Block*>(last_)->room() == 0)
      link(new Block);
    Block& block = static_cast<Block&>(*last_);
    const std::size_t count = std::min(bytes.size(), block.room());
    block.append(bytes.data(), count);
    size_ += count;
    bytes = bytes.subspan(count);
  }
}

void SendQueue::append(std::string&& text) {
  if (text.size() < adoptedBytes) {
    append(std::string_view(text));
    return;
  }
  link(new Adopted(std::move(text)));
  size_ += last_->size;
}

void SendQueue::append(std::shared_ptr<const std::string> text) {
  if (text->size() < adoptedBytes) {
    append(std::string_view(*text));
    return;
  }
  link(new Shared(std::move(text)));
  size_ += last_->size;
}

void SendQueue::append(SendQueue&& other) noexcept {
  if (!other.first_) return;
  if (last_)
    last_->next = other.first_;
  else
    first_ = other.first_;
  last_ = std::exchange(other.last_, nullptr);
  other.first_ = nullptr;
  size_ += std::exchange(other.size_, 0);
}

std::size_t SendQueue::gather(std::span<iovec> pieces) const noexcept {
  std::size_t count = 0;
  for (const Piece* piece = first_; piece && count < pieces.size(); piece = piece->next)
    pieces[count++] = {const_cast<std::byte*>(piece->data), piece->size};
  return count;
}

void SendQueue::consume(std::size_t bytes) noexcept {
  size_ -= bytes;
  while (first_ && bytes >= first_->size) {
    bytes -= first_->size;
    Piece* const done = first_;
    first_ = done->next;
    destroy(done);
  }
  if (!first_) {
    last_ = nullptr;
    return;
  }
  first_->data += bytes;
  first_->size -= bytes;
}

void SendQueue::clear() noexcept {
  last_ = nullptr;
  size_ = 0;
  while (Piece* const piece = first_) {
    first_ = piece->next;
    destroy(piece);
  }
}

void SendQueue::link(Piece* piece) noexcept {
  if (last_)
    last_->next = piece;
  else
    first_ = piece;
  last_ = piece;
}

void SendQueue::destroy(Piece* piece) noexcept {
  switch (piece->kind) {
    case Piece::Kind::block:
      delete static_cast<Block*>(piece);
      break;
    case Piece::Kind::adopted:
      delete static_cast<Adopted*>(piece);
      break;
    case Piece::Kind::shared:
      delete static_cast<Shared*>(piece);
      break;
  }
}

}  // namespace hawser
