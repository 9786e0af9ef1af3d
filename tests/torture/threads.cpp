#include "torture/torture.h"

#include <hawser/reactor/thread_pool.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <ostream>
#include <semaphore>
#include <string>
#include <string_view>

namespace hawser::torture {
namespace {

using namespace std::chrono_literals;

constexpr Failing noThread{"std::thread", "EAGAIN", EAGAIN};

/// What makes a pool with one thread, which is busy, want more.
struct Wish {
  const char* name;
  void (*make)(ThreadPool& pool);
  const char* logged;
};
void PrintTo(const Wish& wish, std::ostream* stream) { *stream << wish.name; }

class APoolThatGetsNoFurtherThread : public ::testing::TestWithParam<Wish> {};

TEST_P(APoolThatGetsNoFurtherThread, goesOnWithThoseItHasAndSaysSoOnce) {
  const QuietLog log;
  std::binary_semaphore opened{0};
  ThreadPool pool({.maxThreads = 4, .stuckAfter = 0s, .name = "disk"});
  pool.callInThread([&] { opened.acquire(); });
  for (int time = 0; time < 2; ++time) {
    const Fault fault(noThread, 1);
    GetParam().make(pool);
    EXPECT_TRUE(fault.happened());
    EXPECT_EQ(pool.threads(), 1u);
  }
  EXPECT_EQ(log.text, GetParam().logged);
  opened.release();
  pool.stop();
}

INSTANTIATE_TEST_SUITE_P(
    , APoolThatGetsNoFurtherThread,
    ::testing::Values(
        Wish{"forAJob", [](ThreadPool& pool) { pool.callInThread([] {}); },
             "The thread pool \"disk\" runs 1 of the 2 threads that it should; the system gives no "
             "other: Resource temporarily unavailable. Jobs wait for those it has.\n"},
        Wish{"thatIsToGrow", [](ThreadPool& pool) { pool.adjustPoolsize(3, 4); },
             "The thread pool \"disk\" runs 1 of the 3 threads that it should; the system gives no "
             "other: Resource temporarily unavailable. Jobs wait for those it has.\n"}),
    [](const auto& wish) { return std::string(wish.param.name); });

}  // namespace
}  // namespace hawser::torture
