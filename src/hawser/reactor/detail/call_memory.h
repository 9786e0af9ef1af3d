#pragma once

#include <hawser/config.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace hawser::detail {

/// Memory for calls, which one thread makes and another ends.
///
/// Blocks of their own would make the one thread pay for malloc, and the other for handing each
/// back to the first one's arena. So a thread lays its calls side by side in a chunk, and goes on
/// to the next when it is full; whoever ends the last call of a full chunk frees it. A call that
/// nobody gets to keeps its chunk.
///
/// In a build without the pool (base/pool.h) each call has a block of its own, so that the
/// sanitizers see what is done with it.
class CallChunk {
 public:
  static constexpr std::size_t bytes = 2048;

  /// Memory in this thread's chunk, which `chunk` is then, or a block of its own, and null.
  /// @throws std::bad_alloc
  static void* allocate(std::size_t size, std::size_t alignment, CallChunk*& chunk) {
#if HAWSER_POOL
    const std::size_t gap = -reinterpret_cast<std::uintptr_t>(open.next) & (alignment - 1);
    if (gap + size <= open.room) [[likely]] {
      std::byte* const at = open.next + gap;
      open.next = at + size;
      open.room -= gap + size;
      ++open.calls;
      chunk = open.chunk;
      return at;
    }
#endif
    return allocateInNext(size, alignment, chunk);
  }
  /// The end of a call, or of what was to be one. Any thread.
  static void free(void* memory, CallChunk* chunk) noexcept {
    if (chunk)
      chunk->end(1);
    else
      ::operator delete(memory);
  }
  /// The same for so many of them in one chunk.
  void end(std::int64_t calls) noexcept {
    if (live_.fetch_sub(calls, std::memory_order_acq_rel) == calls) delete this;
  }

 private:
  /// The chunk that a thread fills.
  struct Open {
    CallChunk* chunk;
    std::byte* next;
    std::size_t room;    // bytes
    std::int64_t calls;  // laid in it
  };
  struct AtThreadEnd;

  CallChunk() = default;

  static void* allocateInNext(std::size_t size, std::size_t alignment, CallChunk*& chunk);
  static void closeOpen() noexcept;

  static constinit thread_local Open open __attribute__((tls_model("initial-exec")));

  /// What lives in it; less by all that were ever laid in it while a thread still fills it, so that
  /// only ending them is counted at once.
  std::atomic<std::int64_t> live_{0};
  alignas(std::max_align_t) std::byte memory_[bytes - alignof(std::max_align_t)];
};

/// Counts calls of one chunk that have ended, one after the other, and tells the chunk once.
class EndedCalls {
 public:
  EndedCalls() noexcept = default;
  EndedCalls(const EndedCalls&) = delete;
  EndedCalls& operator=(const EndedCalls&) = delete;
  ~EndedCalls() { tell(); }

  void add(CallChunk& chunk) noexcept {
    if (&chunk != chunk_) {
      tell();
      chunk_ = &chunk;
    }
    ++calls_;
  }
  void tell() noexcept {
    if (calls_ != 0) std::exchange(chunk_, nullptr)->end(std::exchange(calls_, 0));
  }

 private:
  CallChunk* chunk_ = nullptr;
  std::int64_t calls_ = 0;
};

}  // namespace hawser::detail
