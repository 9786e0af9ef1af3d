#pragma once

#include <hawser/config.h>

#include <cstddef>
#include <cstdint>
#include <new>

/// Memory for the small, short-lived blocks of asynchronous code: links, Deferreds, coroutine
/// frames, failures, connections.
///
/// A program that does many things at once makes and drops millions of blocks of a few sizes, and
/// two thirds of a pending Deferred's cost would be malloc and free. The pool keeps freed blocks
/// in a cache of the *freeing* thread, by size, and hands them out again without a lock.
///
/// Blocks come one by one from `operator new`, so a block may be freed on another thread, or after
/// its thread's cache has gone, and memory checkers know them. Each size class keeps at most
/// `poolCacheBytes` bytes per thread; the cache is emptied when its thread ends. Blocks larger than
/// `poolLargestBlock` bytes always go to `operator new`. With `HAWSER_POOL` 0 (fixed when the
/// library is built; the sanitizer presets do that) everything does.
namespace hawser::detail {

inline constexpr std::size_t poolGranule = 16;  // bytes
/// The blocks of a class are so many granules and this. What malloc keeps beside a block are 8
/// bytes, too, and it makes whole granules of both: so none is wasted.
inline constexpr std::size_t poolSmallestBlock = 8;
inline constexpr std::size_t poolLargestBlock = 512;  // bytes
inline constexpr std::size_t poolCacheBytes = 128 * 1024;

struct PoolClass {
  struct Free {
    Free* next;
  };
  Free* head;
  /// How many more blocks this cache takes; 0 before the thread's first free and after its end.
  std::int32_t room;
};

struct PoolCache {
  PoolClass classes[poolLargestBlock / poolGranule + 1];
};

extern constinit thread_local PoolCache poolCache __attribute__((tls_model("initial-exec")));

constexpr std::size_t poolClassOf(std::size_t bytes) noexcept {
  return (bytes + poolGranule - 1 - poolSmallestBlock) / poolGranule;
}
/// How large the blocks of a class are.
constexpr std::size_t poolBytesOf(std::size_t index) noexcept {
  return index * poolGranule + poolSmallestBlock;
}

/// A block from the global heap, rounded up to its class so that any cache can take it later.
[[nodiscard]] void* poolRefill(std::size_t bytes);
/// Opens this thread's cache when it has none yet; gives the block back to the heap otherwise.
void poolOverflow(void* block, std::size_t index) noexcept;

/// @throws std::bad_alloc
[[nodiscard]] inline void* poolAllocate(std::size_t bytes) {
#if HAWSER_POOL
  if (bytes <= poolLargestBlock) {
    PoolClass& cache = poolCache.classes[poolClassOf(bytes)];
    if (PoolClass::Free* block = cache.head) [[likely]] {
      cache.head = block->next;
      ++cache.room;
      return block;
    }
    return poolRefill(bytes);
  }
#endif
  return ::operator new(bytes);
}

/// Frees a block of at most `poolLargestBlock` bytes, of which poolClassOf() gave `index`.
[[gnu::always_inline]] inline void poolFreeClass(void* block,
                                                 [[maybe_unused]] std::size_t index) noexcept {
#if HAWSER_POOL
  PoolClass& cache = poolCache.classes[index];
  if (--cache.room >= 0) [[likely]] {
    cache.head = ::new (block) PoolClass::Free{cache.head};
    return;
  }
  poolOverflow(block, index);
#else
  ::operator delete(block);
#endif
}

/// `bytes` is what was asked for when the block was allocated.
[[gnu::always_inline]] inline void poolFree(void* block, std::size_t bytes) noexcept {
  if (bytes <= poolLargestBlock)
    poolFreeClass(block, poolClassOf(bytes));
  else
    ::operator delete(block);
}

/// For `std::allocate_shared`.
template <class T>
struct PoolAllocator {
  using value_type = T;

  PoolAllocator() noexcept = default;
  template <class U>
  PoolAllocator(const PoolAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) {
    if constexpr (overAligned)
      return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(alignof(T))));
    else
      return static_cast<T*>(poolAllocate(count * sizeof(T)));
  }
  void deallocate(T* block, std::size_t count) noexcept {
    if constexpr (overAligned)
      ::operator delete(block, std::align_val_t(alignof(T)));
    else
      poolFree(block, count * sizeof(T));
  }
  friend bool operator==(const PoolAllocator&, const PoolAllocator&) noexcept { return true; }

 private:
  static constexpr bool overAligned = alignof(T) > alignof(std::max_align_t);
};

}  // namespace hawser::detail
