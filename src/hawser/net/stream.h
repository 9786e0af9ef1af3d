#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/net/endpoint.h>
#include <hawser/net/errors.h>
#include <hawser/net/stream_protocol.h>
#include <hawser/net/transport.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace hawser {

/// A connection for coroutines: instead of being told what arrives, one asks for it.
///
///     Deferred<void> echo(Stream stream) {
///       while (auto bytes = co_await stream.read()) co_await stream.write(*bytes);
///     }
///
/// It does the work of a Protocol (`StreamProtocol`) on any Transport, so it is at home wherever
/// those are. What suits it is a conversation with steps, each of which waits for the one before
/// it; a protocol is still the shorter program for what reacts to events in any order.
///
/// **Memory.** Bytes that nobody asked for wait here. When more than `StreamLimits::unread` do, the
/// transport is paused until a read has to wait again, so a peer that sends too fast is held back;
/// while it is paused, the end of the connection is not noticed. A `write` waits while more than
/// `StreamLimits::unsent` are under way. So a loop of reading and writing holds little, whatever
/// its peers do.
///
/// **One read at a time.** A second one while the first is pending throws StreamBusyError; writing
/// meanwhile is fine, and so is a write beside other writes: their bytes leave in the order of the
/// calls.
///
/// **Cancelling** a read loses nothing: what arrives later is for the next read, so
/// `stream.read().addTimeout(30s, reactor)` may be tried again. A Deferred of a read that is
/// dropped, instead, takes its bytes with it. Cancelling a write ends the waiting only: its bytes
/// have been queued and will be sent.
///
/// **The end.** When the peer has finished sending, reads give what is left and then the end, each
/// time they are asked; writing still works until the connection is closed. A connection that
/// breaks fails the pending read and writes, and all later ones, with its ConnectionLost, after
/// what had arrived before was read. When this side closes it, reads come to the end as well.
///
/// **Failing.** A Stream that goes because something failed aborts its connection: one that is
/// destroyed as an exception passes, or that was a parameter of a coroutine which failed or was
/// cancelled. So the peer sees a reset (on TCP; a UNIX socket has none) instead of an end, and does
/// not take half an answer for all of it. Whoever has sent all there is says so with
/// `loseConnection`, `loseWriteConnection` or `close`, also before an error reply is followed by a
/// `throw`; then nothing is cut off. What a destructor sets off while an exception passes counts as
/// part of that, unless it is a Permit's or a generator's.
///
/// **Who owns what.** The Stream owns the connection: destroying it is `loseConnection()`, but for
/// what is said above; a read that still pends then ends with the connection. Deferreds of reads
/// and writes do not keep it alive. Move-only. Everything happens on the reactor's thread, handlers
/// run as the bytes arrive, in the I/O step; a read that finds its bytes here already has fired
/// when it returns.
class Stream {
 public:
  /// What `read` gives: bytes that lie in the Stream, or the end.
  using Bytes = StreamProtocol::Bytes;
  /// Twisted's limit of a line.
  static constexpr std::size_t defaultMaxBytes = 16'384;

  /// Holds no connection; every function but moving throws EmptyStreamError.
  Stream() noexcept = default;
  /// The conversation of `protocol`, which has been connected, or will be before this is used. A
  /// protocol has one Stream.
  explicit Stream(std::shared_ptr<StreamProtocol> protocol) noexcept
      : protocol_(std::move(protocol)) {}
  Stream(Stream&& other) noexcept = default;
  Stream& operator=(Stream&& other) noexcept {
    const Stream old(std::exchange(protocol_, std::exchange(other.protocol_, nullptr)));
    return *this;
  }
  ~Stream() {
    if (protocol_) protocol_->letGo();
  }

  explicit operator bool() const noexcept { return protocol_ != nullptr; }

  /// Whatever has arrived, at least one byte; nothing at the end. The bytes stay where they are
  /// until the next read, or the end of this Stream: copy what is needed longer.
  ///
  /// Fails with ConnectionLost or one of its subclasses if the connection broke.
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<Bytes> read(
      std::source_location where = std::source_location::current()) {
    return protocol().read(where);
  }

  /// What stands before the next `delimiter`, which is taken and not given; nothing if the end
  /// comes before any byte.
  ///
  /// Fails with LineTooLongError when that is more than `maxBytes`; with IncompleteReadError if the
  /// connection ends behind some bytes and before the delimiter, and with ConnectionLost if it
  /// broke before any. Nothing is lost by these: what came can still be read.
  /// @throws std::invalid_argument if `delimiter` is empty
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<std::optional<std::string>>
  readUntil(std::string_view delimiter, std::size_t maxBytes = defaultMaxBytes,
            std::source_location where = std::source_location::current()) {
    return protocol().readUntil(delimiter, maxBytes, where);
  }

  /// The next `count` bytes. All of them lie here until they are complete, so check a number that
  /// the peer chose.
  ///
  /// Fails with IncompleteReadError, which tells how many came, if the connection ends before that;
  /// those can still be read.
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<std::string> readExactly(
      std::size_t count, std::source_location where = std::source_location::current()) {
    return protocol().readExactly(count, where);
  }

  /// Waits until there is something to read (false) or the end (true): so a loop over messages of
  /// known size ends between two of them. Fails with ConnectionLost if the connection broke.
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<bool> atEnd(
      std::source_location where = std::source_location::current()) {
    return protocol().atEnd(where);
  }

  /// Queues a copy of `bytes`, which leave at the end of the turn. Fires at once unless more than
  /// `StreamLimits::unsent` are waiting to be sent by then; else when the kernel has taken all of
  /// them.
  ///
  /// Fails with ConnectionLost if the connection is broken, or breaks while this waits, and with
  /// ConnectionDone after this side has ended it. That it has fired does not say that the peer has
  /// got anything. More than `WriteLimits::hardCap` in one call is WriteQueueFullError.
  [[nodiscard("co_await it, or what is written grows without limit")]] Deferred<void> write(
      std::string_view bytes, std::source_location where = std::source_location::current()) {
    return protocol().write(bytes, where);
  }
  [[nodiscard("co_await it, or what is written grows without limit")]] Deferred<void> write(
      std::span<const std::byte> bytes,
      std::source_location where = std::source_location::current()) {
    return write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
                 where);
  }

  /// Sends what is queued, then ends this direction only: the peer reads to the end, and may go on
  /// sending. (Half-close; so do the next three, as the Transport's functions of these names.)
  void loseWriteConnection() { protocol().loseWriteConnection(); }
  /// Sends what is queued, then closes. A peer that never reads keeps this from ending.
  void loseConnection() { protocol().loseConnection(); }
  /// Closes at once, throwing away what is queued. Pending reads and writes fail with
  /// ConnectionAborted in a later step.
  void abortConnection() { protocol().abortConnection(); }
  /// `loseConnection`, and fires when the connection is over and all was handed to the kernel.
  /// Fails with what broke the connection before that, at once if it was before the call.
  /// Cancelling aborts the connection: `co_await stream.close().addTimeout(10s, reactor)`.
  [[nodiscard("co_await it, add handlers to it, or use loseConnection()")]] Deferred<void> close(
      std::source_location where = std::source_location::current()) {
    return protocol().close(where);
  }

  void setLimits(const StreamLimits& limits) { protocol().setLimits(limits); }
  /// For the addresses and the options of the connection. What arrives, and its producer, are the
  /// Stream's business.
  Transport& transport() const { return protocol().transport(); }

 private:
  StreamProtocol& protocol() const {
    if (!protocol_) [[unlikely]]
      throw EmptyStreamError();
    return *protocol_;
  }

  std::shared_ptr<StreamProtocol> protocol_;
};

/// Connects, and fires with the Stream in an I/O step of the reactor; fails, and is cancelled, as
/// `ClientEndpoint::connect` is. A Stream that nobody takes from it is closed.
[[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<Stream> connectStream(
    const ClientEndpoint& endpoint);

}  // namespace hawser
