#include <hawser/base/pool.h>

namespace hawser::detail {

constinit thread_local PoolCache poolCache __attribute__((tls_model("initial-exec"))) = {};

namespace {

enum class CacheState : unsigned char { unused, open, closed };
constinit thread_local CacheState cacheState = CacheState::unused;

/// Exists once a thread has freed its first block; its destructor runs when the thread ends.
/// Blocks freed after that find no room and go straight to the heap.
struct CacheOfThread {
  CacheOfThread() noexcept {
    for (std::size_t i = 0; i <= poolClassOf(poolLargestBlock); ++i)
      poolCache.classes[i].room = static_cast<std::int32_t>(poolCacheBytes / poolBytesOf(i));
    cacheState = CacheState::open;
  }
  CacheOfThread(const CacheOfThread&) = delete;
  CacheOfThread& operator=(const CacheOfThread&) = delete;
  ~CacheOfThread() {
    cacheState = CacheState::closed;
    for (PoolClass& cache : poolCache.classes) {
      cache.room = 0;
      while (PoolClass::Free* block = cache.head) {
        cache.head = block->next;
        ::operator delete(block);
      }
    }
  }
};

}  // namespace

void* poolRefill(std::size_t bytes) {
  void* block = ::operator new(poolBytesOf(poolClassOf(bytes)));
  // Taking a block from a cache makes room for one more. A block from the heap must not, so the
  // count stays as it is: the cache of this class is empty and its room is complete.
  return block;
}

void poolOverflow(void* block, std::size_t index) noexcept {
  ++poolCache.classes[index].room;
  if (cacheState == CacheState::unused) {
    static thread_local CacheOfThread cache;
    poolFreeClass(block, index);
    return;
  }
  ::operator delete(block);
}

}  // namespace hawser::detail
