#pragma once

#include <hawser/reactor/file_descriptor.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

namespace hawser {

class Channel;

/// Closes a channel when its owner lets go of it.
struct CloseChannel {
  void operator()(Channel* channel) const noexcept;
};

/// The one owner of a channel.
using ChannelPtr = std::unique_ptr<Channel, CloseChannel>;

struct NativeAddress;

// What a channel calls when an operation completes or fails. All of them are called on the
// reactor's thread, in the I/O step of a turn, and never from inside a function of Channel or
// Backend. An exception that leaves one of them is logged and does no other harm. Each may cancel
// any operation, close any channel and start new operations, its own included.

/// Is told of the connections that a listening channel accepts.
class AcceptHandler {
 public:
  /// `peer` is empty if the backend could not learn it. A channel that is not kept is closed.
  virtual void accepted(ChannelPtr channel, const NativeAddress& peer) = 0;
  /// Accepting failed and is paused; `resumeAccepting` tries again. EMFILE, ENFILE, ENOBUFS,
  /// ENOMEM and ENOSPC pass in time; other errors mean that this channel will never accept. Errors
  /// of single connections (ECONNABORTED and its like) are not reported.
  virtual void acceptFailed(std::error_code error) = 0;

 protected:
  ~AcceptHandler() = default;
};

/// Is told, once, how a `connect` ended.
class ConnectHandler {
 public:
  virtual void connected() = 0;
  virtual void connectFailed(std::error_code error) = 0;

 protected:
  ~ConnectHandler() = default;
};

/// Is told how a `send` that did not complete at once goes on.
class SendHandler {
 public:
  /// The kernel has taken `bytes` more; `left` of this operation remain. It is complete, and its
  /// memory free, when `left` is 0.
  virtual void sent(std::size_t bytes, std::size_t left) = 0;
  /// The operation is over, what remained of it is dropped (EPIPE, ECONNRESET, ...).
  virtual void sendFailed(std::error_code error) = 0;

 protected:
  ~SendHandler() = default;
};

/// Is given what arrives on a channel.
///
/// Who receives on a channel mostly sends on it too, and is told of that by the same table of
/// functions: so a connection needs one, not two. Who does not send need not override those of
/// SendHandler.
class ReceiveHandler : public SendHandler {
 public:
  /// At least one byte. The span is valid during the call only: the buffer belongs to the backend,
  /// which uses it for all channels.
  virtual void received(std::span<const std::byte> bytes) = 0;
  /// The same while nobody watches the reactor for stalls, so that one which marks its own handlers
  /// need not. A backend may call this or that. The bytes come as the characters that a protocol is
  /// given.
  virtual void receivedUnwatched(std::string_view bytes);
  /// What `receivedUnwatched` threw is being handled. Unless overridden it is logged.
  virtual void receivedThrew() noexcept;
  /// Descriptors arrived on a UNIX stream, at least one, together with bytes that `received` is
  /// given next, even if this pauses. They were sent with one of those bytes. Unless overridden
  /// they are closed.
  virtual void descriptorsReceived(std::vector<FileDescriptor> descriptors);
  /// The stream is over: no error if the peer has finished sending, else what went wrong
  /// (ECONNRESET, ETIMEDOUT, ...). Nothing more is received.
  virtual void receiveEnded(std::error_code error) = 0;

  void sent(std::size_t, std::size_t) override {}
  void sendFailed(std::error_code) override {}

 protected:
  ~ReceiveHandler() = default;
};

/// Is given the datagrams that arrive on a channel.
class DatagramHandler {
 public:
  /// One datagram, perhaps of no bytes at all. The span is valid during the call only, as with
  /// `received`. `from` is empty if the sender has no address. `truncated`: it was longer than the
  /// backend's buffer of 64 KiB, and the rest is lost.
  virtual void datagramReceived(std::span<const std::byte> bytes, const NativeAddress& from,
                                bool truncated) = 0;
  /// The kernel reports that something went wrong on the way, or for the moment: ECONNREFUSED of a
  /// datagram that was sent to where nobody listens, ENOMEM, and their like. Receiving goes on.
  virtual void datagramFailed(std::error_code error) = 0;
  /// Receiving is over: this channel will never receive again.
  virtual void datagramsEnded(std::error_code error) = 0;

 protected:
  ~DatagramHandler() = default;
};

}  // namespace hawser
