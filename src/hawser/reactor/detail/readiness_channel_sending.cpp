#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/descriptor_passing.h>
#include <hawser/reactor/detail/readiness_backend.h>
#include <hawser/reactor/detail/readiness_channel.h>

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <new>
#include <utility>

namespace hawser::detail {

inline ssize_t ReadinessChannel::sendOnce(const SendQueue& data) noexcept {
  if (state_.kind != Kind::streamSocket || !data.isOnePiece()) [[unlikely]]
    return sendPieces(data);
  const std::string_view piece = data.front();
  return ::send(descriptor_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
}

// Until a try fails, nothing is known against it; mostly one call takes everything.
bool ReadinessChannel::send(SendQueue& data, SendHandler& handler) {
  if (!backend_ || state_.outgoing != Outgoing::none) [[unlikely]]
    return refuseSend(data);
  const ssize_t sent = sendOnce(data);
  if (sent != static_cast<ssize_t>(data.size())) [[unlikely]]
    return startSend(data, handler, sent);
  data.clear();
  return true;
}

bool ReadinessChannel::refuseSend(SendQueue& data) {
  static_cast<void>(begin(Outgoing::send));
  data.clear();
  return false;
}

bool ReadinessChannel::startSend(SendQueue& data, SendHandler& handler, ssize_t sent) {
  std::size_t taken = 0;
  int error = 0;
  if (transmit(data, sent, taken, error) == Progress::done) return true;
  if (error != 0 && brokenBy() != 0) error = brokenBy();
  begin(Outgoing::send);
  outgoingError_ = static_cast<std::int16_t>(error);
  if (!sending_) sending_ = new (std::nothrow) Sending;
  if (sending_) {
    sending_->handler = &handler;
    sending_->data = std::move(data);
  } else {
    data.clear();
    state_.outgoing = Outgoing::refused;
    refused_ = &handler;
    outgoingError_ = ENOMEM;
  }
  awaitOutgoing();
  return false;
}

bool ReadinessChannel::sendWithDescriptors(SendQueue& data, std::vector<FileDescriptor> descriptors,
                                           SendHandler& handler) {
  if (state_.kind != Kind::unixStream)
    return Channel::sendWithDescriptors(data, std::move(descriptors), handler);
  auto sending = std::make_unique<Sending>(Sending{.descriptors = std::move(descriptors)});
  if (backend_ && state_.outgoing == Outgoing::none) sending_ = sending.release();
  const bool sent = send(data, handler);
  if (sent) endOutgoing();
  return sent;
}

bool ReadinessChannel::sendFile(int file, std::uint64_t offset, std::size_t count,
                                SendHandler& handler) {
  if (state_.kind != Kind::streamSocket && state_.kind != Kind::unixStream) return false;
  auto sending = std::make_unique<Sending>(Sending{.file = {file, offset, count}});
  if (!begin(Outgoing::file)) return true;
  sending->handler = &handler;
  sending_ = sending.release();
  writable_ = true;  // until a try says otherwise
  awaitOutgoing();
  return true;
}

void ReadinessChannel::cancelSend() noexcept {
  if (state_.outgoing != Outgoing::none && state_.outgoing != Outgoing::connect) endOutgoing();
}

void ReadinessChannel::failSend(int error) {
  SendHandler& handler = state_.outgoing == Outgoing::refused ? *refused_ : *sending_->handler;
  endOutgoing();
  callHandler("while handling a failed send", [&] { handler.sendFailed(systemError(error)); });
}

void ReadinessChannel::sendMore() {
  int error = std::exchange(outgoingError_, 0);
  std::size_t taken = 0;
  const Progress progress = error != 0
                                ? Progress::failed
                                : transmit(sending_->data, sendOnce(sending_->data), taken, error);
  if (progress == Progress::failed) return failSend(error);
  SendHandler& handler = *sending_->handler;
  if (progress == Progress::done) endOutgoing();
  if (progress == Progress::yielded) backend_->schedule(*this);
  if (taken == 0) return;
  const std::size_t left = unsent();
  callHandler("while handling a completed send", [&] { handler.sent(taken, left); });
}

void ReadinessChannel::sendSomeFile() {
  int error = std::exchange(outgoingError_, 0);
  std::size_t taken = 0;
  if (error == 0) error = sending_->file.sendTo(descriptor_.get(), taken);
  if (error == EAGAIN) {
    writable_ = false;
    awaitOutgoing();
    return;
  }
  SendHandler& handler = *sending_->handler;
  endOutgoing();
  callHandler("while handling the sending of a file", [&] {
    if (error == 0)
      handler.sent(taken, 0);
    else
      handler.sendFailed(systemError(error));
  });
}

ssize_t ReadinessChannel::sendPieces(const SendQueue& data) noexcept {
  std::array<iovec, 64> pieces;  // written by gather before it is read
  const std::size_t count = data.gather(pieces);
  if (sending_ && !sending_->descriptors.empty()) {
    const ssize_t sent =
        sendDescriptors(descriptor_.get(), {pieces.data(), count}, sending_->descriptors);
    if (sent > 0) sending_->descriptors.clear();
    return sent;
  }
  if (state_.kind == Kind::file)
    return ::writev(descriptor_.get(), pieces.data(), static_cast<int>(count));
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = count;
  return ::sendmsg(descriptor_.get(), &message, MSG_NOSIGNAL);
}

// Goes on from the first call, which has sent `sent` or failed with what errno says.
ReadinessChannel::Progress ReadinessChannel::transmit(SendQueue& data, ssize_t sent,
                                                      std::size_t& taken, int& error) noexcept {
  for (int tries = 1;; ++tries) {
    if (sent >= 0) {
      data.consume(static_cast<std::size_t>(sent));
      taken += static_cast<std::size_t>(sent);
      if (data.empty()) return Progress::done;
    } else if (errno == EAGAIN) {
      writable_ = false;
      return Progress::blocked;
    } else if (errno != EINTR) {
      error = errno;
      return Progress::failed;
    }
    if (tries == ReadinessBackend::sendsPerTurn) {
      writable_ = true;
      return Progress::yielded;
    }
    sent = sendOnce(data);
  }
}

}  // namespace hawser::detail
