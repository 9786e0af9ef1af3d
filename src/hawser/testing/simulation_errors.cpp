#include <hawser/testing/simulation_errors.h>

namespace hawser::testing {

SimulationStuckError::~SimulationStuckError() = default;
SimulationSpinsError::~SimulationSpinsError() = default;

}  // namespace hawser::testing
