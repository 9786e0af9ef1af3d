#pragma once

#include <hawser/base/pool.h>
#include <hawser/net/address.h>
#include <hawser/net/protocol.h>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace hawser {

class Connector;

/// Makes the protocol of each connection, and keeps what they have in common. (Twisted's
/// `protocol.Factory`.)
///
/// Factories live in shared_ptrs: a port or connector holds its factory, and so does every live
/// connection. A protocol may hold its factory too, since a factory does not hold its protocols.
class Factory {
 public:
  virtual ~Factory();

  /// A connection with `peer` was made: the protocol that is to serve it, or null to close it. If
  /// this throws, the exception is logged and the connection closed.
  virtual std::shared_ptr<Protocol> buildProtocol(const Address& peer) = 0;

  /// A port or connector begins, or ends, to use this factory; the first one's begin calls
  /// `startFactory`, the last one's end `stopFactory`. For those who write ports.
  void doStart();
  void doStop();

  /// A factory whose every protocol is a P made from these arguments.
  template <class P, class... Arguments>
  static std::shared_ptr<Factory> forProtocol(Arguments... arguments);

 protected:
  Factory() = default;
  Factory(const Factory&) = delete;
  Factory& operator=(const Factory&) = delete;

  virtual void startFactory() {}
  virtual void stopFactory() {}

 private:
  std::size_t users_ = 0;
};

/// A factory for listening; it says so, and adds nothing.
class ServerFactory : public Factory {};

/// A factory for `connectTCP` that wants to know how its connector fares: for programs that
/// connect again when they lose a connection. Otherwise a Deferred is easier (`ClientEndpoint`).
class ClientFactory : public Factory {
 public:
  virtual void startedConnecting(Connector& connector);
  /// No connection was made. Calling `connector.connect()` here tries again.
  virtual void clientConnectionFailed(Connector& connector, const Failure& reason);
  /// The connection is over; its protocol's `connectionLost` has returned. Calling
  /// `connector.connect()` here connects again.
  virtual void clientConnectionLost(Connector& connector, const Failure& reason);
};

/// A factory that calls `build(const Address& peer)` for each protocol.
template <class F>
  requires(std::is_invocable_r_v<std::shared_ptr<Protocol>, F&, const Address&>)
std::shared_ptr<Factory> factoryFrom(F build) {
  class Calling final : public Factory {
   public:
    explicit Calling(F build) : build_(std::move(build)) {}
    std::shared_ptr<Protocol> buildProtocol(const Address& peer) override { return build_(peer); }

   private:
    F build_;
  };
  return std::make_shared<Calling>(std::move(build));
}

template <class P, class... Arguments>
std::shared_ptr<Factory> Factory::forProtocol(Arguments... arguments) {
  constexpr bool fits = std::is_constructible_v<P, const Arguments&...>;
  static_assert(!std::is_abstract_v<P>,
                "forProtocol: the protocol lacks an override, such as that of dataReceived");
  static_assert(
      fits || std::is_abstract_v<P>,
      "forProtocol: the protocol cannot be made from const references to these arguments");
  if constexpr (fits) {
    return factoryFrom([... arguments = std::move(arguments)](const Address&) {
      return std::allocate_shared<P>(detail::PoolAllocator<P>(), arguments...);
    });
  } else {
    return nullptr;
  }
}

}  // namespace hawser
