#include "torture/memory.h"

#include <hawser/base/failure.h>
#include <hawser/base/logging.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <optional>
#include <thread>

namespace {

constinit std::atomic<long> liveBlocks{0};

/// Of this thread.
struct Shortage {
  long untilFailure = -1;  ///< so many more succeed; negative: there is no shortage
  bool lasts = false;      ///< whether all that follow fail, too
  bool happened = false;
  int suspended = 0;
};
constinit thread_local Shortage shortage;

void* take(void* (*allocate)(std::size_t, std::size_t), std::size_t bytes, std::size_t alignment) {
  if (shortage.untilFailure >= 0 && shortage.suspended == 0) {
    if (shortage.untilFailure == 0) {
      shortage.happened = true;
      if (!shortage.lasts) shortage.untilFailure = -1;
      throw std::bad_alloc();
    }
    --shortage.untilFailure;
  }
  void* const block = allocate(bytes, alignment);
  if (!block) throw std::bad_alloc();
  ++liveBlocks;
  return block;
}

void giveBack(void* block) noexcept {
  if (block) --liveBlocks;
  std::free(block);
}

}  // namespace

void* operator new(std::size_t bytes) {
  return take([](std::size_t size, std::size_t) { return std::malloc(size); }, bytes | 1, 0);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return take(
      [](std::size_t size, std::size_t aligned) {
        void* block = nullptr;
        return ::posix_memalign(&block, aligned, size) == 0 ? block : nullptr;
      },
      bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return operator new(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* block) noexcept { giveBack(block); }
void operator delete(void* block, std::size_t) noexcept { giveBack(block); }
void operator delete(void* block, std::align_val_t) noexcept { giveBack(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { giveBack(block); }

namespace hawser::torture {

namespace {

struct Run {
  bool happened = false;  ///< were there so many allocations?
  long lost = 0;          ///< blocks that it did not give back
};

Run runOnce(const std::function<void()>& scenario, long index, bool lasts) {
  Run run;
  const long before = liveBlocks;
  std::optional<Failure> wrong;
  std::thread([&] {
    shortage = {index, lasts, false, 0};
    try {
      scenario();
      shortage.untilFailure = -1;
    } catch (const std::bad_alloc&) {
      shortage.untilFailure = -1;
    } catch (...) {
      shortage.untilFailure = -1;
      wrong = Failure::current();
    }
    run.happened = shortage.happened;
  }).join();
  EXPECT_FALSE(wrong) << wrong->typeName() << " was thrown: " << wrong->getErrorMessage();
  wrong.reset();
  run.lost = liveBlocks - before;
  return run;
}

/// @returns whether there were so many allocations
bool runChecked(const std::function<void()>& scenario, long index, bool lasts) {
  const Run first = runOnce(scenario, index, lasts);
  // What was made for good is made once.
  if (first.lost != 0) {
    EXPECT_EQ(runOnce(scenario, index, lasts).lost, 0) << "blocks were lost";
  }
  return first.happened;
}

}  // namespace

int walkMemory(const std::function<void()>& scenario) {
  const auto quiet = logging::silenceStderr();
  runOnce(scenario, -1, false);  // what is made once and kept
  if (::testing::Test::HasFailure()) return 0;
  int failures = 0;
  for (const bool lasts : {false, true}) {
    for (long index = 0;; ++index, ++failures) {
      SCOPED_TRACE(::testing::Message()
                   << "allocation " << index << (lasts ? " and all that follow" : " alone"));
      if (!runChecked(scenario, index, lasts) || ::testing::Test::HasFailure()) break;
    }
  }
  return failures;
}

EnoughMemory::EnoughMemory() noexcept { ++shortage.suspended; }
EnoughMemory::~EnoughMemory() { --shortage.suspended; }

}  // namespace hawser::torture
