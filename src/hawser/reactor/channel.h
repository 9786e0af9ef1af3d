#pragma once

#include <hawser/reactor/native_address.h>
#include <hawser/reactor/operations.h>
#include <hawser/reactor/send_queue.h>

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

namespace hawser {

/// A socket, pipe or simulated connection, as the operations that can be done with it.
///
/// The layers above never learn whether a descriptor is *ready*: they start an operation and are
/// told when it has completed or failed. That is what io_uring does; epoll and poll try first and
/// wait second behind this interface; a simulation needs no descriptor at all.
///
/// A channel has four operations: accept and receive are streams (started once, they deliver again
/// and again and can be paused), connect and send complete once. There is at most one stream and
/// one connect or send at a time; starting a second throws `std::logic_error`. On a channel of
/// datagrams it has two: `receiveDatagrams` is its stream, and `sendDatagram` completes at once.
///
/// **Lifetime.** A channel has one owner, its ChannelPtr. Destroying that pointer closes the
/// channel, at any time, inside its own handlers too: no handler is called any more, and the
/// descriptor is closed when the kernel has let go of the last operation. The handlers are not
/// owned: whoever passes one cancels the operation, or closes the channel, before the handler
/// dies. What an operation needs in memory it owns itself: if it is cancelled, the backend keeps
/// that until the kernel is done, and disposes of data and descriptors that arrive late. A channel
/// may outlive its backend; then it is closed, and its functions do nothing.
///
/// Everything here belongs to the reactor's thread.
class Channel {
 public:
  /// Starts accepting. The channel must be listening.
  virtual void accept(AcceptHandler& handler) = 0;
  /// No `accepted` after this until `resumeAccepting`; clients wait in the listen queue.
  virtual void pauseAccepting() noexcept = 0;
  virtual void resumeAccepting() = 0;
  virtual void cancelAccept() noexcept = 0;

  /// Starts connecting. The handler is told the outcome in a later I/O step, even if it is known
  /// at once.
  virtual void connect(const NativeAddress& address, ConnectHandler& handler) = 0;
  /// Nothing more is heard of the connection; the channel is good for nothing but closing.
  virtual void cancelConnect() noexcept = 0;

  /// Starts receiving. Fair: after a few buffers full the channel waits for the next turn.
  virtual void receive(ReceiveHandler& handler) = 0;
  /// No `received` and no `receiveEnded` after this until `resumeReceiving`. What arrives stays in
  /// the kernel, or in a bounded queue of the backend.
  virtual void pauseReceiving() noexcept = 0;
  virtual void resumeReceiving() = 0;
  virtual void cancelReceive() noexcept = 0;
  /// How many bytes have arrived that nobody was given. As it is here, what the descriptor's kernel
  /// says; a backend that queues received bytes itself adds those.
  virtual std::size_t unread() const noexcept;

  /// Starts receiving datagrams: a stream like `receive`, with the same functions to pause, resume
  /// and cancel it. A channel that carries none throws `std::logic_error`.
  virtual void receiveDatagrams(DatagramHandler& handler);
  /// Sends one datagram, now or not at all: EAGAIN or ENOBUFS mean that there is no room for the
  /// moment. `to` is empty if the channel has a peer (`setPeer`).
  [[nodiscard]] virtual std::error_code sendDatagram(std::span<const std::byte> bytes,
                                                     const NativeAddress& to) noexcept;
  /// Makes `peer` the only one from whom datagrams are received, and to whom they are sent.
  [[nodiscard]] virtual std::error_code setPeer(const NativeAddress& peer) noexcept;

  /// Sends everything in `data`, which is not empty.
  ///
  /// @returns true if the kernel took all of it at once: `data` is empty and `handler` will not be
  /// called. Else the operation has taken `data` over (it is empty, too, and may be filled again
  /// for the next send) and `handler` will be told; errors always come that way.
  [[nodiscard]] virtual bool send(SendQueue& data, SendHandler& handler) = 0;
  /// The same, and `descriptors` go with the first byte: at most 253, on a UNIX stream. Other
  /// channels throw `std::logic_error`.
  [[nodiscard]] virtual bool sendWithDescriptors(SendQueue& data,
                                                 std::vector<FileDescriptor> descriptors,
                                                 SendHandler& handler);
  /// Sends some bytes of a regular file, from `offset` on and at most `count`, without copying them
  /// through this process. `sent(bytes, 0)` tells how many; with 0 none could be taken: the file
  /// ends before `offset`, cannot be read, or is of a kind that must be read and sent. `file`
  /// stays open until then.
  /// @returns false if this channel never does that: nothing was started
  [[nodiscard]] virtual bool sendFile(int file, std::uint64_t offset, std::size_t count,
                                      SendHandler& handler);
  /// Sends what the kernel takes of `bytes` at once, out of the caller's memory: bulk need not be
  /// copied into a queue then. For when no send is under way.
  ///
  /// @returns how many bytes that were; 0 also if this channel does not try (`triesToSend`), or if
  /// the kernel refuses: the next `send` will tell why.
  std::size_t trySend(std::string_view bytes) noexcept {
    std::size_t taken = bytes.size();
    trySendAll(bytes, taken);
    return taken;
  }
  /// The same. True if that was everything; else `taken` becomes how many it were.
  bool trySendAll(std::string_view bytes, std::size_t& taken) noexcept {
    const ssize_t sent = ::send(socketToTry_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(bytes.size())) [[likely]]
      return true;
    taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    if (sent < 0) refusedToSend();
    return false;
  }
  /// A socket on which nothing is being sent, and whose backend tries first and waits second.
  bool triesToSend() const noexcept { return socketToTry_ >= 0; }
  /// The handler is not called again. The kernel may have taken some of the bytes, or may yet.
  virtual void cancelSend() noexcept = 0;
  /// How much of the send under way has not been taken yet; 0 if there is none.
  virtual std::size_t unsent() const noexcept = 0;

  /// Tells the peer that nothing more will be sent (half-close). For when no send is under way.
  virtual std::error_code shutdownSend() noexcept = 0;

  // What completes at once everywhere. The error code tells what went wrong, if anything.

  [[nodiscard]] virtual std::error_code bind(const NativeAddress& address) noexcept = 0;
  [[nodiscard]] virtual std::error_code listen(int backlog) noexcept = 0;
  virtual std::error_code setOption(int level, int name,
                                    std::span<const std::byte> value) noexcept = 0;
  /// `value` becomes what the kernel says; as much of it as it says is returned in `size`.
  virtual std::error_code getOption(int level, int name, std::span<std::byte> value,
                                    std::size_t& size) const noexcept = 0;
  std::error_code setOption(int level, int name, int value) noexcept {
    return setOption(level, name, std::as_bytes(std::span(&value, 1)));
  }
  /// Empty if there is none.
  virtual NativeAddress localAddress() const noexcept = 0;
  virtual NativeAddress peerAddress() const noexcept = 0;
  /// The descriptor, -1 if the channel has none or is closed. To look at, not to read, write or
  /// close.
  virtual int descriptor() const noexcept = 0;

  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

 protected:
  Channel() = default;
  virtual ~Channel() = default;

  /// Where `trySend` may send, else -1: the kernel takes nothing for that. Less, once the kernel
  /// has told it of `brokenBy`.
  int socketToTry_ = -1;

  /// Does the stream end by this error of sending, in both directions? Linux tells of it once, to
  /// whoever calls first: for others the stream seems to end in order then.
  static bool breaksStream(int error) noexcept;
  /// Such an error, if `trySend` was told of it, or 0.
  int brokenBy() const noexcept { return socketToTry_ < -1 ? -socketToTry_ : 0; }

 private:
  void refusedToSend() noexcept;
  friend struct CloseChannel;
  /// Cancels every operation, closes the descriptor when they have ended, and destroys the channel.
  virtual void close() noexcept = 0;
};

inline void CloseChannel::operator()(Channel* channel) const noexcept { channel->close(); }

}  // namespace hawser
