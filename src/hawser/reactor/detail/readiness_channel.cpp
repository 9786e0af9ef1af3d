#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/descriptor_passing.h>
#include <hawser/reactor/detail/give_received.h>
#include <hawser/reactor/detail/readiness_backend.h>
#include <hawser/reactor/detail/readiness_channel.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace hawser::detail {

// A server has ten thousand of these that are silent; malloc makes 64 bytes of 56.
static_assert(sizeof(void*) != 8 || sizeof(ReadinessChannel) <= 56);

ReadinessChannel::ReadinessChannel(ReadinessBackend& backend, FileDescriptor descriptor, Kind kind,
                                   std::uint32_t generation) noexcept
    : SocketChannel(std::move(descriptor)),
      state_{.kind = kind},
      generation_(generation),
      backend_(&backend) {
  if (kind != Kind::file) socketToTry_ = descriptor_.get();
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
  dropOutgoing();
  if (state_.kind != Kind::file) socketToTry_ = descriptor_.get();
}

void ReadinessChannel::dropOutgoing() noexcept {
  const Outgoing ended = std::exchange(state_.outgoing, Outgoing::none);
  if (ended != Outgoing::connect && ended != Outgoing::refused) delete sending_;
  sending_ = nullptr;
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
  if (!state_.readable) incomingError_ = static_cast<std::uint8_t>(watch());
  if (state_.readable || incomingError_ != 0) backend_->schedule(*this);
}

void ReadinessChannel::awaitOutgoing() {
  if (!writable_ && outgoingError_ == 0) outgoingError_ = static_cast<std::int16_t>(watch());
  if (writable_ || outgoingError_ != 0) backend_->schedule(*this);
}

void ReadinessChannel::receive(ReceiveHandler& handler) {
  if (!begin(Incoming::receive)) return;
  receiver_ = &handler;
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
    outgoingError_ = static_cast<std::int16_t>(errno);
  awaitOutgoing();
}

void ReadinessChannel::cancelConnect() noexcept {
  if (state_.outgoing == Outgoing::connect) endOutgoing();
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
  dropOutgoing();
  socketToTry_ = -1;
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
  if (state_.outgoing == Outgoing::refused) failSend(ENOMEM);
}

void ReadinessChannel::finishConnect() {
  int error = std::exchange(outgoingError_, 0);
  if (error == 0) {
    socklen_t size = sizeof error;
    if (::getsockopt(descriptor_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  }
  ConnectHandler& handler = *connecter_;
  endOutgoing();
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
    if (count == 0) return endReceive(streamEnd());
    if (count > 0) {
      const auto bytes = backend_->readBuffer().first(static_cast<std::size_t>(count));
      if (bytes.size() < ReadinessBackend::readBufferBytes && state_.kind == Kind::streamSocket &&
          !state_.drain)
        state_.readable = false;
      giveReceived(*receiver_, bytes);
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
      giveReceived(handler, bytes);
      if (!state_.readable || !backend_ || state_.incoming != Incoming::receive || state_.paused)
        return;
    } else if (count == 0) {
      return endReceive(streamEnd());
    } else if (error == EAGAIN) {
      state_.readable = state_.drain = false;
      return;
    } else if (error != EINTR) {
      return endReceive(error);
    }
  }
  backend_->schedule(*this);
}

// What looks like the end in order is none if sending was told otherwise before.
int ReadinessChannel::streamEnd() const noexcept {
  if (const int error = brokenBy()) return error;
  return outgoingError_ != 0 && breaksStream(outgoingError_) ? outgoingError_ : 0;
}

void ReadinessChannel::endReceive(int error) {
  state_.incoming = Incoming::none;
  ReceiveHandler& handler = *receiver_;
  callHandler("while handling the end of a stream",
              [&] { handler.receiveEnded(error == 0 ? std::error_code{} : systemError(error)); });
}

}  // namespace hawser::detail
