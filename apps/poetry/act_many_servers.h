#pragma once

#include <poetry/demo_stage.h>

namespace poetry {

/// The first act of the demo: all servers are asked at once. Fires with whether all of them fared
/// as they should.
hawser::Deferred<bool> actManyServers(Stage& stage);

}  // namespace poetry
