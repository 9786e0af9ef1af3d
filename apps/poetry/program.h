#pragma once

#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred.h>
#include <hawser/net/factory.h>
#include <hawser/net/port.h>
#include <hawser/reactor/reactor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace poetry {

/// Runs `main` as a program (`task::react`) and returns its exit status. What it fails with is said
/// in one line on standard error, with status 1: it is a user who reads that, not a programmer.
int runProgram(std::string_view name,
               hawser::unique_function<hawser::Deferred<int>(hawser::Reactor&)> main);

/// Where a server listens.
struct ListenOptions {
  std::string interface = "127.0.0.1";  ///< a numeric address of this machine, or a name of it
  std::uint16_t port = 0;               ///< 0: a free one
};

/// Looks the interface up and listens there. Fails with CannotListenError or DNSLookupError.
[[nodiscard]] hawser::Deferred<std::shared_ptr<hawser::Port>> listen(
    hawser::Reactor& reactor, ListenOptions where, std::shared_ptr<hawser::Factory> factory);

/// What is common to the servers: listens, says `listening on tcp:HOST:PORT` on standard output,
/// and serves until SIGINT or SIGTERM; then fires with exit status 0.
[[nodiscard]] hawser::Deferred<int> serveUntilStopped(hawser::Reactor& reactor, ListenOptions where,
                                                      std::shared_ptr<hawser::Factory> factory);

}  // namespace poetry
