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
                                   std::uint64_t token) noexcept
    : SocketChannel(std::move(descriptor)), backend_(&backend), token_(token), kind_(kind) {}

// Starting, pausing, cancelling.

bool ReadinessChannel::begin(Incoming operation) {
  if (!backend_) return false;
  if (incoming_ != Incoming::none)
    throw std::logic_error("this channel accepts or receives already");
  incoming_ = operation;
  incomingError_ = 0;
  paused_ = false;
  return true;
}

bool ReadinessChannel::begin(Outgoing operation) {
  if (!backend_) return false;
  if (outgoing_ != Outgoing::none) throw std::logic_error("this channel connects or sends already");
  outgoing_ = operation;
  outgoingError_ = 0;
  return true;
}

int ReadinessChannel::watch() noexcept {
  if (watched_) return 0;
  const int error = backend_->watch(*this, token_);
  // What cannot be waited for, a file on a disk, need not be.
  if (error == EPERM && kind_ == Kind::file) watched_ = readable_ = writable_ = true;
  if (error == 0) watched_ = true;
  return watched_ ? 0 : error;
}

void ReadinessChannel::awaitIncoming() {
  if (!readable_) incomingError_ = watch();
  if (readable_ || incomingError_ != 0) backend_->schedule(*this);
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
  if (kind_ != Kind::otherSocket) return Channel::receiveDatagrams(handler);
  if (!begin(Incoming::datagrams)) return;
  datagrams_ = &handler;
  awaitIncoming();
}

void ReadinessChannel::resumeIncoming() {
  if (!std::exchange(paused_, false) || incoming_ == Incoming::none) return;
  if (incomingError_ != 0)
    backend_->schedule(*this);
  else
    awaitIncoming();  // what could not be waited for before may be by now
}

void ReadinessChannel::cancelIncoming(Incoming operation) noexcept {
  if (incoming_ == operation) incoming_ = Incoming::none;
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
  if (outgoing_ == Outgoing::connect) outgoing_ = Outgoing::none;
}

bool ReadinessChannel::send(SendQueue& data, SendHandler& handler) {
  if (!begin(Outgoing::send)) {
    data.clear();
    return false;
  }
  std::size_t taken = 0;
  // Until a try fails, nothing is known against it.
  if (transmit(data, taken, outgoingError_) == Progress::done) {
    outgoing_ = Outgoing::none;
    return true;
  }
  sender_ = &handler;
  sending_ = std::move(data);
  awaitOutgoing();
  return false;
}

bool ReadinessChannel::sendWithDescriptors(SendQueue& data, std::vector<FileDescriptor> descriptors,
                                           SendHandler& handler) {
  if (kind_ != Kind::unixStream)
    return Channel::sendWithDescriptors(data, std::move(descriptors), handler);
  auto besides = std::make_unique<Besides>(Besides{std::move(descriptors)});
  if (backend_ && outgoing_ == Outgoing::none) besides_ = std::move(besides);
  return send(data, handler);
}

bool ReadinessChannel::sendFile(int file, std::uint64_t offset, std::size_t count,
                                SendHandler& handler) {
  if (kind_ != Kind::streamSocket && kind_ != Kind::unixStream) return false;
  auto besides = std::make_unique<Besides>(Besides{{}, {file, offset, count}});
  if (!begin(Outgoing::file)) return true;
  besides_ = std::move(besides);
  sender_ = &handler;
  writable_ = true;  // until a try says otherwise
  awaitOutgoing();
  return true;
}

void ReadinessChannel::cancelSend() noexcept {
  if (outgoing_ != Outgoing::send && outgoing_ != Outgoing::file) return;
  outgoing_ = Outgoing::none;
  besides_.reset();
  sending_.clear();
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
  closed_ = true;
  backend_ = nullptr;
  incoming_ = Incoming::none;
  outgoing_ = Outgoing::none;
  besides_.reset();
  sending_.clear();
  unschedule();
  descriptor_.reset();
}

void ReadinessChannel::robbed() noexcept {
  static_cast<void>(descriptor_.release());
  // There is nothing to wait for: what is tried without a descriptor fails at once.
  watched_ = readable_ = writable_ = true;
  backend_->schedule(*this);
}

// Working. After each call of a handler everything may have changed.

void ReadinessChannel::work() {
  if (outgoing_ == Outgoing::connect && (writable_ || outgoingError_ != 0)) finishConnect();
  // What the peer sent before it reset the connection is delivered before a send fails by that.
  if (incoming_ != Incoming::none && !paused_ && (readable_ || incomingError_ != 0)) {
    if (incoming_ == Incoming::receive)
      receiveSome();
    else if (incoming_ == Incoming::accept)
      acceptSome();
    else
      receiveSomeDatagrams();
  }
  if (outgoing_ == Outgoing::send && (writable_ || outgoingError_ != 0)) sendMore();
  if (outgoing_ == Outgoing::file && (writable_ || outgoingError_ != 0)) sendSomeFile();
}

void ReadinessChannel::finishConnect() {
  int error = std::exchange(outgoingError_, 0);
  if (error == 0) {
    socklen_t size = sizeof error;
    if (::getsockopt(descriptor_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  }
  outgoing_ = Outgoing::none;
  ConnectHandler& handler = *connecter_;
  callHandler("while telling the outcome of a connect", [&] {
    if (error == 0)
      handler.connected();
    else
      handler.connectFailed(systemError(error));
  });
}

void ReadinessChannel::receiveSome() {
  if (incomingError_ != 0) {
    endReceive(std::exchange(incomingError_, 0));
    return;
  }
  for (int tries = 0; tries < ReadinessBackend::receivesPerTurn; ++tries) {
    const std::span<std::byte> buffer = backend_->readBuffer();
    const ssize_t count = kind_ == Kind::streamSocket
                              ? ::recv(descriptor_.get(), buffer.data(), buffer.size(), 0)
                              : receiveInto(buffer);
    if (kind_ == Kind::unixStream && (closed_ || incoming_ != Incoming::receive)) return;
    if (count > 0) {
      const std::size_t size = static_cast<std::size_t>(count);
      if (size < buffer.size() && kind_ == Kind::streamSocket && !drain_) readable_ = false;
      ReceiveHandler& handler = *receiver_;
      callHandler("while handling received data", [&] { handler.received(buffer.first(size)); });
      if (closed_ || incoming_ != Incoming::receive || paused_ || !readable_) return;
    } else if (count == 0) {
      endReceive(0);
      return;
    } else if (errno == EAGAIN) {
      readable_ = drain_ = false;
      return;
    } else if (errno != EINTR) {
      endReceive(errno);
      return;
    }
  }
  backend_->schedule(*this);
}

ssize_t ReadinessChannel::receiveInto(std::span<std::byte> buffer) {
  if (kind_ == Kind::file) return ::read(descriptor_.get(), buffer.data(), buffer.size());
  if (kind_ == Kind::otherSocket) return ::recv(descriptor_.get(), buffer.data(), buffer.size(), 0);
  std::vector<FileDescriptor> descriptors;
  const ssize_t count = receiveWithDescriptors(descriptor_.get(), buffer, descriptors);
  if (!descriptors.empty()) {
    ReceiveHandler& handler = *receiver_;
    callHandler("while handling received descriptors",
                [&] { handler.descriptorsReceived(std::move(descriptors)); });
  } else if (count > 0 && static_cast<std::size_t>(count) < buffer.size() && !drain_) {
    readable_ = false;
  }
  return count;
}

void ReadinessChannel::endReceive(int error) {
  incoming_ = Incoming::none;
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
        readable_ = false;
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
        incoming_ = Incoming::none;
        callHandler("while handling the end of datagrams",
                    [&] { handler.datagramsEnded(systemError(datagram.error)); });
        return;
    }
    if (closed_ || incoming_ != Incoming::datagrams || paused_) return;
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
      if (closed_ || incoming_ != Incoming::accept || paused_) return;
      continue;
    }
    switch (errno) {
      case EAGAIN:
        readable_ = false;
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
    channel = backend_->add(std::move(owned), kind_);
  } catch (const std::bad_alloc&) {
    failAccept(ENOMEM);
    return;
  }
  AcceptHandler& handler = *accepter_;
  callHandler("while handling a new connection",
              [&] { handler.accepted(std::move(channel), peer); });
}

void ReadinessChannel::failAccept(int error) {
  paused_ = true;
  AcceptHandler& handler = *accepter_;
  callHandler("while handling a failed accept", [&] { handler.acceptFailed(systemError(error)); });
}

void ReadinessChannel::sendMore() {
  int error = std::exchange(outgoingError_, 0);
  std::size_t taken = 0;
  const Progress progress = error != 0 ? Progress::failed : transmit(sending_, taken, error);
  SendHandler& handler = *sender_;
  switch (progress) {
    case Progress::failed:
      outgoing_ = Outgoing::none;
      besides_.reset();
      sending_.clear();
      callHandler("while handling a failed send", [&] { handler.sendFailed(systemError(error)); });
      return;
    case Progress::done:
      outgoing_ = Outgoing::none;
      break;
    case Progress::yielded:
      backend_->schedule(*this);
      break;
    case Progress::blocked:
      break;
  }
  if (taken == 0) return;
  const std::size_t left = sending_.size();
  callHandler("while handling a completed send", [&] { handler.sent(taken, left); });
}

void ReadinessChannel::sendSomeFile() {
  int error = std::exchange(outgoingError_, 0);
  std::size_t taken = 0;
  if (error == 0) error = besides_->file.sendTo(descriptor_.get(), taken);
  if (error == EAGAIN) {
    writable_ = false;
    awaitOutgoing();
    return;
  }
  outgoing_ = Outgoing::none;
  besides_.reset();
  SendHandler& handler = *sender_;
  callHandler("while handling the sending of a file", [&] {
    if (error == 0)
      handler.sent(taken, 0);
    else
      handler.sendFailed(systemError(error));
  });
}

ReadinessChannel::Progress ReadinessChannel::transmit(SendQueue& data, std::size_t& taken,
                                                      int& error) noexcept {
  std::array<iovec, 64> pieces;  // written by gather before it is read
  for (int tries = 0; tries < ReadinessBackend::sendsPerTurn; ++tries) {
    const std::size_t count = data.gather(pieces);
    ssize_t sent = 0;
    if (besides_) {
      sent = sendDescriptors(descriptor_.get(), {pieces.data(), count}, besides_->descriptors);
      if (sent > 0) besides_.reset();
    } else if (kind_ == Kind::file) {
      sent = ::writev(descriptor_.get(), pieces.data(), static_cast<int>(count));
    } else if (count == 1) {
      sent = ::send(descriptor_.get(), pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = pieces.data();
      message.msg_iovlen = count;
      sent = ::sendmsg(descriptor_.get(), &message, MSG_NOSIGNAL);
    }
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
  }
  writable_ = true;
  return Progress::yielded;
}

}  // namespace hawser::detail
