#pragma once

#include <hawser/base/delayed_call.h>
#include <hawser/defer/cancel_handle.h>
#include <hawser/net/connector.h>
#include <hawser/net/detail/dial.h>
#include <hawser/net/detail/stream_connection.h>
#include <hawser/net/factory.h>

#include <memory>
#include <string>

namespace hawser::detail {

/// The Connector of `connectTCP` and `connectUNIX`. While it is connecting, the Deferred of that
/// holds it; while it is connected, the connection does.
class StreamConnector final : public Connector,
                              public ConnectionObserver,
                              public std::enable_shared_from_this<StreamConnector> {
 public:
  StreamConnector(Reactor& reactor, Dialler dialler, std::shared_ptr<ClientFactory> factory);
  ~StreamConnector() override;

  void connect() override;
  void stopConnecting() override;
  void disconnect() override;
  State state() const noexcept override { return state_; }
  std::string getDestination() const override { return dialler_.destination; }

 private:
  void begin();
  void dialled(Dialled connection);
  void failed(const Failure& reason);
  void connectionEnded(const Failure& reason) override;
  template <class Event>
  void tellFactory(const char* name, Event event);
  void stopUnlessConnecting();

  Reactor& reactor_;
  Dialler dialler_;
  std::shared_ptr<ClientFactory> factory_;
  DelayedCall start_;                 // state connecting, dialling has not begun
  CancelHandle attempt_;              // state connecting, dialling
  std::weak_ptr<Protocol> protocol_;  // state connected
  State state_ = State::disconnected;
  bool factoryStarted_ = false;
};

}  // namespace hawser::detail
