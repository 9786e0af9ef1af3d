#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <thread>

/// What the program has taken from the global heap. Sanitizers keep their own `operator new`: under
/// them the same tests run, and nothing is counted.
namespace hawser::heap {

extern const bool counts;

std::size_t allocations() noexcept;
std::ptrdiff_t liveBytes() noexcept;
std::ptrdiff_t peakBytes() noexcept;
void forgetPeak() noexcept;

/// While it lives, this thread gets so many blocks from the global heap and no more. What its pool
/// has comes on top: use a new thread. Does nothing unless the heap `counts`.
class Limit {
 public:
  explicit Limit(int blocks) noexcept;
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  ~Limit();
};

constexpr std::ptrdiff_t fewKilobytes = 64 * 1024;

/// How much `body` takes from the heap at its worst, on a thread of its own, whose pool is empty at
/// first. Checks that all of it is given back when that thread ends.
template <class Body>
std::ptrdiff_t peakOf(Body body) {
  const std::ptrdiff_t before = liveBytes();
  forgetPeak();
  std::thread([&] { body(); }).join();
  EXPECT_EQ(liveBytes(), before) << "bytes that are lost";
  return peakBytes() - before;
}

}  // namespace hawser::heap
