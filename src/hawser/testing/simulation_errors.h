#pragma once

#include <stdexcept>

namespace hawser::testing {

/// A simulated run has come to its end, and somebody still waits: nothing is on its way, no timer
/// is set, nothing will ever happen again. The text names the seed, the time, every open channel
/// with what it waits for, and the pending Deferreds if `hawser::registry` is enabled.
class SimulationStuckError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~SimulationStuckError() override;
};

/// A simulated run goes round and round: its time stands still while somebody asks for calls
/// without delay again and again, or it does not come to rest as `settle` expects.
class SimulationSpinsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~SimulationSpinsError() override;
};

}  // namespace hawser::testing
