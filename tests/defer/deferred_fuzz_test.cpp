#include "defer/fuzz_world.h"

#include <hawser/base/logging.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <random>

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

/// Runs HAWSER_FUZZ_COUNT programs, from seed HAWSER_FUZZ_SEED on; without that, other ones each
/// time. Should a sanitizer end the run, the seed is the last thing that was printed.
template <class Value>
void runPrograms() {
  const std::uint32_t first = setting("HAWSER_FUZZ_SEED", std::random_device()() % 1'000'000);
  const std::uint32_t count = setting("HAWSER_FUZZ_COUNT", 1000);
  const logging::Observation quiet = logging::silenceStderr();
  for (std::uint32_t seed = first; seed != first + count; ++seed) {
    logging::Observation reader;
    if (seed % 2 == 1) {
      reader = logging::addObserver([](const logging::Event& event) {
        if (event.failure) (void)event.failure->getTraceback();
      });
    }
    std::printf("\rHAWSER_FUZZ_SEED=%u ", seed);
    std::fflush(stdout);
    World<Value> world(seed, seed % 4 < 2);
    world.run();
    for (const std::string& fault : world.faults())
      ADD_FAILURE() << fault << "; HAWSER_FUZZ_COUNT=1 HAWSER_FUZZ_SEED=" << seed;
  }
  std::printf("\n");
}

TEST(DeferredFuzz, ofSmallValuesLosesAndRepeatsNothingWhateverActsAsItGoes) {
  runPrograms<Small>();
}

TEST(DeferredFuzz, ofLargeValuesLosesAndRepeatsNothingWhateverActsAsItGoes) {
  runPrograms<Large>();
}

}  // namespace
}  // namespace hawser::fuzz
