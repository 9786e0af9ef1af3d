#pragma once

#include <hawser/base/durations.h>
#include <hawser/defer/deferred.h>
#include <hawser/net/factory.h>
#include <hawser/net/port.h>
#include <hawser/net/tcp.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace hawser {

/// Somewhere to connect to, as a value: a function that takes one needs to know neither what kind
/// of connection it makes nor how its address is written. (Twisted's `IStreamClientEndpoint`.)
///
///     ClientEndpoint server = clientFromString(reactor, "tcp:example.org:10000");
///     server.connect(Factory::forProtocol<PoetryClient>())
///         .addCallback([](std::shared_ptr<Protocol> protocol) { ... })
///         .addErrback(logging::err);
///
/// Copies are cheap and equal in use; one endpoint can connect any number of times. It refers to
/// its reactor, which must outlive its use.
class ClientEndpoint {
 public:
  /// What the classes below hold: derive from it to make a new kind of endpoint.
  class Implementation {
   public:
    virtual ~Implementation();
    virtual Deferred<std::shared_ptr<Protocol>> connect(std::shared_ptr<Factory> factory) const = 0;
    virtual std::string toString() const = 0;
  };

  explicit ClientEndpoint(std::shared_ptr<const Implementation> implementation)
      : implementation_(std::move(implementation)) {}

  /// Connects, builds a protocol with `factory` and gives it a transport.
  ///
  /// Fires with that protocol, after its `connectionMade`, in an I/O step of the reactor; the
  /// protocol lives as long as its connection even if nobody keeps it. Fails with a ConnectError
  /// (errors.h): ConnectionRefusedError, DNSLookupError, ConnectTimeoutError, NoProtocol, ...; with
  /// what `buildProtocol` threw; with AbandonedError if the reactor ends first. May have failed
  /// already when it returns. Cancelling gives the attempt up and fails with
  /// ConnectingCancelledError; once it has fired, the connection is the protocol's business.
  /// @throws WrongThreadError, ReactorNotRunning if the reactor has ended; std::invalid_argument if
  /// there is no factory
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<std::shared_ptr<Protocol>>
  connect(std::shared_ptr<Factory> factory) const {
    return implementation_->connect(std::move(factory));
  }

  /// As an endpoint string: `tcp:example.org:10000`.
  std::string toString() const { return implementation_->toString(); }

 private:
  std::shared_ptr<const Implementation> implementation_;
};

/// Somewhere to listen, as a value. (Twisted's `IStreamServerEndpoint`.)
class ServerEndpoint {
 public:
  class Implementation {
   public:
    virtual ~Implementation();
    virtual Deferred<std::shared_ptr<Port>> listen(std::shared_ptr<Factory> factory) const = 0;
    virtual std::string toString() const = 0;
  };

  explicit ServerEndpoint(std::shared_ptr<const Implementation> implementation)
      : implementation_(std::move(implementation)) {}

  /// Listens; each connection gets a protocol from `factory`. Fires with the Port, which listens
  /// until it is told to stop; fails with CannotListenError, or with what the factory's
  /// `startFactory` threw. For TCP it has fired when it returns.
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<std::shared_ptr<Port>>
  listen(std::shared_ptr<Factory> factory) const {
    return implementation_->listen(std::move(factory));
  }

  /// As an endpoint string: `tcp:10000:interface=127.0.0.1`.
  std::string toString() const { return implementation_->toString(); }

 private:
  std::shared_ptr<const Implementation> implementation_;
};

/// A host by name, or by its IPv4 or IPv6 number. The name is looked up for each connection, and
/// its addresses are tried one after the other until one answers; `ConnectOptions::timeout` (30 s)
/// covers all of it. (Twisted's `HostnameEndpoint`.)
class HostnameEndpoint : public ClientEndpoint {
 public:
  HostnameEndpoint(Reactor& reactor, std::string host, std::uint16_t port,
                   const ConnectOptions& options = {});
};

/// A numeric IPv4 host. @throws BadAddressError if it is none
class TCP4ClientEndpoint : public ClientEndpoint {
 public:
  TCP4ClientEndpoint(Reactor& reactor, const std::string& host, std::uint16_t port,
                     const ConnectOptions& options = {});
};

/// A numeric IPv6 host, without brackets. @throws BadAddressError if it is none
class TCP6ClientEndpoint : public ClientEndpoint {
 public:
  TCP6ClientEndpoint(Reactor& reactor, const std::string& host, std::uint16_t port,
                     const ConnectOptions& options = {});
};

/// A TCP port on one IPv4 address of this machine, or on all. @throws BadAddressError
class TCP4ServerEndpoint : public ServerEndpoint {
 public:
  TCP4ServerEndpoint(Reactor& reactor, std::uint16_t port, int backlog = defaultBacklog,
                     const std::string& interface = "0.0.0.0");
};

/// A TCP port on one IPv6 address of this machine, or on all. @throws BadAddressError
class TCP6ServerEndpoint : public ServerEndpoint {
 public:
  TCP6ServerEndpoint(Reactor& reactor, std::uint16_t port, int backlog = defaultBacklog,
                     const std::string& interface = "::");
};

/// A UNIX address: a path, or a byte 0 and an abstract name. `checkPID`: see `connectUNIX`.
/// @throws BadAddressError if it is too long
class UNIXClientEndpoint : public ClientEndpoint {
 public:
  UNIXClientEndpoint(Reactor& reactor, const std::string& path,
                     std::chrono::nanoseconds timeout = std::chrono::seconds(30),
                     bool checkPID = false);
};

/// A UNIX address to listen at; the arguments are those of `listenUNIX`. @throws BadAddressError
class UNIXServerEndpoint : public ServerEndpoint {
 public:
  UNIXServerEndpoint(Reactor& reactor, const std::string& address, int backlog = defaultBacklog,
                     unsigned mode = 0666, bool wantPID = false);
};

/// The endpoint that a text describes (its grammar: endpoint_parser.h; Twisted's
/// `clientFromString`):
///
///     tcp:HOST:PORT[:timeout=SECONDS][:bindAddress=ADDRESS]
///     unix:PATH[:timeout=SECONDS][:lockfile=0|1]
///
/// HOST is a name or a number; all may be given by name, as in `tcp:host=127.0.0.1:port=10000`.
/// A PATH that begins with @ is an abstract name. `lockfile=1` demands a living server's lock.
///
/// @throws BadEndpointError saying what is wrong and at which byte
ClientEndpoint clientFromString(Reactor& reactor, std::string_view description);

/// The same for servers (Twisted's `serverFromString`):
///
///     tcp:PORT[:interface=ADDRESS][:backlog=NUMBER][:reusePort=0|1]
///     tcp6:PORT[:interface=ADDRESS][:backlog=NUMBER][:reusePort=0|1]
///     unix:ADDRESS[:mode=OCTAL][:backlog=NUMBER][:lockfile=0|1]
///     stdio:
///
/// PORT 0 takes a free one. Without `interface` it listens on all of IPv4, with `tcp6` on all of
/// IPv6. A UNIX server holds a lock file, and has the permissions 666, unless told otherwise, as in
/// Twisted.
///
/// @throws BadEndpointError
ServerEndpoint serverFromString(Reactor& reactor, std::string_view description);

/// Connects a protocol that exists already, for a single conversation. (Twisted's
/// `connectProtocol`.) Fires with it once it is connected; fails and is cancelled as
/// `ClientEndpoint::connect` is.
template <std::derived_from<Protocol> P>
[[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<std::shared_ptr<P>>
connectProtocol(const ClientEndpoint& endpoint, std::shared_ptr<P> protocol) {
  return endpoint.connect(factoryFrom([protocol](const Address&) { return protocol; }))
      .addCallback([protocol](const std::shared_ptr<Protocol>&) { return protocol; });
}

}  // namespace hawser
