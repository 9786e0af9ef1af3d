#pragma once

#include <poetry/demo_stage.h>

namespace poetry {

/// The second act of the demo: a caching proxy, with a transformation, before the slowest server.
/// Fires with whether it did what it is for.
hawser::Deferred<bool> actProxy(Stage& stage);

}  // namespace poetry
