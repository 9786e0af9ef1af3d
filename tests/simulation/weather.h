#pragma once

#include <hawser/testing/simulated_network.h>

#include <chrono>
#include <cstddef>
#include <optional>

namespace simulation {

using namespace std::chrono_literals;
using Duration = std::chrono::nanoseconds;

inline constexpr const char* proxyHost = "10.0.0.1";
inline constexpr const char* upstreamHost = "10.0.0.2";
inline constexpr const char* transformHost = "10.0.0.3";

/// What a seed has in store for one run: chosen before it begins.
struct Weather {
  explicit Weather(hawser::testing::SimulatedRandom& random);

  Duration horizon;                ///< when the last client asks
  Duration timeToLive;             ///< of what the proxy keeps
  Duration fetchTimeout;           ///< of the proxy
  std::optional<Duration> stopAt;  ///< when the proxy stops, if it does so in between
  int backlog;                     ///< of the proxy
  bool transforming;
  double upstreamFaults;                             ///< how often a connection there goes wrong
  hawser::testing::NetworkConditions calm;           ///< loses nothing; some resets
  hawser::testing::NetworkConditions rough;          ///< stalls, too
  hawser::testing::NetworkConditions upstreamRoute;  ///< between the proxy and its servers
  hawser::testing::KernelConditions kernel;
};

}  // namespace simulation
