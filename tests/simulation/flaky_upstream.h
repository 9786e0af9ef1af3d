#pragma once

#include <hawser/base/clock.h>
#include <hawser/net/factory.h>
#include <hawser/testing/simulated_random.h>

#include <memory>
#include <string>
#include <vector>

namespace simulation {

/// A poetry server that has a new poem for each connection, and often not all of it.
///
/// Good poems are served by the real PoetryServer, at some pace. Others are broken off at some
/// byte, the last one included, or never begun.
class FlakyUpstream final : public hawser::ServerFactory {
 public:
  struct Poem {
    std::string text;
    hawser::Clock::TimePoint asked;
    bool whole;  ///< it is closed in order, unless the network forbids
  };

  FlakyUpstream(hawser::Clock& clock, hawser::testing::SimulatedRandom random, double faults)
      : clock_(clock), random_(random), faults_(faults) {}

  std::shared_ptr<hawser::Protocol> buildProtocol(const hawser::Address& peer) override;

  /// One for each connection there has been.
  const std::vector<Poem>& poems() const noexcept { return poems_; }

 private:
  std::string newPoem();

  hawser::Clock& clock_;
  hawser::testing::SimulatedRandom random_;
  double faults_;
  std::vector<Poem> poems_;
};

}  // namespace simulation
