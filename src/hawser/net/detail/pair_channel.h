#pragma once

#include <hawser/net/detail/standard_descriptor.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/channel.h>

#include <cstddef>
#include <memory>

namespace hawser::detail {

/// Two channels as one: what is received comes from the first, what is sent goes to the second.
class PairChannel final : public Channel {
 public:
  /// On descriptors of this program.
  /// @throws std::system_error
  static ChannelPtr of(Backend& backend, int input, int output);
  /// Closes it, but not the program's descriptors: what was to use it could not begin.
  static void undo(ChannelPtr pair) noexcept;

  void receive(ReceiveHandler& handler) override { in_->receive(handler); }
  void pauseReceiving() noexcept override { in_->pauseReceiving(); }
  void resumeReceiving() override { in_->resumeReceiving(); }
  void cancelReceive() noexcept override { in_->cancelReceive(); }
  /// Nobody has sent that to this program alone, so it is no reason to wait for more.
  std::size_t unread() const noexcept override { return 0; }
  bool send(SendQueue& data, SendHandler& handler) override { return out_->send(data, handler); }
  void cancelSend() noexcept override;
  std::size_t unsent() const noexcept override { return out_ ? out_->unsent() : 0; }
  std::error_code shutdownSend() noexcept override;

  // It is connected, and no socket.
  void accept(AcceptHandler&) override { refuse(); }
  void pauseAccepting() noexcept override {}
  void resumeAccepting() override {}
  void cancelAccept() noexcept override {}
  void connect(const NativeAddress&, ConnectHandler&) override { refuse(); }
  void cancelConnect() noexcept override {}
  std::error_code bind(const NativeAddress&) noexcept override { return unsupported(); }
  std::error_code listen(int) noexcept override { return unsupported(); }
  std::error_code setOption(int, int, std::span<const std::byte>) noexcept override {
    return unsupported();
  }
  std::error_code getOption(int, int, std::span<std::byte>,
                            std::size_t& size) const noexcept override {
    size = 0;
    return unsupported();
  }
  NativeAddress localAddress() const noexcept override { return {}; }
  NativeAddress peerAddress() const noexcept override { return {}; }
  int descriptor() const noexcept override { return in_->descriptor(); }

 private:
  PairChannel(Backend& backend, int input, int output);

  void close() noexcept override { delete this; }
  [[noreturn]] static void refuse();
  static std::error_code unsupported() noexcept;

  // The channels are closed first.
  std::unique_ptr<StandardDescriptor> input_;
  std::unique_ptr<StandardDescriptor> output_;
  ChannelPtr in_;
  ChannelPtr out_;  // null after `shutdownSend`
};

}  // namespace hawser::detail
