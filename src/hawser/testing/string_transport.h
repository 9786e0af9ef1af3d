#pragma once

#include <hawser/net/address.h>
#include <hawser/net/protocol.h>
#include <hawser/net/transport.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hawser::testing {

/// A transport made of strings, to test a protocol without sockets and without a reactor.
/// (Twisted's `StringTransport`.)
///
///     testing::StringTransport transport;
///     auto protocol = std::make_shared<Echo>();
///     protocol->makeConnection(transport);
///     protocol->dataReceived("hello");
///     EXPECT_EQ(transport.value(), "hello");
///
/// It records what the protocol asks for and does nothing by itself: the test plays the peer and
/// the reactor. After `loseConnection` the test calls `connectionLost` on the protocol, if it
/// wants that event; `StringTransportWithDisconnection` does so at once. Put it on the stack before
/// the protocol, or into a shared_ptr.
class StringTransport : public Transport, public std::enable_shared_from_this<StringTransport> {
 public:
  using Transport::shared_from_this;
  using Transport::weak_from_this;

  enum class ProducerState { producing, paused, stopped };

  explicit StringTransport(Address host = defaultHost(), Address peer = defaultPeer());
  ~StringTransport() override;

  /// All that was written since the last `clear()`.
  const std::string& value() const noexcept { return written_; }
  void clear() noexcept { written_.clear(); }
  /// `value()`, then `clear()`.
  std::string take();

  /// Whether the protocol still reads.
  ProducerState producerState() const noexcept { return producerState_; }
  bool aborted() const noexcept { return aborted_; }
  /// Whether `loseWriteConnection` was called.
  bool writeDisconnected() const noexcept { return writeDisconnected_; }
  /// What the protocol registered, or null.
  Producer* producer() const noexcept { return producer_.get(); }
  bool streaming() const noexcept { return streaming_; }
  const WriteLimits& writeLimits() const noexcept { return limits_; }

  /// What `reactor()` gives.
  void setReactor(Reactor& reactor) noexcept { reactor_ = &reactor; }

  using Transport::write;
  void write(std::string_view bytes) override;
  void loseConnection() override;
  void abortConnection() override;
  void loseWriteConnection() override;
  Address getPeer() const override { return peer_; }
  Address getHost() const override { return host_; }
  /// True until `abortConnection`: nobody closes the connection after `loseConnection` but the
  /// test.
  bool connected() const noexcept override { return !aborted_; }
  bool disconnecting() const noexcept override { return disconnecting_; }
  /// @throws std::logic_error unless `setReactor` was called
  Reactor& reactor() const override;
  void setTcpNoDelay(bool on) override { noDelay_ = on; }
  bool getTcpNoDelay() const override { return noDelay_; }
  void setTcpKeepAlive(bool on) override { keepAlive_ = on; }
  bool getTcpKeepAlive() const override { return keepAlive_; }
  void setSocketOption(const SocketOptionName& option, const SocketOptionValue& value) override;
  /// What was set; 0 if nothing was.
  std::optional<SocketOptionValue> getSocketOption(const SocketOptionName& option) const override;
  void setWriteLimits(WriteLimits limits) override { limits_ = limits; }
  std::size_t queuedBytes() const noexcept override { return 0; }
  void registerProducer(std::shared_ptr<Producer> producer, bool streaming) override;
  void unregisterProducer() override;
  /// @throws std::logic_error after `stopProducing`, as in Twisted
  void pauseProducing() override;
  /// @throws std::logic_error after `loseConnection` or `stopProducing`, as in Twisted
  void resumeProducing() override;
  void stopProducing() override;

  static Address defaultHost();  ///< tcp:10.0.0.1:12345
  static Address defaultPeer();  ///< tcp:192.168.1.1:54321

 private:
  bool hold() noexcept override;
  void letGo() noexcept override;
  std::weak_ptr<Transport> weakSelf() override {
    return std::enable_shared_from_this<StringTransport>::weak_from_this();
  }

  std::shared_ptr<StringTransport> self_;  // while protocols hold it, if it lives in a shared_ptr
  std::size_t holders_ = 0;
  std::string written_;
  std::shared_ptr<Producer> producer_;
  std::map<std::pair<int, int>, SocketOptionValue> options_;  // by level and name
  WriteLimits limits_;
  Reactor* reactor_ = nullptr;
  Address host_;
  Address peer_;
  ProducerState producerState_ = ProducerState::producing;
  bool streaming_ = false;
  bool disconnecting_ = false;
  bool aborted_ = false;
  bool writeDisconnected_ = false;
  bool noDelay_ = true;
  bool keepAlive_ = false;
};

/// A StringTransport that tells its protocol at once that the connection is over, when it is asked
/// to lose or abort it. (Twisted's `StringTransportWithDisconnection`.)
class StringTransportWithDisconnection : public StringTransport {
 public:
  using StringTransport::StringTransport;
  ~StringTransportWithDisconnection() override;

  /// Whom to tell; call it before `makeConnection`.
  void setProtocol(std::shared_ptr<Protocol> protocol) { protocol_ = std::move(protocol); }

  void loseConnection() override;
  void abortConnection() override;
  bool connected() const noexcept override { return connected_; }

 private:
  void disconnect(const Failure& reason);

  std::shared_ptr<Protocol> protocol_;
  bool connected_ = true;
};

}  // namespace hawser::testing
