#pragma once

#include "simulation/asker.h"
#include "simulation/flaky_upstream.h"
#include "simulation/flawed_proxy.h"
#include "simulation/weather.h"

#include <hawser/base/logging.h>
#include <hawser/net/port.h>
#include <hawser/reactor/reactor.h>
#include <hawser/testing/simulated_network.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace simulation {

/// What a number of runs came to.
struct Tally {
  std::size_t runs = 0;
  std::size_t askers = 0;
  std::size_t poems = 0;
  std::size_t fetches = 0;
  std::uint64_t events = 0;
  double seconds = 0;                         ///< of simulated time
  std::map<std::string, std::size_t> errors;  ///< by type
};

/// The proxy of the program `poetry`, as it is, between 200 clients and an upstream that nobody
/// should depend on, for one seed.
///
/// What must hold, whatever the network does:
/// - every client gets one answer: a whole poem that the upstream closed in order, or an error;
///   and who waits for ever need not, unless the network itself has lost the answer;
/// - there is never more than one connection to the upstream, and none while a poem is fresh;
/// - no poem is served that is older than its time to live;
/// - nothing is logged that nobody handled;
/// - in the end there is no timer, no channel, and no Deferred that waits.
class ProxyRun {
 public:
  static constexpr std::size_t clients = 200;

  /// @param flaw puts a proxy with a mistake in the place of the real one
  explicit ProxyRun(std::uint64_t seed, std::optional<Flaw> flaw = {});
  ~ProxyRun();
  ProxyRun(const ProxyRun&) = delete;
  ProxyRun& operator=(const ProxyRun&) = delete;

  /// Before `run`: shows everything that happens in the network.
  void watch(std::function<void(const hawser::testing::NetworkEvent&)> look) {
    look_ = std::move(look);
  }
  /// What did not hold, a sentence each.
  std::vector<std::string> run(Tally& tally);
  std::uint64_t digest() const noexcept { return network_.digest(); }

 private:
  void startServers();
  void startProxy();
  std::shared_ptr<hawser::ServerFactory> proxy();
  void planFaults();
  void planPartition(const std::string& one, const std::string& other);
  void planAskers();
  void askOne(Asker& asker);

  void see(const hawser::testing::NetworkEvent& event);
  void seeFetch();
  void checkAnswers();
  void checkAnswer(const Asker& asker);
  void checkRemains();
  void blame(std::string what);
  bool allAnswered() const;
  bool wasServed(const FlakyUpstream::Poem& poem);
  /// What the proxy makes of a poem.
  const std::string& served(const FlakyUpstream::Poem& poem);

  std::optional<Flaw> flaw_;
  std::vector<std::string> faults_;
  hawser::logging::Observation quiet_;
  hawser::logging::Observation listening_;
  hawser::testing::SimulatedNetwork network_;
  hawser::testing::SimulatedRandom& random_;
  Weather weather_;
  std::shared_ptr<FlakyUpstream> upstream_;
  std::vector<std::unique_ptr<Asker>> askers_;
  std::vector<std::shared_ptr<hawser::Port>> ports_;
  std::shared_ptr<hawser::Port> upstreamPort_;
  std::shared_ptr<hawser::Port> proxyPort_;
  std::vector<std::string> served_;
  std::size_t fetches_ = 0;
  std::size_t asked_ = 0;
  bool ending_ = false;
  std::function<void(const hawser::testing::NetworkEvent&)> look_;
  hawser::Reactor reactor_;  // last: its end answers those who still wait
};

}  // namespace simulation
