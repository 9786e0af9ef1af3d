#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/net/factory.h>
#include <hawser/net/tcp.h>

#include <cstdint>
#include <memory>
#include <string>

namespace hawser::detail {

/// What `ClientEndpoint::connect` promises, for TCP. `factory` is started now, and stopped when the
/// attempt has failed or the connection is over.
[[nodiscard]] Deferred<std::shared_ptr<Protocol>> connectClient(Reactor& reactor, std::string host,
                                                                std::uint16_t port,
                                                                const ConnectOptions& options,
                                                                std::shared_ptr<Factory> factory);

}  // namespace hawser::detail
