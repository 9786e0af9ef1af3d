#include <hawser/base/pool.h>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace hawser::detail {
namespace {

struct Block {
  void* memory;
  std::size_t bytes;
};

std::vector<Block> allocateEach(std::size_t upTo) {
  std::vector<Block> blocks;
  for (std::size_t bytes = 1; bytes <= upTo; ++bytes) {
    blocks.push_back({poolAllocate(bytes), bytes});
    std::memset(blocks.back().memory, static_cast<int>(bytes % 251), bytes);
  }
  return blocks;
}

bool intact(const Block& block) {
  for (std::size_t i = 0; i < block.bytes; ++i)
    if (static_cast<unsigned char*>(block.memory)[i] != block.bytes % 251) return false;
  return true;
}

TEST(Pool, givesBlocksOfEverySizeThatDoNotOverlap) {
  const std::vector<Block> blocks = allocateEach(poolLargestBlock + 100);
  for (const Block& block : blocks) {
    EXPECT_TRUE(intact(block)) << block.bytes;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.memory) % alignof(std::max_align_t), 0u);
  }
  for (const Block& block : blocks) poolFree(block.memory, block.bytes);
}

TEST(Pool, givesBlocksOfNoBytes) {
  void* const block = poolAllocate(0);
  EXPECT_NE(block, nullptr);
  poolFree(block, 0);
}

TEST(Pool, handsAFreedBlockOutAgainToWhoAsksForThatSizeOrALittleLess) {
  if (!HAWSER_POOL) GTEST_SKIP() << "this build has no pool";
  void* const first = poolAllocate(100);
  poolFree(first, 100);
  void* const second = poolAllocate(97);
  EXPECT_EQ(first, second);
  poolFree(second, 97);
}

TEST(Pool, hasNoClassWhoseBlocksAreSmallerThanWhatIsAskedFor) {
  for (std::size_t bytes = 0; bytes <= poolLargestBlock; ++bytes) {
    const std::size_t index = poolClassOf(bytes);
    EXPECT_LT(index, std::size(PoolCache().classes));
    EXPECT_GE(poolBytesOf(index), bytes);
    EXPECT_EQ(poolClassOf(poolBytesOf(index)), index);
  }
}

TEST(Pool, servesSharedPointersOfAnyAlignment) {
  struct alignas(64) Wide {
    int number = 1;
  };
  const auto wide = std::allocate_shared<Wide>(PoolAllocator<Wide>());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(wide.get()) % 64, 0u);
  EXPECT_EQ(wide->number, 1);
  if (!HAWSER_POOL) return;
  auto first = std::allocate_shared<int>(PoolAllocator<int>(), 2);
  const void* const place = first.get();
  first.reset();
  EXPECT_EQ(std::allocate_shared<int>(PoolAllocator<int>(), 3).get(), place);
}

TEST(Pool, takesBlocksThatAnotherThreadAllocated) {
  std::vector<Block> blocks = allocateEach(poolLargestBlock + 10);
  std::thread([&] {
    for (const Block& block : blocks) {
      EXPECT_TRUE(intact(block));
      poolFree(block.memory, block.bytes);
    }
  }).join();
}

TEST(Pool, letsBlocksOutliveTheThreadThatAllocatedThem) {
  std::vector<Block> blocks;
  std::thread([&] {
    poolFree(poolAllocate(100), 100);
    blocks = allocateEach(200);
  }).join();
  for (const Block& block : blocks) {
    EXPECT_TRUE(intact(block));
    poolFree(block.memory, block.bytes);
  }
}

TEST(Pool, keepsABoundedCache) {
  // More than the cache takes; a leak checker sees whether the rest went back.
  constexpr std::size_t bytes = 256;
  std::vector<void*> blocks;
  for (std::size_t i = 0; i < 2 * poolCacheBytes / bytes; ++i)
    blocks.push_back(poolAllocate(bytes));
  for (void* block : blocks) poolFree(block, bytes);
  for (void*& block : blocks) block = poolAllocate(bytes);
  for (void* block : blocks) poolFree(block, bytes);
}

TEST(Pool, isSafeAfterItsThreadsCacheHasGone) {
  struct AtEnd {
    void* block = nullptr;
    ~AtEnd() {
      if (!block) return;
      poolFree(block, 64);
      poolFree(poolAllocate(64), 64);
      poolFree(poolAllocate(2000), 2000);
    }
  };
  std::thread([] {
    static thread_local AtEnd atEnd;  // made before the cache is, so destroyed after it
    atEnd.block = poolAllocate(64);
    poolFree(poolAllocate(64), 64);
  }).join();
}

}  // namespace
}  // namespace hawser::detail
