#pragma once

#include <hawser/base/delayed_call.h>
#include <hawser/base/failure.h>
#include <hawser/net/detail/outgoing.h>
#include <hawser/net/transport.h>
#include <hawser/reactor/after_turn.h>
#include <hawser/reactor/channel.h>
#include <hawser/reactor/operations.h>
#include <hawser/reactor/send_queue.h>

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace hawser {

class Protocol;

namespace detail {

/// Is told that a connection it made is over, after the protocol was told.
class ConnectionObserver {
 public:
  virtual void connectionEnded(const Failure& reason) = 0;

 protected:
  ~ConnectionObserver() = default;
};

/// The Transport of a connected stream channel.
///
/// While the connection lives, this and its protocol hold each other; `finish` cuts that circle, so
/// afterwards the protocol holds this.
///
/// What is written collects in `queue_` until the end of the turn and goes to the channel in one
/// send; while that send is not complete the next ones collect. All that calls the protocol starts
/// in the channel's handlers or in `afterTurn`, never in a function that the protocol calls.
class TcpConnection final : public Transport,
                            private ReceiveHandler,
                            private SendHandler,
                            private AfterTurn,
                            private Disconnectable {
 public:
  /// Joins a connected channel to its protocol, calls `connectionMade` and starts receiving.
  /// If memory runs out before that, `channel` is still the caller's.
  /// @param host may be none: then the channel is asked when somebody wants to know
  /// @param maker lives until the connection is over
  static void start(Reactor& reactor, ChannelPtr&& channel, const Address& host,
                    const Address& peer, std::shared_ptr<Protocol> protocol,
                    std::shared_ptr<ConnectionObserver> maker);

  /// For `start` only: public for make_shared.
  TcpConnection(Reactor& reactor, ChannelPtr channel, const Address& host, const Address& peer,
                std::shared_ptr<Protocol> protocol, std::shared_ptr<ConnectionObserver> maker);
  ~TcpConnection() override;

  using Transport::write;
  void write(std::string_view bytes) override;
  void sendFileDescriptor(int descriptor) override;
  using Transport::sendFile;
  Deferred<std::uint64_t> sendFile(FileDescriptor file, std::uint64_t offset,
                                   std::optional<std::uint64_t> count) override;
  void loseConnection() override;
  void abortConnection() override;
  void loseWriteConnection() override;
  Address getPeer() const override { return peer_; }
  Address getHost() const override;
  bool connected() const noexcept override { return channel_ != nullptr; }
  bool disconnecting() const noexcept override { return is_.disconnecting; }
  Reactor& reactor() const override { return reactor_; }
  void setTcpNoDelay(bool on) override;
  bool getTcpNoDelay() const override;
  void setTcpKeepAlive(bool on) override;
  bool getTcpKeepAlive() const override;
  void setSocketOption(const SocketOptionName& option, const SocketOptionValue& value) override;
  std::optional<SocketOptionValue> getSocketOption(const SocketOptionName& option) const override;
  void setWriteLimits(WriteLimits limits) override;
  std::size_t queuedBytes() const noexcept override;
  void registerProducer(std::shared_ptr<Producer> producer, bool streaming) override;
  void unregisterProducer() override;
  void pauseProducing() override;
  void resumeProducing() override;

 private:
  /// What few connections need.
  struct Extras {
    WriteLimits limits;
    std::shared_ptr<Producer> producer;
    DelayedCall lingerTimer;
    std::unique_ptr<Outgoing> outgoing;  // once there was something else than bytes
    bool streaming = false;
    bool paused = false;
  };

  /// What keeps bytes from being queued, and sent at the end of the turn, without more ado. Nearly
  /// always there is nothing of the kind, and one comparison tells.
  struct Hindrances {
    bool sending = false;        // the channel has not completed the last send
    bool writeEnding = false;    // loseWriteConnection was called
    bool disconnecting = false;  // loseConnection or abort was called, or it is closed
    bool special = false;        // there are extras, or it was aborted
  };
  bool free() const noexcept { return std::bit_cast<std::uint32_t>(is_) == 0; }

  void received(std::span<const std::byte> bytes) override;
  void descriptorsReceived(std::vector<FileDescriptor> descriptors) override;
  void receiveEnded(std::error_code error) override;
  void sent(std::size_t bytes, std::size_t left) override;
  void sendFailed(std::error_code error) override;
  void afterTurn() override;
  void disconnect() override;

  bool writable() const noexcept;
  void writeWith(std::string_view bytes);
  void writeBulk(std::string_view bytes);
  void flush();
  void flushWith();
  void checkLimits();
  void startReceiving();
  /// Sends what comes before `queue_`. False if that is not done yet.
  bool flushOutgoing();
  Outgoing& outgoing();
  void cancelFile(FileSending& sending);
  std::string where() const;
  /// Is this the program's own input and output?
  bool isStandardIO() const noexcept { return peer_.family() == Address::Family::none; }
  void drained();
  bool peerStillSends() const noexcept;
  void lingerForPeer();
  void abort(Failure reason);
  void fail(std::error_code error);
  void resetOnClose() noexcept;
  void closeChannel() noexcept;
  void finish(const Failure& reason);
  Failure doneFailure() const noexcept;
  Extras& extras();
  bool option(int level, int name) const;
  template <class Object, class Event>
  void notify(const char* name, const Object& object, Event event);
  void eventThrew(const char* name);

  Reactor& reactor_;
  ChannelPtr channel_;  // null once the connection is closed
  std::shared_ptr<Protocol> protocol_;
  std::shared_ptr<ConnectionObserver> maker_;
  SendQueue queue_;
  std::unique_ptr<Extras> extras_;
  Failure lost_ = Failure::none();  // aborted: what `afterTurn` is to tell the protocol
  Address peer_;
  mutable Address host_;
  Hindrances is_;
  bool receiving_ = false;   // the channel was asked to
  bool readPaused_ = false;  // the protocol asked for it
  bool readEnded_ = false;   // the peer has finished sending
  bool writeEnded_ = false;  // what loseWriteConnection asked for is done
  bool discarded_ = false;   // something arrived after loseConnection
  bool complained_ = false;  // of descriptors that the protocol does not take
  bool lingering_ = false;   // all is sent, the peer may still finish
};

}  // namespace detail
}  // namespace hawser
