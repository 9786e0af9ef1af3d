#pragma once

#include <poetry/server_name.h>

#include <hawser/base/clock.h>
#include <hawser/defer/deferred.h>
#include <hawser/reactor/reactor.h>

#include <chrono>
#include <optional>
#include <vector>

namespace poetry {

struct GetOptions {
  std::vector<ServerName> servers;
  std::optional<ServerName> transform;
  hawser::Clock::Duration timeout = std::chrono::seconds(30);  ///< for each poem
  bool inOrder = false;                                        ///< one after the other
};

/// `poetry get`: poems from many servers, all at the same time. Each is printed as soon as it is
/// whole. Fires with 0 if all of them came, else with 1.
hawser::Deferred<int> get(hawser::Reactor& reactor, GetOptions options);

}  // namespace poetry
