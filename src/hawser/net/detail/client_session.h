#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/net/detail/dial.h>
#include <hawser/net/factory.h>

#include <memory>

namespace hawser::detail {

/// What `ClientEndpoint::connect` promises. `factory` is started now, and stopped when the attempt
/// has failed or the connection is over.
[[nodiscard]] Deferred<std::shared_ptr<Protocol>> connectClient(Reactor& reactor, Dialler dialler,
                                                                std::shared_ptr<Factory> factory);

}  // namespace hawser::detail
