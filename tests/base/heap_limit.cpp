#include "base/heap_limit.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

thread_local int blocksLeft = -1;  // negative: as many as there are

void takeBlock() {
  if (blocksLeft == 0) throw std::bad_alloc();
  if (blocksLeft > 0) --blocksLeft;
}

}  // namespace

void* operator new(std::size_t bytes) {
  takeBlock();
  if (void* const block = std::malloc(bytes != 0 ? bytes : 1)) return block;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  takeBlock();
  void* block = nullptr;
  if (::posix_memalign(&block, static_cast<std::size_t>(alignment), bytes) == 0) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

namespace hawser {

HeapLimit::HeapLimit(int blocks) noexcept { blocksLeft = blocks; }
HeapLimit::~HeapLimit() { blocksLeft = -1; }

}  // namespace hawser
