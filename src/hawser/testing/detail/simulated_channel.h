#pragma once

#include <hawser/reactor/channel.h>
#include <hawser/testing/detail/simulated_connection.h>
#include <hawser/testing/detail/simulated_kernel.h>
#include <hawser/testing/detail/simulated_options.h>
#include <hawser/testing/detail/simulated_socket.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace hawser::testing::simulated {

/// The operations of a channel, done on a simulated connection.
class SimulatedChannel final : public SimulatedSocket {
 public:
  SimulatedChannel(SimulatedKernel& kernel, Address::Family family);
  /// The accepting end of a connection.
  SimulatedChannel(SimulatedKernel& kernel, std::shared_ptr<SimulatedConnection> connection);
  ~SimulatedChannel() override = default;

  void accept(AcceptHandler& handler) override;
  void pauseAccepting() noexcept override { paused_ = true; }
  void resumeAccepting() override { resume(); }
  void cancelAccept() noexcept override { cancelIncoming(Incoming::accept); }

  void connect(const NativeAddress& address, ConnectHandler& handler) override;
  void cancelConnect() noexcept override;

  void receive(ReceiveHandler& handler) override;
  void pauseReceiving() noexcept override { paused_ = true; }
  void resumeReceiving() override { resume(); }
  void cancelReceive() noexcept override { cancelIncoming(Incoming::receive); }
  std::size_t unread() const noexcept override;

  bool send(SendQueue& data, SendHandler& handler) override;
  void cancelSend() noexcept override;
  std::size_t unsent() const noexcept override { return sending_.size(); }
  std::error_code shutdownSend() noexcept override;

  std::error_code bind(const NativeAddress& address) noexcept override;
  std::error_code listen(int backlog) noexcept override;
  std::error_code setOption(int level, int name,
                            std::span<const std::byte> value) noexcept override;
  std::error_code getOption(int level, int name, std::span<std::byte> value,
                            std::size_t& size) const noexcept override;
  NativeAddress localAddress() const noexcept override;
  NativeAddress peerAddress() const noexcept override;

  // For the kernel and the connection.

  /// Something has changed for this channel.
  void notify();
  void work() override;
  /// A connection for a listening channel.
  void queue(std::shared_ptr<SimulatedConnection> connection);
  bool queueFull() const noexcept { return waiting_.size() >= backlog_; }
  void detach() noexcept override;
  std::string describe() const override;

 private:
  using End = SimulatedConnection::End;
  enum class Incoming : std::uint8_t { none, accept, receive };
  enum class Outgoing : std::uint8_t { none, connect, send };

  void close() noexcept override;
  bool begin(Incoming operation);
  bool begin(Outgoing operation);
  void resume();
  void cancelIncoming(Incoming operation) noexcept;
  void dropConnections();

  bool canConnect() const noexcept;
  bool canReceive() const noexcept;
  bool canAccept() const noexcept;
  bool canSend() const noexcept;
  int sendError() const noexcept;
  void finishConnect();
  void receiveSome();
  void endReceive(int error);
  void acceptSome();
  void acceptOne(std::shared_ptr<SimulatedConnection> connection);
  void failAccept(int error);
  void sendMore();
  std::size_t transmit(SendQueue& data);
  void note(NetworkEvent::Kind kind, std::size_t bytes = 0, int error = 0);

  SimulatedKernel* kernel_;  // null: closed, or the backend is gone
  std::shared_ptr<SimulatedConnection> connection_;
  End end_ = SimulatedConnection::caller;
  union {
    AcceptHandler* accepter_ = nullptr;  // while incoming_ is accept
    ReceiveHandler* receiver_;           // while incoming_ is receive
  };
  union {
    ConnectHandler* connecter_ = nullptr;  // while outgoing_ is connect
    SendHandler* sender_;                  // while outgoing_ is send
  };
  SendQueue sending_;  // not empty exactly while outgoing_ is send
  std::deque<std::shared_ptr<SimulatedConnection>> waiting_;  // to be accepted
  SimulatedOptions options_;
  std::size_t backlog_ = 0;
  int connectError_ = 0;
  Address::Family family_;
  Incoming incoming_ = Incoming::none;
  Outgoing outgoing_ = Outgoing::none;
  bool listening_ = false;
  bool paused_ = false;
};

}  // namespace hawser::testing::simulated
