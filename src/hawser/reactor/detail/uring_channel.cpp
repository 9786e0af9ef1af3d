#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/give_received.h>
#include <hawser/reactor/detail/uring_channel.h>
#include <hawser/reactor/detail/uring_requests.h>
#include <hawser/reactor/uring_backend.h>

#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace hawser::detail {

namespace {

// How many pieces in a row must fill a small buffer, or leave a large one nearly empty.
constexpr std::uint8_t enoughToChange = 4;

}  // namespace

UringChannel::UringChannel(UringBackend& backend, FileDescriptor descriptor, Kind kind) noexcept
    : SocketChannel(std::move(descriptor)), backend_(&backend), kind_(kind) {
  if (kind_ != Kind::streamSocket) reading_ = UringPool::Size::large;
}

UringChannel::~UringChannel() = default;

// What is wanted.

bool UringChannel::begin(Incoming operation) {
  if (!backend_) return false;
  if (is_.incoming != Incoming::none)
    throw std::logic_error("this channel accepts or receives already");
  is_.incoming = operation;
  is_.paused = false;
  backend_->schedule(*this);
  return true;
}

bool UringChannel::begin(Outgoing operation) {
  if (!backend_) return false;
  if (is_.outgoing != Outgoing::none)
    throw std::logic_error("this channel connects or sends already");
  is_.outgoing = operation;
  outcomeKnown_ = false;
  backend_->schedule(*this);
  return true;
}

void UringChannel::receive(ReceiveHandler& handler) {
  if (begin(Incoming::receive)) receiver_ = &handler;
}

void UringChannel::pauseIncoming() noexcept {
  is_.paused = true;
  if (backend_) backend_->schedule(*this);
}

void UringChannel::resumeIncoming() {
  is_.paused = false;
  if (backend_) backend_->schedule(*this);
}

void UringChannel::cancelIncoming(Incoming operation) noexcept {
  if (is_.incoming != operation) return;
  is_.incoming = Incoming::none;
  backend_->schedule(*this);
}

void UringChannel::connect(const NativeAddress& address, ConnectHandler& handler) {
  auto copy = std::make_unique<NativeAddress>(address);
  if (!begin(Outgoing::connect)) return;
  connecter_ = &handler;
  address_ = std::move(copy);
}

void UringChannel::cancelConnect() noexcept { cancelOutgoing(Outgoing::connect); }

bool UringChannel::send(SendQueue& data, SendHandler& handler) {
  if (!begin(Outgoing::send)) {
    data.clear();
    return false;
  }
  sender_ = &handler;
  sending_ = std::move(data);
  return false;
}

void UringChannel::cancelSend() noexcept { cancelOutgoing(Outgoing::send); }

void UringChannel::cancelOutgoing(Outgoing operation) noexcept {
  if (is_.outgoing != operation) return;
  is_.outgoing = Outgoing::none;
  outcomeKnown_ = false;
  if (outgoingRequest_ == Request::none) {
    sending_.clear();
    return;
  }
  outgoingOrphaned_ = true;
  orphans_.append(std::move(sending_));
  backend_->schedule(*this);
}

void UringChannel::close() noexcept {
  if (!backend_) {
    if (!inKernel()) delete this;
    return;
  }
  backend_->descriptors_.remove(*this);
  is_.closed = true;
  is_.incoming = Incoming::none;
  if (is_.outgoing != Outgoing::none) cancelOutgoing(is_.outgoing);
  inbox_.drop(backend_->pool_);
  accepted_.reset();
  unschedule();
  if (!inKernel()) {
    backend_->bury(*this);
    return;
  }
  backend_->schedule(*this);
  // The requests hold the socket open until they have ended. A connection can wait for the end of
  // the turn, but clients must not get through to a server that is closed.
  if (kind_ == Kind::file || (kind_ == Kind::streamSocket && !is_.listening) || backend_->forked())
    return;
  if (is_.listening) ::shutdown(descriptor_.get(), SHUT_RDWR);
  backend_->hurry();
}

void UringChannel::detach() noexcept {
  backend_ = nullptr;
  is_.incoming = Incoming::none;
  is_.outgoing = Outgoing::none;
  if (!inKernel()) sending_.clear();
  accepted_.reset();
  unschedule();
  descriptor_.reset();
}

// What the kernel has been given of it lives on there: the receiving is cancelled, what is being
// sent will complete. Requests without a descriptor fail.
void UringChannel::robbed() noexcept {
  static_cast<void>(descriptor_.release());
  if (is_.incoming != Incoming::none) incomingError_ = EBADF;
  if (is_.incoming == Incoming::receive) is_.ended = true;
  backend_->schedule(*this);
}

// What is requested of the kernel.

bool UringChannel::arrange() noexcept {
  if (is_.incomingRequest == Request::made && !incomingFits() && !cancelRequest(Slot::incoming))
    return false;
  if (outgoingRequest_ == Request::made && outgoingOrphaned_ && !cancelRequest(Slot::outgoing))
    return false;
  if (is_.closed) return !descriptor_ || requestClose();
  if (is_.incomingRequest == Request::none && wantsIncoming() && !requestIncoming()) return false;
  return outgoingRequest_ != Request::none || !wantsOutgoing() || requestOutgoing();
}

io_uring_sqe* UringChannel::request(Slot slot) noexcept {
  io_uring_sqe* const request = backend_->request();
  if (!request) return nullptr;
  request->fd = descriptor_.get();
  request->user_data = number(slot);
  ++requests_;
  return request;
}

bool UringChannel::cancelRequest(Slot slot) noexcept {
  const bool incoming = slot == Slot::incoming;
  io_uring_sqe* const cancel = request(incoming ? Slot::cancelIncoming : Slot::cancelOutgoing);
  if (!cancel) return false;
  prepareCancel(*cancel, number(slot));
  (incoming ? is_.incomingRequest : outgoingRequest_) = Request::cancelled;
  return true;
}

bool UringChannel::requestIncoming() noexcept {
  io_uring_sqe* const incoming = request(Slot::incoming);
  if (!incoming) return false;
  if (is_.incoming == Incoming::accept)
    prepareAccept(*incoming);
  else
    prepareReceive(*incoming, kind_, backend_->pool_.of(reading_),
                   reading_ == UringPool::Size::small);
  is_.incomingRequest = Request::made;
  starved_ = fed_ = false;
  is_.requested = is_.incoming;
  requestedReading_ = reading_;
  return true;
}

bool UringChannel::requestOutgoing() noexcept {
  UringMessage* message = nullptr;
  if (is_.outgoing == Outgoing::send && !isOnePiece(kind_, sending_)) {
    // It is taken for the requests of one submission: the place for this one comes first.
    if (!backend_->makeRoom()) return false;
    message = backend_->message();
    if (!message) return false;
  }
  io_uring_sqe* const outgoing = request(Slot::outgoing);
  if (!outgoing) return false;
  if (is_.outgoing == Outgoing::send)
    prepareSend(*outgoing, kind_, sending_, message);
  else
    prepareConnect(*outgoing, *address_);
  outgoingRequest_ = Request::made;
  return true;
}

bool UringChannel::requestClose() noexcept {
  io_uring_sqe* const closing = backend_->request();
  if (!closing) return false;
  // The number is free at once. The socket itself goes with the last request, which the kernel is
  // cancelling.
  prepareClose(*closing, descriptor_.release());
  closing->user_data = UringBackend::nobody;
  return true;
}

// What is known.

void UringChannel::complete(Slot slot, const io_uring_cqe& completion) noexcept {
  const bool lasts = (completion.flags & IORING_CQE_F_MORE) != 0;
  if (!lasts) --requests_;
  switch (slot) {
    case Slot::incoming:
      if (!lasts) is_.incomingRequest = Request::none;
      if (is_.requested == Incoming::accept)
        completeAccept(completion.res);
      else
        completeReceive(completion);
      break;
    case Slot::outgoing:
      outgoingRequest_ = Request::none;
      if (std::exchange(outgoingOrphaned_, false)) {
        orphans_.clear();
      } else {
        outcome_ = completion.res;
        outcomeKnown_ = true;
      }
      break;
    // A request that was just being worked on is not found: it is cancelled again if need be.
    case Slot::cancelIncoming:
      if (completion.res < 0 && is_.incomingRequest == Request::cancelled)
        is_.incomingRequest = Request::made;
      break;
    case Slot::cancelOutgoing:
      if (completion.res < 0 && outgoingRequest_ == Request::cancelled)
        outgoingRequest_ = Request::made;
      break;
  }
}

void UringChannel::completeReceive(const io_uring_cqe& completion) noexcept {
  const int result = completion.res;
  if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
    const std::uint16_t buffer =
        backend_->pool_.number(requestedReading_, completion.flags >> IORING_CQE_BUFFER_SHIFT);
    if (result > 0 && !is_.closed) {
      inbox_.add(backend_->pool_, buffer, static_cast<std::size_t>(result));
      fed_ = true;
      chooseSize(static_cast<std::size_t>(result));
      return;
    }
    backend_->pool_.giveBack(buffer);
    if (result > 0) return;
  }
  switch (result) {
    case -ENOBUFS:
      starved_ = !fed_;
      return;
    case -ECANCELED:
    case -EINTR:
    case -EAGAIN:
      return;
    default:
      is_.ended = true;
      incomingError_ = -result;
  }
}

// Large buffers for those who fill many small ones in a row; back when that has not been the case
// for some time, so that one message at the edge does not make it change its mind.
void UringChannel::chooseSize(std::size_t bytes) noexcept {
  if (kind_ != Kind::streamSocket) return;
  using Size = UringPool::Size;
  const bool against = (reading_ == Size::small) == (bytes >= UringPool::smallBytes);
  if (!against) {
    streak_ = 0;
  } else if (++streak_ == enoughToChange) {
    reading_ = reading_ == Size::small ? Size::large : Size::small;
    streak_ = 0;
  }
}

// Working. After each call of a handler everything may have changed.

void UringChannel::work() {
  if (is_.outgoing == Outgoing::connect && outcomeKnown_) finishConnect();
  // What the peer sent before it reset the connection is delivered before a send fails by that.
  if (is_.incoming == Incoming::receive && !is_.paused) {
    if (!inbox_.empty() || is_.ended) receiveSome();
  } else if (is_.incoming == Incoming::accept && !is_.paused) {
    acceptSome();
  }
  if (!inbox_.keep(backend_->pool_)) {
    is_.ended = true;
    incomingError_ = ENOMEM;
  }
  if (is_.outgoing == Outgoing::send && outcomeKnown_) finishSend();
}

void UringChannel::finishConnect() {
  is_.outgoing = Outgoing::none;
  outcomeKnown_ = false;
  address_.reset();
  ConnectHandler& handler = *connecter_;
  callHandler("while telling the outcome of a connect", [&] {
    if (outcome_ == 0)
      handler.connected();
    else
      handler.connectFailed(systemError(-outcome_));
  });
}

void UringChannel::finishSend() {
  if (outcome_ < 0) {
    if (unreadRemains()) return;
    outcomeKnown_ = false;
    if (outcome_ == -EINTR || outcome_ == -EAGAIN || outcome_ == -ECANCELED) return;
    is_.outgoing = Outgoing::none;
    sending_.clear();
    SendHandler& handler = *sender_;
    callHandler("while handling a failed send",
                [&] { handler.sendFailed(systemError(-outcome_)); });
    return;
  }
  outcomeKnown_ = false;
  const std::size_t taken = static_cast<std::size_t>(outcome_);
  sending_.consume(taken);
  const std::size_t left = sending_.size();
  if (left == 0) is_.outgoing = Outgoing::none;
  if (taken == 0) return;
  SendHandler& handler = *sender_;
  callHandler("while handling a completed send", [&] { handler.sent(taken, left); });
}

bool UringChannel::unreadRemains() const noexcept {
  return is_.incoming == Incoming::receive && !is_.paused && (is_.ended || unread() > 0);
}

std::size_t UringChannel::unread() const noexcept {
  return Channel::unread() + (backend_ ? inbox_.bytes(backend_->pool_) : 0);
}

void UringChannel::receiveSome() {
  std::size_t delivered = 0;
  while (!inbox_.empty()) {
    if (delivered >= UringBackend::bytesPerTurn) return;
    ReceiveHandler& handler = *receiver_;
    delivered += inbox_.deliver(backend_->pool_, [&handler](std::span<const std::byte> bytes) {
      giveReceived(handler, bytes);
    });
    if (is_.incoming != Incoming::receive || is_.paused) return;
  }
  if (is_.ended) endReceive();
}

void UringChannel::endReceive() {
  is_.incoming = Incoming::none;
  is_.ended = false;
  int error = std::exchange(incomingError_, 0);
  // What looks like the end in order is none if sending was told otherwise before.
  if (error == 0 && outcomeKnown_ && breaksStream(-outcome_)) error = -outcome_;
  ReceiveHandler& handler = *receiver_;
  callHandler("while handling the end of a stream",
              [&] { handler.receiveEnded(error == 0 ? std::error_code{} : systemError(error)); });
}

}  // namespace hawser::detail
