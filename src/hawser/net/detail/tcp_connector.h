#pragma once

#include <hawser/base/delayed_call.h>
#include <hawser/defer/cancel_handle.h>
#include <hawser/net/connector.h>
#include <hawser/net/detail/dial.h>
#include <hawser/net/detail/tcp_connection.h>
#include <hawser/net/factory.h>
#include <hawser/net/tcp.h>

#include <cstdint>
#include <memory>
#include <string>

namespace hawser::detail {

/// The Connector of `connectTCP`. While it is connecting, the Deferred of that holds it; while it
/// is connected, the connection does.
class TcpConnector final : public Connector,
                           public ConnectionObserver,
                           public std::enable_shared_from_this<TcpConnector> {
 public:
  TcpConnector(Reactor& reactor, std::string host, std::uint16_t port,
               std::shared_ptr<ClientFactory> factory, const ConnectOptions& options);
  ~TcpConnector() override;

  void connect() override;
  void stopConnecting() override;
  void disconnect() override;
  State state() const noexcept override { return state_; }
  std::string getDestination() const override { return destination(host_, port_); }

 private:
  void begin();
  void dialled(Dialled connection);
  void failed(const Failure& reason);
  void connectionEnded(const Failure& reason) override;
  template <class Event>
  void tellFactory(const char* name, Event event);
  void stopUnlessConnecting();

  Reactor& reactor_;
  std::string host_;
  std::shared_ptr<ClientFactory> factory_;
  ConnectOptions options_;
  DelayedCall start_;                 // state connecting, dialling has not begun
  CancelHandle attempt_;              // state connecting, dialling
  std::weak_ptr<Protocol> protocol_;  // state connected
  std::uint16_t port_;
  State state_ = State::disconnected;
  bool factoryStarted_ = false;
};

}  // namespace hawser::detail
