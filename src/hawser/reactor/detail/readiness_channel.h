#pragma once

#include <hawser/base/pool.h>
#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/file_range.h>
#include <hawser/reactor/detail/socket_channel.h>

#include <sys/socket.h>
#include <sys/types.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hawser::detail {

class ReadinessBackend;

/// Operations on a kernel that speaks of readiness: an operation is tried first and waits second.
///
/// Whether the descriptor can be read or written is remembered from what the kernel reported until
/// a try fails, or reads less than there was room for; so one message costs one call. The
/// descriptor is registered once, when something has to be waited for, and never again. After a
/// few tries in one turn a channel that could go on schedules itself for the next.
class ReadinessChannel final : public SocketChannel {
 public:
  ReadinessChannel(ReadinessBackend& backend, FileDescriptor descriptor, Kind kind,
                   std::uint32_t generation) noexcept;
  ~ReadinessChannel() override = default;
  static void* operator new(std::size_t bytes) { return poolAllocate(bytes); }
  static void operator delete(void* block, std::size_t bytes) noexcept { poolFree(block, bytes); }

  void accept(AcceptHandler& handler) override;
  void pauseAccepting() noexcept override { state_.paused = true; }
  void resumeAccepting() override { resumeIncoming(); }
  void cancelAccept() noexcept override { cancelIncoming(Incoming::accept); }

  void connect(const NativeAddress& address, ConnectHandler& handler) override;
  void cancelConnect() noexcept override;

  void receive(ReceiveHandler& handler) override;
  void receiveDatagrams(DatagramHandler& handler) override;
  void pauseReceiving() noexcept override { state_.paused = true; }
  void resumeReceiving() override { resumeIncoming(); }
  void cancelReceive() noexcept override {
    cancelIncoming(state_.kind == Kind::otherSocket ? Incoming::datagrams : Incoming::receive);
  }

  bool send(SendQueue& data, SendHandler& handler) override;
  bool sendWithDescriptors(SendQueue& data, std::vector<FileDescriptor> descriptors,
                           SendHandler& handler) override;
  bool sendFile(int file, std::uint64_t offset, std::size_t count, SendHandler& handler) override;
  void cancelSend() noexcept override;
  std::size_t unsent() const noexcept override {
    return state_.outgoing == Outgoing::send ? sending_->data.size() : 0;
  }

  // For the backend.

  void robbed() noexcept override;
  /// Tells it from others that have had the same descriptor.
  std::uint32_t generation() const noexcept { return generation_; }
  /// It has more to do. @returns whether it must be put into the backend's list: it stays there
  /// until it is visited, whatever happens meanwhile
  bool becomeDue() noexcept {
    due_ = true;
    if (listed_) return false;
    listed_ = true;
    return true;
  }
  void unschedule() noexcept { due_ = false; }
  /// The list visits it, and has it no longer. @returns whether it still has more to do
  bool visit() noexcept {
    listed_ = false;
    const bool due = due_;
    due_ = false;
    return due;
  }
  bool listed() const noexcept { return listed_; }
  bool watched() const noexcept { return state_.watched; }
  bool closed() const noexcept { return !backend_; }
  /// Those that are closed and not destroyed yet are a list.
  void buryBefore(ReadinessChannel* next) noexcept { nextBuried_ = next; }
  ReadinessChannel* nextBuried() const noexcept { return nextBuried_; }
  /// The kernel says so. `drain`: the end of the stream, an error or urgent data may be hidden
  /// behind the next short read.
  void becomeReady(bool readable, bool writable, bool drain) noexcept {
    state_.readable |= readable;
    writable_ |= writable;
    state_.drain |= drain;
  }
  bool waitsToRead() const noexcept {
    return state_.incoming != Incoming::none && !state_.paused && !state_.readable;
  }
  bool waitsToWrite() const noexcept { return state_.outgoing != Outgoing::none && !writable_; }
  /// Does what can be done now, and calls the handlers.
  void work();
  /// A stream that nobody has paused, that sends nothing, and of which nothing is known: what most
  /// channels are most of the time.
  bool onlyReceives() const noexcept {
    constexpr State receiving{
        .incoming = Incoming::receive, .kind = Kind::streamSocket, .watched = true};
    return std::bit_cast<std::uint64_t>(state_) == std::bit_cast<std::uint64_t>(receiving);
  }
  /// The short form of `becomeReady` and `work` for a channel that only receives, of which the
  /// kernel says that it can be read: one try, which mostly gets all there is.
  /// Only while nobody watches.
  [[gnu::always_inline]] void receiveOnce(std::span<std::byte> buffer, HandlerRow& row) {
    const ssize_t count = ::recv(descriptor_.get(), buffer.data(), buffer.size(), 0);
    if (static_cast<std::size_t>(count) - 1 >= buffer.size() - 1) [[unlikely]]
      return row.apart([this, count] { receiveSome(count); });
    ReceiveHandler& handler = *receiver_;
    const auto* const bytes = reinterpret_cast<const char*>(buffer.data());
    row.callUnwatched(
        [=, &handler] { handler.receivedUnwatched({bytes, static_cast<std::size_t>(count)}); },
        [&handler] { handler.receivedThrew(); });
  }
  /// The backend dies: no operation is left, the descriptor is closed.
  void detach() noexcept;

 private:
  enum class Incoming : std::uint16_t { none, accept, receive, datagrams };
  enum class Outgoing : std::uint8_t { none, connect, send, file, refused };
  enum class Progress : std::uint8_t { done, blocked, yielded, failed };

  /// What is being sent, for as long as that takes.
  struct Sending {
    SendHandler* handler = nullptr;
    SendQueue data{};
    std::vector<FileDescriptor> descriptors{};  // to go with the next byte
    FileRange file{};
  };
  /// What is going on, and what is known of the descriptor; it is compared in one piece.
  struct State {
    Incoming incoming = Incoming::none;
    Outgoing outgoing = Outgoing::none;
    Kind kind;
    bool paused = false;
    bool readable = false;
    bool drain = false;
    bool watched = false;
  };

  void close() noexcept override;
  bool begin(Incoming operation);
  bool begin(Outgoing operation);
  void awaitIncoming();
  void awaitOutgoing();
  int watch() noexcept;
  void resumeIncoming();
  void cancelIncoming(Incoming operation) noexcept;

  void acceptSome();
  ssize_t receiveInto(std::span<std::byte> buffer) const noexcept;
  void receiveSome();
  void receiveSome(ssize_t count);
  void receiveSomeOfUnix();
  void receiveSomeDatagrams();
  int streamEnd() const noexcept;
  void endReceive(int error);
  void finishConnect();
  void sendMore();
  void sendSomeFile();
  ssize_t sendOnce(const SendQueue& data) noexcept;
  ssize_t sendPieces(const SendQueue& data) noexcept;
  bool refuseSend(SendQueue& data);
  bool startSend(SendQueue& data, SendHandler& handler, ssize_t sent);
  void endOutgoing() noexcept;
  void failSend(int error);
  void dropOutgoing() noexcept;
  Progress transmit(SendQueue& data, ssize_t sent, std::size_t& taken, int& error) noexcept;

  // With the descriptor, what receiving touches comes first.
  union {
    AcceptHandler* accepter_ = nullptr;  // while state_.incoming is accept
    ReceiveHandler* receiver_;           // while state_.incoming is receive
    DatagramHandler* datagrams_;         // while state_.incoming is datagrams
  };
  State state_;
  const std::uint32_t generation_;
  // Found while starting, told in the next round. The numbers of Linux fit, with room to spare.
  std::int16_t outgoingError_ = 0;
  std::uint8_t incomingError_ = 0;
  bool writable_ : 1 = false;
  bool due_ : 1 = false;       // has more to do in the next round
  bool listed_ : 1 = false;    // is in the backend's list for that
  ReadinessBackend* backend_;  // null: it is closed, or the backend is gone
  union {
    ReadinessChannel* nextBuried_;  // once it is closed
    Sending* sending_ = nullptr;  // owned; while state_.outgoing is send or file; else mostly null
    ConnectHandler* connecter_;   // while state_.outgoing is connect
    SendHandler* refused_;        // while state_.outgoing is that: there was no memory for Sending
  };
};

}  // namespace hawser::detail
