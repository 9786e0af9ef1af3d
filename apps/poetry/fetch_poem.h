#pragma once

#include <poetry/poetry_client.h>
#include <poetry/server_name.h>

#include <hawser/base/clock.h>
#include <hawser/defer/deferred.h>

#include <chrono>
#include <optional>
#include <string>

namespace poetry {

/// Where a poem comes from, and what it passes on its way.
struct PoemSource {
  ServerName server;
  std::optional<ServerName> transform;                         ///< a service that cummingsifies it
  hawser::Clock::Duration timeout = std::chrono::seconds(30);  ///< for all of it
};

/// Gets a poem and, if wanted, has it transformed. Fails as `getPoem` and `transformPoem` do, or
/// with TimeoutError. Cancelling it gives up.
[[nodiscard]] hawser::Deferred<std::string> fetchPoem(hawser::Reactor& reactor, PoemSource source,
                                                      OnPiece onPiece = {});

}  // namespace poetry
