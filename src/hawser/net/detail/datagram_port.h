#pragma once

#include <hawser/base/delayed_call.h>
#include <hawser/base/logging.h>
#include <hawser/defer/deferred.h>
#include <hawser/net/datagram_protocol.h>
#include <hawser/net/datagram_transport.h>
#include <hawser/net/detail/unix_socket_file.h>
#include <hawser/net/udp.h>
#include <hawser/reactor/after_turn.h>
#include <hawser/reactor/channel.h>
#include <hawser/reactor/operations.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace hawser::detail {

/// The DatagramTransport of a channel that carries datagrams.
///
/// It holds itself, and its protocol, from `open` until `stopProtocol` has returned.
class DatagramPort final : public DatagramTransport,
                           private DatagramHandler,
                           private Disconnectable {
 public:
  /// What may wait for room in the kernel.
  static constexpr std::size_t queueLimit = 256 * 1024;

  /// @throws CannotListenError, std::logic_error, and what `startProtocol` throws
  static std::shared_ptr<DatagramPort> open(Reactor& reactor, const Address& address,
                                            std::shared_ptr<DatagramProtocol> protocol,
                                            const DatagramOptions& options);

  /// The same on a UNIX address, which may be no name, and connected to `peer` unless that is none.
  /// @throws DatagramError if it cannot be connected
  static std::shared_ptr<DatagramPort> openUnix(Reactor& reactor, const Address& address,
                                                const Address& peer,
                                                std::shared_ptr<DatagramProtocol> protocol,
                                                std::size_t maxPacketSize, unsigned mode);

  /// For those only: public for make_shared.
  DatagramPort(Reactor& reactor, ChannelPtr channel, const Address& host,
               std::shared_ptr<DatagramProtocol> protocol, std::size_t maxPacketSize,
               std::unique_ptr<UnixSocketFile> file);
  ~DatagramPort() override;

  void write(std::string_view datagram, const Address& to) override;
  void write(std::string_view datagram) override;
  using DatagramTransport::connect;
  void connect(const Address& peer) override;
  Address getHost() const override { return host_; }
  Address getPeer() const override { return peer_; }
  Deferred<void> stopListening() override;
  bool listening() const noexcept override { return channel_ != nullptr; }
  std::size_t queuedBytes() const noexcept override { return queuedBytes_; }
  Reactor& reactor() const override { return reactor_; }

  void setBroadcastAllowed(bool allowed) override;
  bool getBroadcastAllowed() const override;
  Deferred<void> joinGroup(const std::string& group, const std::string& interface) override;
  Deferred<void> leaveGroup(const std::string& group, const std::string& interface) override;
  Deferred<void> setOutgoingInterface(const std::string& interface) override;
  std::string getOutgoingInterface() const override;
  void setLoopbackMode(bool on) override;
  bool getLoopbackMode() const override;
  void setTTL(int networks) override;
  int getTTL() const override;

 private:
  /// Joins it with its protocol, and begins to receive.
  static void start(const std::shared_ptr<DatagramPort>& port);

  struct Waiting {
    std::string bytes;
    Address to;  // none: to the peer
  };
  static constexpr std::size_t eachCounts = 64;

  void datagramReceived(std::span<const std::byte> bytes, const NativeAddress& from,
                        bool truncated) override;
  void datagramFailed(std::error_code error) override;
  void datagramsEnded(std::error_code error) override;
  void afterTurn() override;
  void disconnect() override;

  /// Hands it to the kernel. An error of an earlier datagram, which the kernel may report now, is
  /// dealt with.
  std::error_code send(std::string_view datagram, const Address& to);
  /// Is this the answer of the peer that this port is connected to?
  bool saysNobodyListens(std::error_code error) const noexcept;
  void writeTo(std::string_view datagram, const Address& to);
  void sendLater() noexcept;
  void sendWaiting();
  void receiveLater() noexcept;
  void complain(logging::Level level, const char* what, std::error_code error) const noexcept;
  void close();
  void stop();
  template <class Event>
  void notify(const char* name, const DatagramProtocol& protocol, Event event);

  Reactor& reactor_;
  ChannelPtr channel_;                          // null once it is closed
  std::unique_ptr<UnixSocketFile> file_;        // of a UNIX socket with a name, while it is open
  std::shared_ptr<DatagramProtocol> protocol_;  // null once it was told
  std::shared_ptr<DatagramPort> self_;          // the same
  std::deque<Waiting> waiting_;
  std::size_t queuedBytes_ = 0;
  DelayedCall retry_;
  DelayedCall receiveAgain_;
  std::vector<Resolver<void>> stopped_;
  Address host_;
  Address peer_;
  std::string outgoingInterface_;
  std::size_t maxPacketSize_;
  int complainedOf_ = 0;      // the last error that was logged, since something was received
  bool refused_ = false;      // to be told in `afterTurn`
  bool receiveNext_ = false;  // to be tried again in `afterTurn`
};

}  // namespace hawser::detail
