#pragma once

#include "simulation/weather.h"

#include <hawser/base/result.h>
#include <hawser/defer/cancel_handle.h>
#include <hawser/net/endpoint.h>
#include <hawser/reactor/reactor.h>

#include <memory>
#include <optional>
#include <string>

namespace simulation {

/// Somebody who asks the proxy for its poem, each in his own way, with the client that the program
/// `poetry` has.
class Asker {
 public:
  enum class Manner {
    patient,     ///< waits as long as it takes, on a network that loses nothing
    halfCloser,  ///< the same, but says first that it has nothing to say
    slowReader,  ///< the same, but reads a piece now and then
    wary,        ///< waits so long and no longer
    fickle,      ///< changes its mind
    rude,        ///< is gone as soon as it is connected
  };
  static constexpr std::size_t manners = 6;

  Asker(hawser::Reactor& reactor, std::size_t number, hawser::testing::SimulatedRandom& random);

  /// Where it is.
  const std::string& host() const noexcept { return host_; }
  Manner manner() const noexcept { return manner_; }
  /// Only somebody who gives up by himself may be left without an answer by the network.
  bool waitsForEver() const noexcept { return manner_ <= Manner::slowReader; }

  void ask(const hawser::ClientEndpoint& proxy);

  hawser::Clock::TimePoint askedAt() const noexcept { return askedAt_; }
  /// What it got, once it has.
  const std::optional<hawser::Result<std::string>>& answer() const noexcept { return answer_; }
  int answers() const noexcept { return answers_; }

 private:
  hawser::Reactor& reactor_;
  hawser::testing::SimulatedRandom random_;
  std::string host_;
  Manner manner_;
  hawser::Clock::TimePoint askedAt_{};
  std::optional<hawser::Result<std::string>> answer_;
  int answers_ = 0;
};

const char* nameOf(Asker::Manner manner);

}  // namespace simulation
