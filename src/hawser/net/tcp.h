#pragma once

#include <hawser/base/durations.h>
#include <hawser/net/connector.h>
#include <hawser/net/factory.h>
#include <hawser/net/port.h>

#include <cstdint>
#include <memory>
#include <string>

namespace hawser {

class Reactor;

/// How to connect; what is left out is as Twisted has it.
struct ConnectOptions {
  /// How long looking up the name and connecting may take together.
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
  /// The local address to connect from; a port of 0 lets the kernel choose one. None: the kernel
  /// chooses both.
  Address bindAddress = Address();
};

/// How many connections the kernel keeps waiting for a port to accept them.
inline constexpr int defaultBacklog = 512;

/// Listens for TCP connections; each gets a protocol from `factory`. (Twisted's
/// `reactor.listenTCP`; `ServerEndpoint` says the same as a value.)
///
/// @param port 0 takes a free one, which `getHost()` of the result tells
/// @param interface a numeric address of this machine; empty is every IPv4 interface, `::` every
///     interface with IPv6 (and IPv4, unless the system separates them)
/// @throws CannotListenError, and whatever the factory's `startFactory` throws
/// @throws WrongThreadError, ReactorNotRunning if the reactor has ended; std::invalid_argument if
///     there is no factory
std::shared_ptr<Port> listenTCP(Reactor& reactor, std::uint16_t port,
                                std::shared_ptr<Factory> factory, int backlog = defaultBacklog,
                                const std::string& interface = {});

/// How to listen; what is left out is as above.
struct ListenOptions {
  int backlog = defaultBacklog;
  std::string interface = {};
  /// SO_REUSEPORT: others, of this user, may listen on the same port if they say so too, and the
  /// kernel divides the connections among them. For a reactor in each of several threads, or a new
  /// process that takes over from an old one.
  bool reusePort = false;
};
std::shared_ptr<Port> listenTCP(Reactor& reactor, std::uint16_t port,
                                std::shared_ptr<Factory> factory, const ListenOptions& options);

/// Connects to a TCP server, with a factory that hears how it fares: for programs that connect
/// again when they lose a connection. (Twisted's `reactor.connectTCP`; `ClientEndpoint` gives a
/// Deferred instead.)
///
/// Returns at once; everything else comes later, through the factory. A connector lives as long as
/// it is needed, whether or not anybody keeps the result.
///
/// @param host a name or a numeric address; the addresses of a name are tried one after the other
/// @throws WrongThreadError, ReactorNotRunning if the reactor has ended; std::invalid_argument if
///     there is no factory
std::shared_ptr<Connector> connectTCP(Reactor& reactor, std::string host, std::uint16_t port,
                                      std::shared_ptr<ClientFactory> factory,
                                      const ConnectOptions& options = {});

}  // namespace hawser
