#pragma once

#include <hawser/base/delayed_call.h>
#include <hawser/base/failure.h>
#include <hawser/base/pool.h>
#include <hawser/defer/detail/handler_scope.h>
#include <hawser/net/detail/connection_observer.h>
#include <hawser/net/detail/outgoing.h>
#include <hawser/net/detail/stored_address.h>
#include <hawser/net/transport.h>
#include <hawser/reactor/after_turn.h>
#include <hawser/reactor/channel.h>
#include <hawser/reactor/detail/handler_mark.h>
#include <hawser/reactor/detail/turn_buffer.h>
#include <hawser/reactor/operations.h>
#include <hawser/reactor/send_queue.h>

#include <atomic>
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

/// The Transport of a connected stream channel.
///
/// While the connection lives, this and its protocol hold each other; `finish` cuts that circle, so
/// afterwards the protocol holds this. Nobody else mostly does, so who holds it is only counted;
/// `weakSelf` makes what shared_ptrs need, for those who ask.
///
/// What is written collects until the end of the turn, in the turn's buffer as long as it is short
/// and in one piece, else in `queue_`, and goes to the channel in one send; while that send is not
/// complete the next ones collect. All that calls the protocol starts in the channel's handlers or
/// at the end of the turn, never in a function that the protocol calls.
///
/// What an echo touches lies together, from ReceiveHandler on: with a thousand busy connections
/// waiting for memory costs more than anything else that is done here. And it is small, since most
/// connections of a server are silent most of the time: what is needed seldom lies elsewhere.
class StreamConnection final : public Transport, private ReceiveHandler, private Disconnectable {
 public:
  /// Joins a connected channel to its protocol, calls `connectionMade` and starts receiving.
  /// If memory runs out before that, `channel` is still the caller's.
  /// @param maker lives until the connection is over
  static void start(Reactor& reactor, ChannelPtr&& channel, const Address& peer,
                    std::shared_ptr<Protocol> protocol, ObserverPtr maker);
  static void* operator new(std::size_t bytes) { return poolAllocate(bytes); }
  static void operator delete(void* block, std::size_t bytes) noexcept { poolFree(block, bytes); }

  using Transport::write;
  void write(std::string_view bytes) override;
  void sendFileDescriptor(int descriptor) override;
  using Transport::sendFile;
  Deferred<std::uint64_t> sendFile(FileDescriptor file, std::uint64_t offset,
                                   std::optional<std::uint64_t> count) override;
  void loseConnection() override;
  void abortConnection() override;
  void loseWriteConnection() override;
  Address getPeer() const override { return peer_.get(); }
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
  /// Holds a connection while a function works on it that may end it.
  class Held {
   public:
    explicit Held(StreamConnection& connection) noexcept : connection_(connection) {
      connection_.hold();
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { connection_.letGo(); }

   private:
    StreamConnection& connection_;
  };

  struct LetGo {
    void operator()(StreamConnection* connection) const noexcept { connection->letGo(); }
  };

  /// What few connections need.
  struct Extras {
    std::weak_ptr<Transport> shared;   // once somebody has asked for it; it owns the connection
    std::shared_ptr<Transport> owner;  // the same, for the holders that are only counted
    WriteLimits limits;
    std::shared_ptr<Producer> producer;
    DelayedCall lingerTimer;
    Failure lost = Failure::none();      // aborted: what `afterTurn` is to tell the protocol
    std::unique_ptr<Outgoing> outgoing;  // once there was something else than bytes
    bool streaming = false;
    bool paused = false;
    bool lingering = false;  // all is sent, the peer may still finish
  };

  /// What keeps bytes from being queued, and sent at the end of the turn, without more ado. Nearly
  /// always there is nothing of the kind, and one comparison tells.
  struct Standing {
    bool written = false;  // `message_` is in the turn's buffer, in the place of `queue_`
    bool asked = false;    // for `afterTurn`; if neither is true nothing waits for the turn's end
    bool sending = false;  // the channel has not completed the last send
    bool writeEnding = false;    // loseWriteConnection was called
    bool writeEnded = false;     // what it asked for is done
    bool disconnecting = false;  // loseConnection or abort was called, or it is closed
    bool discarded = false;      // something arrived after that
    bool special = false;        // extras matter, it was aborted, or the channel never tries
    friend bool operator==(const Standing& one, const Standing& other) noexcept {
      return std::bit_cast<std::uint64_t>(one) == std::bit_cast<std::uint64_t>(other);
    }
  };
  /// Can what is written be given to the kernel before the turn ends?
  bool unhindered() const noexcept {
    return is_ == Standing{} || is_ == Standing{.written = true} || is_ == Standing{.asked = true};
  }

  StreamConnection(Reactor& reactor, ChannelPtr channel, StoredAddress peer,
                   std::shared_ptr<Protocol> protocol, ObserverPtr maker) noexcept;
  ~StreamConnection() override;
  bool hold() noexcept override;
  void letGo() noexcept override;
  std::weak_ptr<Transport> weakSelf() override;

  void received(std::span<const std::byte> bytes) override;
  void receivedUnwatched(std::string_view bytes) override;
  void receivedThrew() noexcept override { eventThrew("dataReceived"); }
  void descriptorsReceived(std::vector<FileDescriptor> descriptors) override;
  void receiveEnded(std::error_code error) override;
  void sent(std::size_t bytes, std::size_t left) override;
  void sendFailed(std::error_code error) override;
  void afterTurn() override;
  static void sendMessages(TurnMessage* message, const TurnMessage* end);
  static void forgetMessage(void* writer);
  void sendMessageWith(TurnMessage& message, std::size_t taken);
  void disconnect() override;
  Draining draining() const noexcept override {
    return maker_ && maker_->accepts() ? Draining::finishes : Draining::stays;
  }

  const Address* commonHost() const noexcept { return maker_ ? maker_->commonHost() : nullptr; }
  bool writable() const noexcept;
  void writeWith(std::string_view bytes);
  void queueWritten();
  /// What the kernel has not taken of a message. False if there is no memory: it is aborted then.
  bool queueRest(std::string_view rest) noexcept;
  std::string_view written() const noexcept { return {message_->bytes(), message_->size}; }
  /// The message in the turn's buffer is done with.
  void endWritten() noexcept {
    is_.written = false;
    std::construct_at(&queue_);
  }
  /// The same, if there is one and the buffer shall not send it.
  void withdrawWritten() noexcept {
    if (!is_.written) return;
    message_->writer = nullptr;
    endWritten();
  }
  /// How much waits for the end of the turn, or for the channel to have sent what it has.
  std::size_t waitingBytes() const noexcept { return is_.written ? message_->size : queue_.size(); }
  void writeBulk(std::string_view bytes);
  void askForTurnEnd() noexcept;
  void flushWith();
  bool sendQueued();
  void checkLimits();
  void startReceiving();
  /// Sends what comes before `queue_`. False if that is not done yet.
  bool flushOutgoing();
  Outgoing& outgoing();
  void cancelFile(FileSending& sending);
  std::string where() const;
  /// Is this the program's own input and output?
  bool isStandardIO() const noexcept { return peer_.empty(); }
  void drained();
  bool peerStillSends() const noexcept;
  void lingerForPeer();
  void abort(Failure reason);
  void fail(std::error_code error);
  void resetOnClose() noexcept;
  void closeChannel() noexcept;
  void finish(const Failure& reason);
  void endExtras(const Failure& reason);
  Failure lostFailure() const noexcept;
  Failure doneFailure() const noexcept;
  Extras& extras();
  bool option(int level, int name) const;
  template <class Object, class Event>
  void notify(const char* name, const Object& object, Event event);
  void eventThrew(const char* name) noexcept;

  Standing is_;
  union {
    SendQueue queue_;       // while there is a channel, unless
    TurnMessage* message_;  // is_.written
    StoredAddress host_;    // once the connection is closed
  };
  bool receiving_ : 1 = false;              // the channel was asked to
  bool readPaused_ : 1 = false;             // the protocol asked for it
  bool readEnded_ : 1 = false;              // the peer has finished sending
  bool complained_ : 1 = false;             // of descriptors that the protocol does not take
  std::atomic<std::uint32_t> holders_ = 1;  // protocols, the last of which destroys it, and `start`
  Reactor& reactor_;
  ChannelPtr channel_;  // null once the connection is closed
  std::shared_ptr<Protocol> protocol_;
  ObserverPtr maker_;
  std::unique_ptr<Extras> extras_;
  StoredAddress peer_;
};

// Calls the protocol or the producer: user code, which may throw.
template <class Object, class Event>
void StreamConnection::notify(const char* name, const Object& object, Event event) {
  const HandlerScope scope;
  const HandlerMark mark(name, object);
  try {
    event();
  } catch (...) {
    eventThrew(name);
  }
}

}  // namespace detail
}  // namespace hawser
