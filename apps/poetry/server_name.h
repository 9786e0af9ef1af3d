#pragma once

#include <hawser/net/endpoint.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace poetry {

/// A server as the command line names it: `localhost:10000`, `192.0.2.7:10000`, `[::1]:10000`.
struct ServerName {
  std::string host;
  std::uint16_t port = 0;

  /// @throws hawser::BadEndpointError saying what is wrong and at which byte
  static ServerName parse(std::string_view text);

  std::string toString() const;
  hawser::ClientEndpoint endpoint(hawser::Reactor& reactor) const;
};

}  // namespace poetry
