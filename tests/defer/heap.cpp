#include "defer/heap.h"

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAWSER_TEST_COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAWSER_TEST_COUNTS 0
#endif
#endif
#ifndef HAWSER_TEST_COUNTS
#define HAWSER_TEST_COUNTS 1
#endif

namespace {

std::atomic<std::size_t> count = 0;
std::atomic<std::ptrdiff_t> live = 0;
std::atomic<std::ptrdiff_t> peak = 0;
thread_local int blocksLeft = -1;  // negative: as many as there are

}  // namespace

#if HAWSER_TEST_COUNTS
void* operator new(std::size_t bytes) {
  if (blocksLeft == 0) throw std::bad_alloc();
  if (blocksLeft > 0) --blocksLeft;
  void* const block = std::malloc(bytes != 0 ? bytes : 1);
  if (!block) throw std::bad_alloc();
  ++count;
  const std::ptrdiff_t now = live += static_cast<std::ptrdiff_t>(malloc_usable_size(block));
  if (now > peak) peak = now;
  return block;
}
void operator delete(void* block) noexcept {
  if (block) live -= static_cast<std::ptrdiff_t>(malloc_usable_size(block));
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
#endif

namespace hawser::heap {

const bool counts = HAWSER_TEST_COUNTS != 0;

std::size_t allocations() noexcept { return count; }
std::ptrdiff_t liveBytes() noexcept { return live; }
std::ptrdiff_t peakBytes() noexcept { return peak; }
void forgetPeak() noexcept { peak = live.load(); }

Limit::Limit(int blocks) noexcept { blocksLeft = blocks; }
Limit::~Limit() { blocksLeft = -1; }

}  // namespace hawser::heap
