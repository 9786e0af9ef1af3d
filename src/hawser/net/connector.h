#pragma once

#include <string>

namespace hawser {

/// One client connection and the will to make it: what a ClientFactory is told about, and how it
/// connects again. (Twisted's `IConnector`.)
///
/// It holds its factory. It lives as long as it is connecting or connected, and longer if somebody
/// keeps the shared_ptr that `connectTCP` returned.
class Connector {
 public:
  enum class State {
    disconnected,  ///< no connection, and none being made; `connect` leads on
    connecting,    ///< looking up the name, or waiting for the peer
    connected      ///< until the protocol's `connectionLost` has returned
  };

  virtual ~Connector();

  /// Begins to connect. The factory hears of the outcome: `buildProtocol` or
  /// `clientConnectionFailed`, later.
  /// @throws std::logic_error unless disconnected
  virtual void connect() = 0;
  /// Gives up connecting: `clientConnectionFailed` with ConnectingCancelledError, from inside this
  /// call.
  /// @throws NotConnectingError unless connecting
  virtual void stopConnecting() = 0;
  /// Whatever it takes to have no connection: `stopConnecting`, the transport's `loseConnection`,
  /// or nothing.
  virtual void disconnect() = 0;

  virtual State state() const noexcept = 0;
  /// What it connects to, as in `tcp:example.org:80`.
  virtual std::string getDestination() const = 0;

 protected:
  Connector() = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
};

}  // namespace hawser
