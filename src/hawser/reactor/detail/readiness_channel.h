#pragma once

#include <hawser/reactor/detail/file_range.h>
#include <hawser/reactor/detail/intrusive_list.h>
#include <hawser/reactor/detail/socket_channel.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace hawser::detail {

class ReadinessBackend;

/// Operations on a kernel that speaks of readiness: an operation is tried first and waits second.
///
/// Whether the descriptor can be read or written is remembered from what the kernel reported until
/// a try fails, or reads less than there was room for; so one message costs one call. The
/// descriptor is registered once, when something has to be waited for, and never again. After a
/// few tries in one turn a channel that could go on schedules itself for the next.
class ReadinessChannel final : public SocketChannel, private ListNode {
 public:
  ReadinessChannel(ReadinessBackend& backend, FileDescriptor descriptor, Kind kind,
                   std::uint64_t token) noexcept;
  ~ReadinessChannel() override = default;

  void accept(AcceptHandler& handler) override;
  void pauseAccepting() noexcept override { paused_ = true; }
  void resumeAccepting() override { resumeIncoming(); }
  void cancelAccept() noexcept override { cancelIncoming(Incoming::accept); }

  void connect(const NativeAddress& address, ConnectHandler& handler) override;
  void cancelConnect() noexcept override;

  void receive(ReceiveHandler& handler) override;
  void receiveDatagrams(DatagramHandler& handler) override;
  void pauseReceiving() noexcept override { paused_ = true; }
  void resumeReceiving() override { resumeIncoming(); }
  void cancelReceive() noexcept override {
    cancelIncoming(kind_ == Kind::otherSocket ? Incoming::datagrams : Incoming::receive);
  }

  bool send(SendQueue& data, SendHandler& handler) override;
  bool sendWithDescriptors(SendQueue& data, std::vector<FileDescriptor> descriptors,
                           SendHandler& handler) override;
  bool sendFile(int file, std::uint64_t offset, std::size_t count, SendHandler& handler) override;
  void cancelSend() noexcept override;
  std::size_t unsent() const noexcept override { return sending_.size(); }

  // For the backend.

  void robbed() noexcept override;
  std::uint64_t token() const noexcept { return token_; }
  bool scheduled() const noexcept { return linked(); }
  void unschedule() noexcept { unlink(); }
  /// The kernel says so. `drain`: the end of the stream, an error or urgent data may be hidden
  /// behind the next short read.
  void becomeReady(bool readable, bool writable, bool drain) noexcept {
    readable_ |= readable;
    writable_ |= writable;
    drain_ |= drain;
  }
  bool waitsToRead() const noexcept {
    return incoming_ != Incoming::none && !paused_ && !readable_;
  }
  bool waitsToWrite() const noexcept { return outgoing_ != Outgoing::none && !writable_; }
  /// Does what can be done now, and calls the handlers.
  void work();
  /// The backend dies: no operation is left, the descriptor is closed.
  void detach() noexcept;

 private:
  friend class IntrusiveList<ReadinessChannel>;
  enum class Incoming : std::uint8_t { none, accept, receive, datagrams };
  enum class Outgoing : std::uint8_t { none, connect, send, file };
  enum class Progress : std::uint8_t { done, blocked, yielded, failed };

  /// What few channels send, beside plain bytes.
  struct Besides {
    std::vector<FileDescriptor> descriptors;  // to go with the next byte
    FileRange file{};
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
  void acceptOne(int descriptor, const NativeAddress& peer);
  void failAccept(int error);
  void receiveSome();
  ssize_t receiveInto(std::span<std::byte> buffer);
  void receiveSomeDatagrams();
  void endReceive(int error);
  void finishConnect();
  void sendMore();
  void sendSomeFile();
  Progress transmit(SendQueue& data, std::size_t& taken, int& error) noexcept;

  ReadinessBackend* backend_;  // null: the backend is gone
  union {
    AcceptHandler* accepter_ = nullptr;  // while incoming_ is accept
    ReceiveHandler* receiver_;           // while incoming_ is receive
    DatagramHandler* datagrams_;         // while incoming_ is datagrams
  };
  union {
    ConnectHandler* connecter_ = nullptr;  // while outgoing_ is connect
    SendHandler* sender_;                  // while outgoing_ is send
  };
  SendQueue sending_;                 // not empty exactly while outgoing_ is send
  std::unique_ptr<Besides> besides_;  // while outgoing_ is file; while descriptors must be sent
  std::uint64_t token_;
  int incomingError_ = 0;  // found while starting, told in the next round
  int outgoingError_ = 0;
  const Kind kind_;
  Incoming incoming_ = Incoming::none;
  Outgoing outgoing_ = Outgoing::none;
  bool paused_ = false;
  bool readable_ = false;
  bool writable_ = false;
  bool drain_ = false;
  bool watched_ = false;
  bool closed_ = false;
};

}  // namespace hawser::detail
