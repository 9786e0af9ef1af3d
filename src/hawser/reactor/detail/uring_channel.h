#pragma once

#include <hawser/base/pool.h>
#include <hawser/reactor/detail/intrusive_list.h>
#include <hawser/reactor/detail/socket_channel.h>
#include <hawser/reactor/detail/uring_inbox.h>
#include <hawser/reactor/detail/uring_pool.h>

#include <linux/io_uring.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>

namespace hawser {
class UringBackend;
}

namespace hawser::detail {

/// Operations on a kernel that does them itself.
///
/// Functions of Channel change only what is *wanted*. `arrange`, before the reactor waits, requests
/// of the kernel what is missing and cancels what is wanted no more; so a pause that is over within
/// the same turn costs nothing. Completions change only what is *known*; `work` then calls the
/// handlers.
///
/// The kernel has at most two requests of a channel at a time: one that receives or accepts, and
/// one that connects or sends. While it has one, or the cancellation of one, the channel stays
/// where it is in memory, closed or not, and so do the bytes that are being sent.
class UringChannel final : public SocketChannel, private ListNode {
 public:
  /// What a completion belongs to: the low bits of its number, above them is the channel.
  enum class Slot : std::uint8_t { incoming, outgoing, cancelIncoming, cancelOutgoing };
  static constexpr std::uint64_t slotMask = 3;

  UringChannel(UringBackend& backend, FileDescriptor descriptor, Kind kind) noexcept;
  ~UringChannel() override;
  static void* operator new(std::size_t bytes) { return poolAllocate(bytes); }
  static void operator delete(void* block, std::size_t bytes) noexcept { poolFree(block, bytes); }

  std::error_code listen(int backlog) noexcept override;

  void accept(AcceptHandler& handler) override;
  void pauseAccepting() noexcept override { pauseIncoming(); }
  void resumeAccepting() override { resumeIncoming(); }
  void cancelAccept() noexcept override { cancelIncoming(Incoming::accept); }

  void connect(const NativeAddress& address, ConnectHandler& handler) override;
  void cancelConnect() noexcept override;

  void receive(ReceiveHandler& handler) override;
  void pauseReceiving() noexcept override { pauseIncoming(); }
  void resumeReceiving() override { resumeIncoming(); }
  void cancelReceive() noexcept override { cancelIncoming(Incoming::receive); }
  std::size_t unread() const noexcept override;

  bool send(SendQueue& data, SendHandler& handler) override;
  void cancelSend() noexcept override;
  std::size_t unsent() const noexcept override { return sending_.size(); }

  // For the backend.

  void robbed() noexcept override;
  bool scheduled() const noexcept { return linked(); }
  void unschedule() noexcept { unlink(); }
  /// Requests and cancels until the kernel does what is wanted.
  /// @returns false if there was no room for all the requests
  bool arrange() noexcept;
  /// Notes a completion; calls nobody.
  void complete(Slot slot, const io_uring_cqe& completion) noexcept;
  /// Calls the handlers for what is known.
  void work();
  /// It receives as it should, and sends nothing: nearly always, and then there is neither work nor
  /// wish.
  bool quiet() const noexcept {
    constexpr Standing receiving{.incoming = Incoming::receive,
                                 .incomingRequest = Request::made,
                                 .requested = Incoming::receive};
    return std::bit_cast<std::uint64_t>(is_) == std::bit_cast<std::uint64_t>(receiving) &&
           reading_ == requestedReading_ && inbox_.empty();
  }
  /// Is there something to do that the kernel need not be asked for?
  bool hasWork() const noexcept;
  /// Would `arrange` do something?
  bool hasWishes() const noexcept;
  bool closed() const noexcept { return is_.closed; }
  /// Something has arrived, but others had all the buffers.
  bool starved() const noexcept { return starved_; }
  bool inKernel() const noexcept { return requests_ != 0; }
  /// The backend dies: no operation is left, the descriptor is closed.
  void detach() noexcept;
  std::size_t place() const noexcept { return place_; }
  void setPlace(std::size_t place) noexcept { place_ = place; }

 private:
  friend class IntrusiveList<UringChannel>;
  enum class Incoming : std::uint8_t { none, accept, receive };
  enum class Outgoing : std::uint8_t { none, connect, send };
  /// What the kernel has of a slot.
  enum class Request : std::uint8_t { none, made, cancelled };
  /// What is going on; it is compared in one piece.
  struct Standing {
    Incoming incoming = Incoming::none;
    Outgoing outgoing = Outgoing::none;
    Request incomingRequest = Request::none;
    Incoming requested = Incoming::none;  // by incomingRequest
    bool paused = false;
    bool ended = false;  // the stream, with incomingError_; not told yet
    bool closed = false;
    bool listening = false;
  };
  void close() noexcept override;
  bool begin(Incoming operation);
  bool begin(Outgoing operation);
  void pauseIncoming() noexcept;
  void resumeIncoming();
  void cancelIncoming(Incoming operation) noexcept;
  void cancelOutgoing(Outgoing operation) noexcept;

  bool wantsIncoming() const noexcept;
  bool wantsToAccept() const noexcept;
  bool wantsOutgoing() const noexcept;
  /// Is the request that the kernel has the one that is wanted?
  bool incomingFits() const noexcept;
  std::uint64_t number(Slot slot) const noexcept {
    return reinterpret_cast<std::uintptr_t>(this) | static_cast<std::uint64_t>(slot);
  }
  io_uring_sqe* request(Slot slot) noexcept;
  bool cancelRequest(Slot slot) noexcept;
  bool requestIncoming() noexcept;
  bool requestOutgoing() noexcept;
  bool requestClose() noexcept;

  void completeReceive(const io_uring_cqe& completion) noexcept;
  void completeAccept(int result) noexcept;
  void chooseSize(std::size_t bytes) noexcept;
  void finishConnect();
  void finishSend();
  bool unreadRemains() const noexcept;
  void receiveSome();
  void endReceive();
  void acceptSome();

  UringBackend* backend_;  // null: the backend is gone
  union {
    AcceptHandler* accepter_ = nullptr;  // while is_.incoming is accept
    ReceiveHandler* receiver_;           // while is_.incoming is receive
  };
  union {
    ConnectHandler* connecter_ = nullptr;  // while is_.outgoing is connect
    SendHandler* sender_;                  // while is_.outgoing is send
  };
  SendQueue sending_;  // not empty exactly while is_.outgoing is send
  SendQueue orphans_;  // of a cancelled send that the kernel still has
  UringInbox inbox_;
  std::unique_ptr<NativeAddress> address_;                // while connecting
  std::unique_ptr<std::deque<FileDescriptor>> accepted_;  // by the kernel, not delivered yet
  std::size_t place_ = 0;                                 // among the backend's channels
  int incomingError_ = 0;      // ends the receiving, or stops the accepting
  int outcome_ = 0;            // of the connect or send, if known
  std::uint8_t requests_ = 0;  // completions that are still to come, cancellations' included
  const Kind kind_;
  Standing is_;
  Request outgoingRequest_ = Request::none;
  UringPool::Size reading_ = UringPool::Size::small;  // into which buffers from now on
  UringPool::Size requestedReading_ = UringPool::Size::small;
  std::uint8_t streak_ = 0;  // how often what arrived spoke against reading_
  bool outcomeKnown_ = false;
  bool outgoingOrphaned_ = false;  // what the kernel does there is nobody's any more
  bool fed_ = false;               // the request has been given a buffer
  bool starved_ = false;
};

// What is asked after every event is inline.

inline bool UringChannel::wantsIncoming() const noexcept {
  switch (is_.incoming) {
    case Incoming::none:
      return false;
    case Incoming::accept:
      return wantsToAccept();
    case Incoming::receive:
      return !is_.paused && !is_.ended && inbox_.empty();
  }
  return false;
}

inline bool UringChannel::wantsOutgoing() const noexcept {
  return is_.outgoing != Outgoing::none && !outcomeKnown_;
}

inline bool UringChannel::incomingFits() const noexcept {
  return !is_.closed && wantsIncoming() && is_.requested == is_.incoming &&
         (is_.incoming == Incoming::accept || requestedReading_ == reading_);
}

inline bool UringChannel::hasWishes() const noexcept {
  if (is_.incomingRequest == Request::made && !incomingFits()) return true;
  if (outgoingRequest_ == Request::made && outgoingOrphaned_) return true;
  if (is_.closed) return static_cast<bool>(descriptor_);
  return (is_.incomingRequest == Request::none && wantsIncoming()) ||
         (outgoingRequest_ == Request::none && wantsOutgoing());
}

inline bool UringChannel::hasWork() const noexcept {
  if (is_.outgoing != Outgoing::none && outcomeKnown_) return true;
  if (is_.paused) return false;
  switch (is_.incoming) {
    case Incoming::none:
      return false;
    case Incoming::accept:
      return incomingError_ != 0 || (accepted_ && !accepted_->empty());
    case Incoming::receive:
      return is_.ended || !inbox_.empty();
  }
  return false;
}

}  // namespace hawser::detail
