#include "torture/memory.h"

#include "torture/torture.h"

#include <hawser/base/failure.h>
#include <hawser/base/logging.h>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

constinit std::atomic<long> liveBlocks{0};

/// There is one at a time.
struct Shortage {
  std::atomic<long> left{-1};      ///< so many more succeed; negative: there is no shortage
  std::atomic<bool> lasts{false};  ///< whether all that follow fail, too
  std::atomic<bool> happened{false};
  std::atomic<hawser::torture::Whose> whose{hawser::torture::Whose::mine};

  void begin(long index, bool keepsOn, hawser::torture::Whose threads) noexcept {
    happened = false;
    lasts = keepsOn;
    whose = threads;
    left = index;
  }
  void end() noexcept { left = -1; }
  bool takesOne() noexcept {
    if (left < 0) return false;
    const long before = left--;
    if (before > 0) return false;
    happened = true;
    left = lasts ? 0 : -1;
    return true;
  }
};
constinit Shortage shortage;

/// What a thread has to do with it.
enum class Role { other, scenario, test };
constinit thread_local Role role = Role::other;
constinit thread_local int suspended = 0;

bool falls() noexcept {
  using hawser::torture::Whose;
  const Role hit = shortage.whose == Whose::mine ? Role::scenario : Role::other;
  return role == hit && suspended == 0 && shortage.takesOne();
}

void* take(void* (*allocate)(std::size_t, std::size_t), std::size_t bytes, std::size_t alignment) {
  if (falls()) throw std::bad_alloc();
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

/// Other threads may still be about to end.
long lostSince(long before) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  while (liveBlocks != before && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return liveBlocks - before;
}

Run runOnce(const std::function<void()>& scenario, long index, bool lasts, Whose whose) {
  role = Role::test;
  Run run;
  const long before = liveBlocks;
  std::optional<Failure> wrong;
  std::thread([&] {
    role = Role::scenario;
    shortage.begin(index, lasts, whose);
    try {
      scenario();
      shortage.end();
    } catch (const std::bad_alloc&) {
      shortage.end();
    } catch (...) {
      shortage.end();
      wrong = Failure::current();
    }
    run.happened = shortage.happened;
  }).join();
  EXPECT_FALSE(wrong) << wrong->typeName() << " was thrown: " << wrong->getErrorMessage();
  wrong.reset();
  run.lost = lostSince(before);
  return run;
}

/// @returns whether there were so many allocations
bool runChecked(const std::function<void()>& scenario, long index, bool lasts, Whose whose) {
  const Run first = runOnce(scenario, index, lasts, whose);
  // What was made for good is made once.
  if (first.lost != 0) {
    EXPECT_EQ(runOnce(scenario, index, lasts, whose).lost, 0) << "blocks were lost";
  }
  return first.happened;
}

}  // namespace

int walkMemory(const std::function<void()>& scenario, Whose whose) {
  const auto quiet = logging::silenceStderr();
  runOnce(scenario, -1, false, whose);  // what is made once and kept
  if (::testing::Test::HasFailure()) return 0;
  const std::vector<std::string> descriptors = openDescriptors();
  int failures = 0;
  for (const bool lasts : {false, true}) {
    for (long index = 0;; ++index, ++failures) {
      SCOPED_TRACE(::testing::Message()
                   << "allocation " << index << (lasts ? " and all that follow" : " alone"));
      const bool happened = runChecked(scenario, index, lasts, whose);
      EXPECT_EQ(openDescriptors(), descriptors) << "descriptors were left, or closed";
      if (!happened || ::testing::Test::HasFailure()) break;
    }
  }
  return failures;
}

bool oneAloneFails() noexcept { return !shortage.lasts; }

EnoughMemory::EnoughMemory() noexcept { ++suspended; }
EnoughMemory::~EnoughMemory() { --suspended; }

}  // namespace hawser::torture
