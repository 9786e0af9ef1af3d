#include "simulation/weather.h"

#include <array>

namespace simulation {

using hawser::testing::SimulatedRandom;

namespace {

template <class T, std::size_t size>
T oneOf(SimulatedRandom& random, const std::array<T, size>& choices) {
  return choices[random.between(std::size_t{0}, size - 1)];
}

}  // namespace

Weather::Weather(SimulatedRandom& random)
    : horizon(random.between(1s, 60s)),
      timeToLive(oneOf(random, std::array<Duration, 4>{0s, 1s, 10s, 2h})),
      fetchTimeout(random.between(1s, 30s)),
      backlog(oneOf(random, std::array{1, 16, 512})),
      transforming(random.chance(0.3)),
      upstreamFaults(oneOf(random, std::array{0.0, 0.2, 0.6})) {
  if (random.chance(0.25)) stopAt = random.between(0s, horizon);

  const double storm = oneOf(random, std::array{0.0, 0.3, 1.0});
  calm.maxLatency = random.between(2ms, 300ms);
  calm.cutting = oneOf(random, std::array{0.0, 0.25, 0.9});
  calm.minBuffer = oneOf(random, std::array<std::size_t, 3>{1, 500, 16'384});
  calm.maxBuffer = calm.minBuffer + oneOf(random, std::array<std::size_t, 2>{500, 65'536});
  calm.refusing = 0.03 * storm;
  calm.hanging = 0.02 * storm;
  calm.resetting = 0.01 * storm;

  rough = calm;
  rough.stalling = 0.05 * storm;

  upstreamRoute = rough;
  upstreamRoute.refusing = 0.2 * storm;
  upstreamRoute.hanging = 0.05 * storm;
  upstreamRoute.resetting = 0.03 * storm;

  kernel.acceptErrors = oneOf(random, std::array{0.0, 0.05});
  kernel.shortReads = oneOf(random, std::array{0.0, 0.25, 0.9});
  kernel.shortWrites = oneOf(random, std::array{0.0, 0.1, 0.9});
  kernel.lateSends = oneOf(random, std::array{0.0, 0.25, 1.0});
}

}  // namespace simulation
