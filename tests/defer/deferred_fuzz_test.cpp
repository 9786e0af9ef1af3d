#include "defer/fuzz_world.h"

#include <hawser/base/logging.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

/// Of the sanitizers' run time: what is called before they end the process.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace hawser::fuzz {
namespace {

struct Small {
  std::shared_ptr<void> guard;
  int number;
  struct {
  } room;
};

/// Does not lie in a Deferred.
struct Large {
  std::shared_ptr<void> guard;
  int number;
  std::array<char, 90> room;
};
static_assert(sizeof(Small) <= 64 && sizeof(Large) > 64);

/// A number that the environment may set.
std::uint32_t setting(const char* name, std::uint32_t otherwise) {
  const char* text = std::getenv(name);
  return text ? static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10)) : otherwise;
}

/// How to run one program again. It is printed if that program ends the process, in whatever way.
class Replay {
 public:
  Replay() {
    if (__sanitizer_set_death_callback)
      __sanitizer_set_death_callback(print);
    else
      std::signal(SIGSEGV, printAndDie);
    for (const int each : {SIGABRT, SIGINT, SIGTERM}) std::signal(each, printAndDie);
  }
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;
  ~Replay() {
    if (__sanitizer_set_death_callback)
      __sanitizer_set_death_callback(nullptr);
    else
      std::signal(SIGSEGV, SIG_DFL);
    for (const int each : {SIGABRT, SIGINT, SIGTERM}) std::signal(each, SIG_DFL);
  }

  void begin(std::uint32_t seed) {
    std::snprintf(line.data(), line.size(),
                  "HAWSER_FUZZ_COUNT=1 HAWSER_FUZZ_SEED=%u --gtest_filter=DeferredFuzz.%s\n", seed,
                  ::testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  static const char* text() { return line.data(); }

 private:
  static void print() { (void)!write(STDERR_FILENO, line.data(), std::strlen(line.data())); }
  static void printAndDie(int signal) {
    print();
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }

  inline static std::array<char, 200> line{};
};

/// Runs HAWSER_FUZZ_COUNT programs, from seed HAWSER_FUZZ_SEED on; without that, other ones each
/// time.
template <class Value>
void runPrograms() {
  const std::uint32_t first = setting("HAWSER_FUZZ_SEED", std::random_device()() % 1'000'000);
  const std::uint32_t count = setting("HAWSER_FUZZ_COUNT", 1000);
  const logging::Observation quiet = logging::silenceStderr();
  Replay replay;
  for (std::uint32_t seed = first; seed != first + count; ++seed) {
    logging::Observation reader;
    if (seed % 2 == 1) {
      reader = logging::addObserver([](const logging::Event& event) {
        if (event.failure) (void)event.failure->getTraceback();
      });
    }
    replay.begin(seed);
    World<Value> world(seed, seed % 4 < 2);
    world.run();
    for (const std::string& fault : world.faults())
      ADD_FAILURE() << fault << "; " << Replay::text();
  }
}

TEST(DeferredFuzz, ofSmallValuesLosesAndRepeatsNothingWhateverActsAsItGoes) {
  runPrograms<Small>();
}

TEST(DeferredFuzz, ofLargeValuesLosesAndRepeatsNothingWhateverActsAsItGoes) {
  runPrograms<Large>();
}

}  // namespace
}  // namespace hawser::fuzz
