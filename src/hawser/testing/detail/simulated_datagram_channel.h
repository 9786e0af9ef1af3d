#pragma once

#include <hawser/testing/detail/simulated_kernel.h>
#include <hawser/testing/detail/simulated_options.h>
#include <hawser/testing/detail/simulated_socket.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace hawser::testing::simulated {

/// A datagram socket of the simulated network.
///
/// Each datagram finds its way alone: it arrives after a time of its own, perhaps twice, perhaps
/// not at all, and is lost if the receiver's buffer is full or no way is open at that moment. What
/// is sent to a group reaches everyone in the world who has joined it.
class SimulatedDatagramChannel final : public SimulatedSocket {
 public:
  SimulatedDatagramChannel(SimulatedKernel& kernel, Address::Family family);
  ~SimulatedDatagramChannel() override = default;

  void receiveDatagrams(DatagramHandler& handler) override;
  void pauseReceiving() noexcept override { paused_ = true; }
  void resumeReceiving() override;
  void cancelReceive() noexcept override { handler_ = nullptr; }
  std::size_t unread() const noexcept override { return unread_; }
  std::error_code sendDatagram(std::span<const std::byte> bytes,
                               const NativeAddress& to) noexcept override;
  std::error_code setPeer(const NativeAddress& peer) noexcept override;

  std::error_code bind(const NativeAddress& address) noexcept override;
  std::error_code setOption(int level, int name,
                            std::span<const std::byte> value) noexcept override;
  std::error_code getOption(int level, int name, std::span<std::byte> value,
                            std::size_t& size) const noexcept override;
  NativeAddress localAddress() const noexcept override;
  NativeAddress peerAddress() const noexcept override;

  // A socket of datagrams has no streams.
  void accept(AcceptHandler&) override { refuseStreams(); }
  void pauseAccepting() noexcept override {}
  void resumeAccepting() override {}
  void cancelAccept() noexcept override {}
  void connect(const NativeAddress&, ConnectHandler&) override { refuseStreams(); }
  void cancelConnect() noexcept override {}
  void receive(ReceiveHandler&) override { refuseStreams(); }
  bool send(SendQueue&, SendHandler&) override { refuseStreams(); }
  void cancelSend() noexcept override {}
  std::size_t unsent() const noexcept override { return 0; }
  std::error_code shutdownSend() noexcept override;
  std::error_code listen(int backlog) noexcept override;

  void work() override;
  void detach() noexcept override;
  std::string describe() const override;

  // For the kernel.

  /// Is it open for what is sent to `to`?
  bool hears(const Address& to) const noexcept;
  void arrive(std::string bytes, const Address& from);
  /// May others have the same address?
  bool shares() const noexcept;

 private:
  struct Letter {
    std::string bytes;
    Address from;
    int error = 0;  // else: what became of an earlier one
  };

  void close() noexcept override;
  [[noreturn]] static void refuseStreams();
  void notify();
  void post(std::string bytes, const Address& from, const Address& to);
  /// From here to there, if it is not lost on the way.
  void travel(std::string bytes, const Address& from, const Address& to, const Address& receiver);
  void put(Letter letter);
  void note(NetworkEvent::Kind kind, const Address& peer, std::size_t bytes = 0, int error = 0);

  SimulatedKernel* kernel_;             // null: closed, or the backend is gone
  DatagramHandler* handler_ = nullptr;  // while receiving
  std::deque<Letter> inbox_;
  std::size_t unread_ = 0;
  std::size_t capacity_;
  std::vector<Address> groups_;
  SimulatedOptions options_;
  std::shared_ptr<SimulatedDatagramChannel*> alive_;  // null inside once it is closed
  Address::Family family_;
  bool paused_ = false;
};

}  // namespace hawser::testing::simulated
