#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/net/address.h>
#include <hawser/net/producer.h>
#include <hawser/net/socket_options.h>
#include <hawser/reactor/file_descriptor.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hawser {

class Reactor;

/// How much may wait in a transport for a peer that reads slowly.
struct WriteLimits {
  /// More than this pauses the registered producer.
  std::size_t highWater = 64 * 1024;
  /// More than this aborts the connection with WriteQueueFullError.
  std::size_t hardCap = 16 * 1024 * 1024;
};

/// The connection as its protocol sees it: bytes out, and how to end it. (Twisted's `ITransport`
/// and `ITCPTransport`.) Bytes come in through the protocol's events (protocol.h).
///
/// Everything here returns at once and belongs to the reactor's thread. Nothing here calls the
/// protocol back before it returns: what follows from it, `connectionLost` included, comes in a
/// later step of the reactor.
///
/// A transport holds its protocol until `connectionLost` has returned; the object itself lives as
/// long as its protocol does. Once the connection is closed every function is still safe to call:
/// writing and closing do nothing, and the addresses remain known.
class Transport : public Producer {
 public:
  ~Transport() override;

  /// This transport as a pointer that shares it, to pass it on as a producer. (As the standard's
  /// `enable_shared_from_this`, but only connections that are asked have memory for it.)
  /// @throws std::bad_weak_ptr if it is not shared, but on a stack or a member
  // NOLINTNEXTLINE(readability-identifier-naming): the standard's name
  std::shared_ptr<Transport> shared_from_this() { return std::shared_ptr<Transport>(weakSelf()); }
  /// Empty if it is not shared.
  // NOLINTNEXTLINE(readability-identifier-naming): the standard's name
  std::weak_ptr<Transport> weak_from_this() { return weakSelf(); }

  /// Queues a copy of `bytes`. All that is written within one turn of the reactor leaves in one
  /// system call at its end; only a piece of 32 KiB or more does not wait, so that it need not be
  /// copied.
  ///
  /// Does nothing on a connection that is closed, or after `loseWriteConnection`, or after
  /// `loseConnection` (unless a producer is registered: that one may still finish). When the queue
  /// exceeds `WriteLimits::hardCap` the connection is aborted with WriteQueueFullError.
  virtual void write(std::string_view bytes) = 0;
  void write(std::span<const std::byte> bytes) {
    write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }

  /// The same as writing each in turn.
  void writeSequence(std::span<const std::string_view> pieces);
  void writeSequence(std::initializer_list<std::string_view> pieces) {
    writeSequence(std::span<const std::string_view>(pieces.begin(), pieces.size()));
  }

  /// Sends a duplicate of this descriptor (a file, a socket, a pipe, ...) to the other end of a
  /// UNIX connection; it may be closed as soon as this returns. (Twisted's `IUNIXTransport`.)
  ///
  /// It travels with the next byte that is written, and the peer gets it before that byte: so write
  /// at least one byte after it. When the connection ends before that, it is closed.
  ///
  /// Does nothing where `write` would do nothing.
  /// @throws std::system_error if it cannot be duplicated: EBADF, EMFILE
  /// @throws std::length_error if 253 wait for the next byte already
  /// @throws std::logic_error if this is no UNIX connection
  virtual void sendFileDescriptor(int descriptor);

  /// Sends `count` bytes of a regular file from `offset` on, or all that follows, after what was
  /// written before and before what will be; in bytes. On epoll and poll the kernel sends them by
  /// itself (sendfile), else they are read piece by piece. What is not in the page cache is read
  /// from the disk on the reactor's thread. `WriteLimits` do not count the file.
  ///
  /// Fires with the number of bytes when the kernel has taken them all, in a later step. Fails with
  /// FileTooShortError if the file ends before that, FileSendError if it cannot be read: then the
  /// connection goes on, after part of the file. Fails with the reason of `connectionLost`, just
  /// before it, if the connection ends first; at once if it cannot be written to any more.
  /// Cancelling stops it: what the kernel has taken is sent, and if the file is being read, what
  /// was read already (at most 256 KiB); what was written after the file follows.
  virtual Deferred<std::uint64_t> sendFile(FileDescriptor file, std::uint64_t offset = 0,
                                           std::optional<std::uint64_t> count = std::nullopt);
  /// The same with a file that is opened now; fails with FileSendError if it cannot be.
  Deferred<std::uint64_t> sendFile(const std::string& path, std::uint64_t offset = 0,
                                   std::optional<std::uint64_t> count = std::nullopt);

  /// Sends what is queued, then closes. No `dataReceived` follows any more;
  /// `connectionLost(ConnectionDone)` does. With a producer registered, closing waits for it to be
  /// unregistered. A peer that never reads keeps this from ending: `abortConnection` does not
  /// wait.
  ///
  /// What the peer still sends is thrown away. If it is in the middle of sending when all is
  /// flushed, it has two seconds to finish: TCP answers bytes for a closed socket with a reset, and
  /// that can destroy what the peer has not read yet.
  virtual void loseConnection() = 0;

  /// Closes at once, throwing away what is queued; the peer of a TCP connection sees a reset.
  /// `connectionLost(ConnectionAborted)` follows.
  virtual void abortConnection() = 0;

  /// Sends what is queued, then ends this direction only: the peer reads to the end, and may go on
  /// sending. `Protocol::writeConnectionLost` tells when it is done; with a producer registered,
  /// that waits for it to be unregistered. When the peer has finished sending, too, the connection
  /// is over, and `connectionLost(ConnectionDone)` follows.
  virtual void loseWriteConnection() = 0;

  /// Both ends, for as long as the object lives.
  virtual Address getPeer() const = 0;
  virtual Address getHost() const = 0;

  /// True until the connection is closed; still true while `loseConnection` waits for the queue.
  virtual bool connected() const noexcept = 0;
  /// True once `loseConnection` or `abortConnection` was called. (Twisted's attribute.)
  virtual bool disconnecting() const noexcept = 0;

  /// The reactor whose thread this belongs to.
  virtual Reactor& reactor() const = 0;

  /// TCP_NODELAY: send small pieces at once instead of collecting them for a round trip. On by
  /// default, since one turn's writes are collected already.
  virtual void setTcpNoDelay(bool on) = 0;
  virtual bool getTcpNoDelay() const = 0;
  /// SO_KEEPALIVE: let the kernel find out that the peer is gone. Off by default.
  virtual void setTcpKeepAlive(bool on) = 0;
  virtual bool getTcpKeepAlive() const = 0;

  /// Sets one of the options in socket_options.h: `setOption(KeepAliveIdle{60s})`. Does nothing on
  /// a connection that is closed.
  /// @throws SocketOptionError if the kernel refuses: a bad value, or not for this kind of
  /// connection
  template <SocketOption O>
  void setOption(const O& option) {
    setSocketOption(O::option(getPeer().family()), option.value());
  }
  /// `getOption<SendBufferSize>()`; nothing on a connection that is closed.
  /// @throws SocketOptionError
  template <SocketOption O>
  std::optional<O> getOption() const {
    const auto value = getSocketOption(O::option(getPeer().family()));
    if (!value) return std::nullopt;
    return O::from(*value);
  }

  virtual void setWriteLimits(WriteLimits limits) = 0;
  /// How many bytes wait to be handed to the kernel.
  virtual std::size_t queuedBytes() const noexcept = 0;

  /// Lets `producer` be told when to pause: this transport holds it until `unregisterProducer` or
  /// until the connection is closed (then it gets `stopProducing`; at once if it is closed
  /// already).
  ///
  /// A streaming producer writes as it likes between `resumeProducing` and `pauseProducing`: it is
  /// paused when the queue exceeds `WriteLimits::highWater`, resumed when the queue is empty. Any
  /// other (a pull producer) gets `resumeProducing` for each piece, now and whenever the queue is
  /// empty.
  ///
  /// @throws std::logic_error if one is registered already
  virtual void registerProducer(std::shared_ptr<Producer> producer, bool streaming) = 0;
  /// The producer has written its last. Does nothing if none is registered.
  virtual void unregisterProducer() = 0;

  // As the producer of what arrives: pausing stops reading, so that the peer is held back in the
  // end; bytes that had been read already may still be delivered. While paused, the end of the
  // connection is not noticed. Stopping is `loseConnection`.
  void pauseProducing() override = 0;
  void resumeProducing() override = 0;
  void stopProducing() override { loseConnection(); }

 protected:
  friend class Protocol;
  Transport() = default;

  // Unless overridden, the protocol's use of this object does not keep it alive.

  /// A protocol begins to use this object. If it returns true `letGo` follows when the protocol is
  /// destroyed, or has another transport.
  virtual bool hold() noexcept { return false; }
  /// May destroy this object, and may come on any thread.
  virtual void letGo() noexcept {}
  /// For `shared_from_this` and `weak_from_this`.
  virtual std::weak_ptr<Transport> weakSelf() { return {}; }

  /// For `setOption` and `getOption`. Unless overridden there are no options.
  virtual void setSocketOption(const SocketOptionName& option, const SocketOptionValue& value);
  virtual std::optional<SocketOptionValue> getSocketOption(const SocketOptionName& option) const;
};

}  // namespace hawser
