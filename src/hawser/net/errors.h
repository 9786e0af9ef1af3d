#pragma once

#include <hawser/base/durations.h>
#include <hawser/base/failure.h>
#include <hawser/defer/errors.h>
#include <hawser/net/address.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hawser {

/// A connection could not be made. Each way to fail has a class of its own below; an errback on
/// `const ConnectError&` gets them all.
///
/// `where()` is what was connected to, as in `tcp:127.0.0.1:10000`; `osError()` the errno, or 0 if
/// no system call failed; `what()` a whole sentence with both. (Twisted's `error.ConnectError`.)
class ConnectError : public std::runtime_error {
 public:
  ConnectError(std::string where, int osError);
  ~ConnectError() override;

  const std::string& where() const noexcept { return where_; }
  int osError() const noexcept { return osError_; }

 protected:
  ConnectError(std::string where, int osError, const std::string& sentence);

 private:
  std::string where_;
  int osError_;
};

/// Nobody listens there (ECONNREFUSED).
class ConnectionRefusedError : public ConnectError {
 public:
  using ConnectError::ConnectError;
  ~ConnectionRefusedError() override;
};

/// There is no way to that network or host (ENETUNREACH, EHOSTUNREACH).
class NoRouteError : public ConnectError {
 public:
  using ConnectError::ConnectError;
  ~NoRouteError() override;
};

/// The kernel gave up waiting for an answer (ETIMEDOUT).
class TCPTimedOutError : public ConnectError {
 public:
  using ConnectError::ConnectError;
  ~TCPTimedOutError() override;
};

/// A UNIX socket's lock file says that no server is alive there. (Twisted's `error.BadFileError`.)
class BadFileError : public ConnectError {
 public:
  explicit BadFileError(std::string where);
  ~BadFileError() override;
};

/// The local address to connect from could not be bound.
class ConnectBindError : public ConnectError {
 public:
  ConnectBindError(std::string where, std::string_view local, int osError);
  ~ConnectBindError() override;
};

/// The time allowed for connecting ran out. (Twisted's `error.TimeoutError`; that name belongs to
/// `addTimeout` here.)
class ConnectTimeoutError : public ConnectError {
 public:
  ConnectTimeoutError(std::string where, std::chrono::nanoseconds allowed);
  ~ConnectTimeoutError() override;
};

/// A name has no address, or asking for it failed. `name()` is the name, `reason()` the resolver's
/// own words.
class DNSLookupError : public ConnectError {
 public:
  DNSLookupError(std::string name, std::string reason);
  ~DNSLookupError() override;

  const std::string& name() const noexcept { return where(); }
  const std::string& reason() const noexcept { return reason_; }

 private:
  std::string reason_;
};

/// A factory's `buildProtocol` gave no protocol for a connection that was otherwise made; the
/// connection has been closed.
class NoProtocol : public ConnectError {
 public:
  explicit NoProtocol(std::string where);
  ~NoProtocol() override;
};

/// Connecting was cancelled by the one who asked for it: it is a CancelledError, so code that
/// knows nothing of networks recognises it.
class ConnectingCancelledError : public CancelledError {
 public:
  explicit ConnectingCancelledError(std::string where);
  ~ConnectingCancelledError() override;

  const char* what() const noexcept override { return sentence_.what(); }
  const std::string& where() const noexcept { return where_; }

 private:
  std::runtime_error sentence_;
  std::string where_;
};

/// A connection that had been made is over; this is what `connectionLost` is given. `where()` is
/// the peer's address. (Twisted's `error.ConnectionClosed`.)
class ConnectionClosed : public std::runtime_error {
 public:
  ~ConnectionClosed() override;
  virtual const std::string& where() const noexcept { return where_; }

 protected:
  ConnectionClosed(std::string where, const std::string& sentence);

 private:
  std::string where_;
};

/// The connection ended cleanly, by either side: everything that was written before
/// `loseConnection` was handed to the kernel.
class ConnectionDone : public ConnectionClosed {
 public:
  explicit ConnectionDone(std::string where);
  /// Its texts are made when somebody asks for them: most connections end so, and nobody asks.
  explicit ConnectionDone(const Address& peer);
  ConnectionDone(const ConnectionDone& other);
  ConnectionDone& operator=(const ConnectionDone& other);
  ~ConnectionDone() override;

  const char* what() const noexcept override;
  const std::string& where() const noexcept override;

 private:
  struct Texts;
  const Texts* texts() const noexcept;

  std::optional<Address> peer_;  // if this tells where, the texts are these:
  mutable std::atomic<const Texts*> texts_{nullptr};
};

/// The connection broke: reset by the peer, timed out, unusable for the kernel, or its reactor
/// ended. `osError()` is the errno, or 0.
class ConnectionLost : public ConnectionClosed {
 public:
  ConnectionLost(std::string where, int osError);
  ConnectionLost(std::string where, std::string_view problem);
  ~ConnectionLost() override;
  int osError() const noexcept { return osError_; }

 protected:
  ConnectionLost(std::string where, int osError, const std::string& sentence);

 private:
  int osError_;
};

/// The connection was aborted on this side: by `abortConnection`, or because its protocol threw
/// (then what it threw is the failure's cause).
class ConnectionAborted : public ConnectionLost {
 public:
  explicit ConnectionAborted(std::string where);
  ~ConnectionAborted() override;
};

/// More was written than the peer took, beyond the hard limit of the write queue; the connection
/// was aborted, and what was queued is lost.
class WriteQueueFullError : public ConnectionLost {
 public:
  WriteQueueFullError(std::string where, std::size_t limit);
  ~WriteQueueFullError() override;
  std::size_t limit() const noexcept { return limit_; }

 private:
  std::size_t limit_;
};

/// A connection ended in the middle of what a Stream was asked for. `received()` is how many bytes
/// of that had come; they can still be read. If the connection broke instead of ending in order,
/// the failure's cause says how.
class IncompleteReadError : public ConnectionClosed {
 public:
  IncompleteReadError(std::string where, std::size_t received, std::string_view expected);
  ~IncompleteReadError() override;
  std::size_t received() const noexcept { return received_; }

 private:
  std::size_t received_;
};

/// More bytes came than `limit()` without the delimiter that a Stream was to read up to. They can
/// still be read.
class LineTooLongError : public std::runtime_error {
 public:
  LineTooLongError(std::string where, std::size_t limit);
  ~LineTooLongError() override;
  const std::string& where() const noexcept { return where_; }
  std::size_t limit() const noexcept { return limit_; }

 private:
  std::string where_;
  std::size_t limit_;
};

/// A Stream was asked to read while an earlier read of it was pending.
class StreamBusyError : public std::logic_error {
 public:
  StreamBusyError();
  ~StreamBusyError() override;
};

/// A Stream was used that holds no connection: default-made or moved from.
class EmptyStreamError : public std::logic_error {
 public:
  EmptyStreamError();
  ~EmptyStreamError() override;
};

/// Listening failed: the port is in use, not permitted, or not an address of this machine.
class CannotListenError : public std::runtime_error {
 public:
  CannotListenError(std::string where, int osError);
  CannotListenError(std::string where, std::string_view problem);
  ~CannotListenError() override;
  const std::string& where() const noexcept { return where_; }
  int osError() const noexcept { return osError_; }

 private:
  std::string where_;
  int osError_;
};

/// A file could not be sent to its end: reading it failed. `sent()` bytes of it were sent, and the
/// connection goes on. `osError()` is the errno (ESPIPE: it is no regular file), or 0.
class FileSendError : public std::runtime_error {
 public:
  FileSendError(std::uint64_t sent, int osError);
  ~FileSendError() override;
  std::uint64_t sent() const noexcept { return sent_; }
  int osError() const noexcept { return osError_; }

 protected:
  FileSendError(std::uint64_t sent, int osError, const std::string& sentence);

 private:
  std::uint64_t sent_;
  int osError_;
};

/// A file that was to be sent ends before as much was sent as was asked for: somebody has shortened
/// it meanwhile. A peer that was told the length waits for the rest.
class FileTooShortError : public FileSendError {
 public:
  FileTooShortError(std::uint64_t sent, std::uint64_t missing);
  ~FileTooShortError() override;
  std::uint64_t missing() const noexcept { return missing_; }

 private:
  std::uint64_t missing_;
};

/// A datagram could not be sent: the kernel knows no way to `where()`, may not use it, or nobody is
/// there. `osError()` is the errno, or 0.
class DatagramError : public std::runtime_error {
 public:
  DatagramError(std::string where, int osError);
  ~DatagramError() override;
  const std::string& where() const noexcept { return where_; }
  int osError() const noexcept { return osError_; }

 protected:
  DatagramError(std::string where, int osError, const std::string& sentence);

 private:
  std::string where_;
  int osError_;
};

/// A datagram is too long for its network (EMSGSIZE). (Twisted's `error.MessageLengthError`.)
class MessageLengthError : public DatagramError {
 public:
  MessageLengthError(std::string where, std::size_t bytes);
  ~MessageLengthError() override;
};

/// The kernel has had no room for datagrams for some time, and as many wait already as may; this
/// one was dropped. `limit()` is in bytes.
class DatagramQueueFullError : public DatagramError {
 public:
  DatagramQueueFullError(std::string where, std::size_t limit);
  ~DatagramQueueFullError() override;
  std::size_t limit() const noexcept { return limit_; }

 private:
  std::size_t limit_;
};

/// A multicast group could not be joined or left. (Twisted's `error.MulticastJoinError`.)
class MulticastJoinError : public std::runtime_error {
 public:
  MulticastJoinError(std::string_view group, bool join, std::string_view problem);
  ~MulticastJoinError() override;
};

/// The kernel refused to set an option of a socket, or to tell it. `option()` is its name as in
/// `IP_MULTICAST_TTL`.
class SocketOptionError : public std::runtime_error {
 public:
  SocketOptionError(std::string option, int osError);
  ~SocketOptionError() override;
  const std::string& option() const noexcept { return option_; }
  int osError() const noexcept { return osError_; }

 private:
  std::string option_;
  int osError_;
};

/// A text that should be an address is none. `position()` counts bytes from 0.
class BadAddressError : public std::invalid_argument {
 public:
  BadAddressError(std::string_view text, std::size_t position, std::string_view problem);
  ~BadAddressError() override;
  std::size_t position() const noexcept { return position_; }

 private:
  std::size_t position_;
};

/// A text that should describe an endpoint does not. `position()` counts bytes from 0.
class BadEndpointError : public std::invalid_argument {
 public:
  BadEndpointError(std::string_view description, std::size_t position, std::string_view problem);
  ~BadEndpointError() override;
  std::size_t position() const noexcept { return position_; }

 private:
  std::size_t position_;
};

/// `Connector::stopConnecting` was called on a connector that is not connecting.
class NotConnectingError : public std::logic_error {
 public:
  NotConnectingError();
  ~NotConnectingError() override;
};

/// The text of an errno with its name: "Connection refused (ECONNREFUSED)".
std::string errorText(int osError);

/// The typed failure for an errno met while connecting to `where`. (Twisted's `getConnectError`.)
Failure connectFailure(std::string where, int osError,
                       std::source_location site = std::source_location::current());

}  // namespace hawser
