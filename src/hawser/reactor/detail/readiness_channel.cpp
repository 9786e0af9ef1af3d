#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/datagram.h>
#include <hawser/reactor/detail/descriptor_passing.h>
#include <hawser/reactor/detail/readiness_backend.h>
#include <hawser/reactor/detail/readiness_channel.h>

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <stdexcept>
#include <utility>

namespace hawser::detail {

ReadinessChannel::ReadinessChannel(ReadinessBackend& backend, FileDescriptor descriptor, Kind kind,
                                   std::uint32_t place) noexcept
    : SocketChannel(std::move(descriptor)),
      state_{.kind = kind},
      backend_(&backend),
      place_(place) {
  endOutgoing();
}

// Starting, pausing, cancelling.

bool ReadinessChannel::begin(Incoming operation) {
  if (!backend_) return false;
  if (state_.incoming != Incoming::none)
    throw std::logic_error("this channel accepts or receives already");
  state_.incoming = operation;
  incomingError_ = 0;
  state_.paused = false;
  return true;
}

bool ReadinessChannel::begin(Outgoing operation) {
  if (!backend_) return false;
  if (state_.outgoing != Outgoing::none)
    throw std::logic_error("this channel connects or sends already");
  state_.outgoing = operation;
  socketToTry_ = -1;
  outgoingError_ = 0;
  return true;
}

void ReadinessChannel::endOutgoing() noexcept {
  state_.outgoing = Outgoing::none;
  if (state_.kind != Kind::file) socketToTry_ = descriptor_.get();
}

int ReadinessChannel::watch() noexcept {
  if (state_.watched) return 0;
  const int error = backend_->watch(*this, backend_->tokenOf(*this));
  // What cannot be waited for, a file on a disk, need not be.
  if (error == EPERM && state_.kind == Kind::file)
    state_.watched = state_.readable = writable_ = true;
  if (error == 0) state_.watched = true;
  return state_.watched ? 0 : error;
}

void ReadinessChannel::awaitIncoming() {
  if (!state_.readable) incomingError_ = watch();
  if (state_.readable || incomingError_ != 0) backend_->schedule(*this);
}

void ReadinessChannel::awaitOutgoing() {
  if (!writable_ && outgoingError_ == 0) outgoingError_ = watch();
  if (writable_ || outgoingError_ != 0) backend_->schedule(*this);
}

void ReadinessChannel::accept(AcceptHandler& handler) {
  if (!begin(Incoming::accept)) return;
  accepter_ = &handler;
  awaitIncoming();
}

void ReadinessChannel::receive(ReceiveHandler& handler) {
  if (!begin(Incoming::receive)) return;
  receiver_ = &handler;
  awaitIncoming();
}

void ReadinessChannel::receiveDatagrams(DatagramHandler& handler) {
  if (state_.kind != Kind::otherSocket) return Channel::receiveDatagrams(handler);
  if (!begin(Incoming::datagrams)) return;
  datagrams_ = &handler;
  awaitIncoming();
}

void ReadinessChannel::resumeIncoming() {
  if (!std::exchange(state_.paused, false) || state_.incoming == Incoming::none) return;
  if (incomingError_ != 0)
    backend_->schedule(*this);
  else
    awaitIncoming();  // what could not be waited for before may be by now
}

void ReadinessChannel::cancelIncoming(Incoming operation) noexcept {
  if (state_.incoming == operation) state_.incoming = Incoming::none;
}

void ReadinessChannel::connect(const NativeAddress& address, ConnectHandler& handler) {
  if (!begin(Outgoing::connect)) return;
  connecter_ = &handler;
  if (::connect(descriptor_.get(), address.get(), address.size) == 0)
    writable_ = true;
  else if (errno != EINPROGRESS && errno != EINTR)
    outgoingError_ = errno;
  awaitOutgoing();
}

void ReadinessChannel::cancelConnect() noexcept {
  if (state_.outgoing == Outgoing::connect) endOutgoing();
}

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
  begin(Outgoing::send);
  outgoingError_ = error;
  sender_ = &handler;
  try {
    if (!sending_) sending_ = std::make_unique<Sending>();
    sending_->data = std::move(data);
  } catch (const std::bad_alloc&) {
    data.clear();
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
  if (backend_ && state_.outgoing == Outgoing::none) sending_ = std::move(sending);
  const bool sent = send(data, handler);
  if (sent) sending_.reset();
  return sent;
}

bool ReadinessChannel::sendFile(int file, std::uint64_t offset, std::size_t count,
                                SendHandler& handler) {
  if (state_.kind != Kind::streamSocket && state_.kind != Kind::unixStream) return false;
  auto sending = std::make_unique<Sending>(Sending{.file = {file, offset, count}});
  if (!begin(Outgoing::file)) return true;
  sending_ = std::move(sending);
  sender_ = &handler;
  writable_ = true;  // until a try says otherwise
  awaitOutgoing();
  return true;
}

void ReadinessChannel::cancelSend() noexcept {
  if (state_.outgoing != Outgoing::send && state_.outgoing != Outgoing::file) return;
  endOutgoing();
  sending_.reset();
}

void ReadinessChannel::close() noexcept {
  ReadinessBackend* const backend = backend_;
  if (backend) backend->forget(*this);
  detach();
  if (backend)
    backend->bury(*this);
  else
    delete this;
}

void ReadinessChannel::detach() noexcept {
  backend_ = nullptr;
  state_.incoming = Incoming::none;
  state_.outgoing = Outgoing::none;
  socketToTry_ = -1;
  sending_.reset();
  unschedule();
  descriptor_.reset();
}

void ReadinessChannel::robbed() noexcept {
  static_cast<void>(descriptor_.release());
  socketToTry_ = -1;
  // There is nothing to wait for: what is tried without a descriptor fails at once.
  state_.watched = state_.readable = writable_ = true;
  backend_->schedule(*this);
}

// Working. After each call of a handler everything may have changed.

void ReadinessChannel::work() {
  if (state_.outgoing == Outgoing::connect && (writable_ || outgoingError_ != 0)) finishConnect();
  // What the peer sent before it reset the connection is delivered before a send fails by that.
  if (state_.incoming != Incoming::none && !state_.paused &&
      (state_.readable || incomingError_ != 0)) {
    if (state_.incoming == Incoming::receive)
      receiveSome();
    else if (state_.incoming == Incoming::accept)
      acceptSome();
    else
      receiveSomeDatagrams();
  }
  if (state_.outgoing == Outgoing::send && (writable_ || outgoingError_ != 0)) sendMore();
  if (state_.outgoing == Outgoing::file && (writable_ || outgoingError_ != 0)) sendSomeFile();
}

void ReadinessChannel::finishConnect() {
  int error = std::exchange(outgoingError_, 0);
  if (error == 0) {
    socklen_t size = sizeof error;
    if (::getsockopt(descriptor_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  }
  endOutgoing();
  ConnectHandler& handler = *connecter_;
  callHandler("while telling the outcome of a connect", [&] {
    if (error == 0)
      handler.connected();
    else
      handler.connectFailed(systemError(error));
  });
}

inline ssize_t ReadinessChannel::receiveInto(std::span<std::byte> buffer) const noexcept {
  if (state_.kind == Kind::file) [[unlikely]]
    return ::read(descriptor_.get(), buffer.data(), buffer.size());
  return ::recv(descriptor_.get(), buffer.data(), buffer.size(), 0);
}

void ReadinessChannel::receiveSome() {
  if (incomingError_ != 0) return endReceive(std::exchange(incomingError_, 0));
  if (state_.kind == Kind::unixStream) return receiveSomeOfUnix();
  receiveSome(receiveInto(backend_->readBuffer()));
}

// Goes on from the first try, which has got `count` bytes or failed with what errno says.
void ReadinessChannel::receiveSome(ssize_t count) {
  state_.readable = true;
  for (int tries = 1;; ++tries) {
    if (count == 0) return endReceive(0);
    if (count > 0) {
      const auto bytes = backend_->readBuffer().first(static_cast<std::size_t>(count));
      if (bytes.size() < ReadinessBackend::readBufferBytes && state_.kind == Kind::streamSocket &&
          !state_.drain)
        state_.readable = false;
      ReceiveHandler& handler = *receiver_;
      callHandler("while handling received data", [&] { handler.received(bytes); });
      if (!state_.readable || !backend_ || state_.incoming != Incoming::receive || state_.paused)
        return;
    } else if (errno == EAGAIN) {
      state_.readable = state_.drain = false;
      return;
    } else if (errno != EINTR) {
      return endReceive(errno);
    }
    if (tries == ReadinessBackend::receivesPerTurn) return backend_->schedule(*this);
    count = receiveInto(backend_->readBuffer());
  }
}

// On a UNIX stream, descriptors may come with the bytes; they are delivered first.
void ReadinessChannel::receiveSomeOfUnix() {
  for (int tries = 0; tries < ReadinessBackend::receivesPerTurn; ++tries) {
    const std::span<std::byte> buffer = backend_->readBuffer();
    std::vector<FileDescriptor> descriptors;
    const ssize_t count = receiveWithDescriptors(descriptor_.get(), buffer, descriptors);
    const int error = errno;
    ReceiveHandler& handler = *receiver_;
    if (!descriptors.empty()) {
      callHandler("while handling received descriptors",
                  [&] { handler.descriptorsReceived(std::move(descriptors)); });
      if (!backend_ || state_.incoming != Incoming::receive) return;
    } else if (count > 0 && static_cast<std::size_t>(count) < buffer.size() && !state_.drain) {
      state_.readable = false;
    }
    if (count > 0) {
      const auto bytes = buffer.first(static_cast<std::size_t>(count));
      callHandler("while handling received data", [&] { handler.received(bytes); });
      if (!state_.readable || !backend_ || state_.incoming != Incoming::receive || state_.paused)
        return;
    } else if (count == 0) {
      return endReceive(0);
    } else if (error == EAGAIN) {
      state_.readable = state_.drain = false;
      return;
    } else if (error != EINTR) {
      return endReceive(error);
    }
  }
  backend_->schedule(*this);
}

void ReadinessChannel::endReceive(int error) {
  state_.incoming = Incoming::none;
  ReceiveHandler& handler = *receiver_;
  callHandler("while handling the end of a stream",
              [&] { handler.receiveEnded(error == 0 ? std::error_code{} : systemError(error)); });
}

void ReadinessChannel::receiveSomeDatagrams() {
  DatagramHandler& handler = *datagrams_;
  for (int tries = 0; tries < ReadinessBackend::datagramsPerTurn; ++tries) {
    const Datagram datagram = incomingError_ != 0
                                  ? Datagram::ended(std::exchange(incomingError_, 0))
                                  : Datagram::receive(descriptor_.get(), backend_->readBuffer());
    switch (datagram.outcome) {
      case Datagram::Outcome::none:
        state_.readable = false;
        return;
      case Datagram::Outcome::received:
        callHandler("while handling a datagram", [&] {
          handler.datagramReceived(datagram.bytes, datagram.from, datagram.truncated);
        });
        break;
      case Datagram::Outcome::failed:
        callHandler("while handling the failure of a datagram",
                    [&] { handler.datagramFailed(systemError(datagram.error)); });
        break;
      case Datagram::Outcome::ended:
        state_.incoming = Incoming::none;
        callHandler("while handling the end of datagrams",
                    [&] { handler.datagramsEnded(systemError(datagram.error)); });
        return;
    }
    if (!backend_ || state_.incoming != Incoming::datagrams || state_.paused) return;
  }
  backend_->schedule(*this);
}

void ReadinessChannel::acceptSome() {
  if (incomingError_ != 0) {
    failAccept(std::exchange(incomingError_, 0));
    return;
  }
  for (int tries = 0; tries < ReadinessBackend::acceptsPerTurn; ++tries) {
    NativeAddress peer;
    peer.size = sizeof peer.storage;
    const int accepted =
        ::accept4(descriptor_.get(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      acceptOne(accepted, peer);
      if (!backend_ || state_.incoming != Incoming::accept || state_.paused) return;
      continue;
    }
    switch (errno) {
      case EAGAIN:
        state_.readable = false;
        return;
      // The connection that would have been next is broken (accept(2), "Error handling").
      case EINTR:
      case ECONNABORTED:
      case EPERM:
      case EPROTO:
      case ENETDOWN:
      case ENETUNREACH:
      case ENONET:
      case EHOSTDOWN:
      case EHOSTUNREACH:
        break;
      default:
        failAccept(errno);
        return;
    }
  }
  backend_->schedule(*this);
}

void ReadinessChannel::acceptOne(int descriptor, const NativeAddress& peer) {
  FileDescriptor owned(descriptor);
  ChannelPtr channel;
  try {
    channel = backend_->add(std::move(owned), state_.kind);
  } catch (const std::bad_alloc&) {
    failAccept(ENOMEM);
    return;
  }
  AcceptHandler& handler = *accepter_;
  callHandler("while handling a new connection",
              [&] { handler.accepted(std::move(channel), peer); });
}

void ReadinessChannel::failAccept(int error) {
  state_.paused = true;
  AcceptHandler& handler = *accepter_;
  callHandler("while handling a failed accept", [&] { handler.acceptFailed(systemError(error)); });
}

void ReadinessChannel::sendMore() {
  int error = std::exchange(outgoingError_, 0);
  std::size_t taken = 0;
  const Progress progress = error != 0
                                ? Progress::failed
                                : transmit(sending_->data, sendOnce(sending_->data), taken, error);
  SendHandler& handler = *sender_;
  switch (progress) {
    case Progress::failed:
      endOutgoing();
      sending_.reset();
      callHandler("while handling a failed send", [&] { handler.sendFailed(systemError(error)); });
      return;
    case Progress::done:
      endOutgoing();
      sending_.reset();
      break;
    case Progress::yielded:
      backend_->schedule(*this);
      break;
    case Progress::blocked:
      break;
  }
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
  endOutgoing();
  sending_.reset();
  SendHandler& handler = *sender_;
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
