#include <hawser/net/detail/tcp_connection.h>

#include <hawser/base/logging.h>
#include <hawser/defer/detail/handler_scope.h>
#include <hawser/net/detail/native.h>
#include <hawser/net/detail/user_code.h>
#include <hawser/net/errors.h>
#include <hawser/net/file_descriptor_receiver.h>
#include <hawser/net/producer.h>
#include <hawser/net/protocol.h>
#include <hawser/reactor/detail/descriptor_passing.h>
#include <hawser/reactor/detail/handler_mark.h>
#include <hawser/reactor/reactor.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace hawser::detail {

namespace {

using namespace std::chrono_literals;

constexpr WriteLimits defaultLimits;

// So much in one piece does not wait for the end of the turn: copying it would cost more than a
// call.
constexpr std::size_t bulkBytes = 32 * 1024;

// How long a peer may go on sending after this side has closed.
constexpr auto lingerTime = 2s;

}  // namespace

// Calls the protocol or the producer: user code, which may throw.
template <class Object, class Event>
void TcpConnection::notify(const char* name, const Object& object, Event event) {
  const HandlerScope scope;
  const HandlerMark mark(name, object);
  try {
    event();
  } catch (...) {
    eventThrew(name);
  }
}

// In a handler for what `name` threw.
void TcpConnection::eventThrew(const char* name) {
  const Failure thrown = Failure::current();
  logThrown(thrown, name, [&] {
    return fmt::format("{} threw; aborting the connection with {}", name, where());
  });
  if (channel_)
    abort(failureOr([&] { return Failure(ConnectionAborted(where())).withCause(thrown); }));
}

void TcpConnection::start(Reactor& reactor, ChannelPtr&& channel, const Address& host,
                          const Address& peer, std::shared_ptr<Protocol> protocol,
                          std::shared_ptr<ConnectionObserver> maker) {
  auto connection = std::make_shared<TcpConnection>(reactor, std::move(channel), host, peer,
                                                    std::move(protocol), std::move(maker));
  reactor.attach(*connection);
  connection->notify("connectionMade", *connection->protocol_,
                     [&] { connection->protocol_->makeConnection(*connection); });
  if (connection->channel_ && !connection->readPaused_ && !connection->receiving_)
    connection->startReceiving();
}

TcpConnection::TcpConnection(Reactor& reactor, ChannelPtr channel, const Address& host,
                             const Address& peer, std::shared_ptr<Protocol> protocol,
                             std::shared_ptr<ConnectionObserver> maker)
    : reactor_(reactor),
      channel_(std::move(channel)),
      protocol_(std::move(protocol)),
      maker_(std::move(maker)),
      peer_(peer),
      host_(host) {}

TcpConnection::~TcpConnection() = default;

bool TcpConnection::writable() const noexcept {
  if (!channel_ || is_.writeEnding) return false;
  return !is_.disconnecting || (extras_ && extras_->producer);
}

void TcpConnection::write(std::string_view bytes) {
  if (!free() || !queue_.takesFirst(bytes)) [[unlikely]]
    return writeWith(bytes);
  reactor_.afterTurn(*this);
  queue_.appendFirst(bytes);
}

void TcpConnection::writeWith(std::string_view bytes) {
  if (bytes.empty() || !writable()) return;
  if (free() && bytes.size() >= bulkBytes && bytes.size() <= defaultLimits.hardCap) {
    flush();
    if (free()) return writeBulk(bytes);
  }
  queue_.append(bytes);
  if (!is_.sending) reactor_.afterTurn(*this);
  if (queue_.size() > defaultLimits.highWater || extras_) checkLimits();
}

void TcpConnection::writeBulk(std::string_view bytes) {
  const std::size_t taken = channel_->trySend(bytes);
  if (taken == bytes.size()) return;
  reactor_.afterTurn(*this);
  try {
    queue_.append(bytes.substr(taken));
  } catch (...) {
    // The peer must not take what comes next for the rest.
    if (taken != 0) abortConnection();
    throw;
  }
  checkLimits();
}

void TcpConnection::sendFileDescriptor(int descriptor) {
  if (peer_.family() != Address::Family::local) return Transport::sendFileDescriptor(descriptor);
  if (!writable()) return;
  FileDescriptor duplicate(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (!duplicate) throw std::system_error(errno, std::generic_category(), "sendFileDescriptor");
  Outgoing& sending = outgoing();
  sending.cut(queue_);
  if (sending.descriptors().size() == mostDescriptors)
    throw std::length_error("sendFileDescriptor: 253 descriptors wait for a byte to go with");
  sending.descriptors().push_back(std::move(duplicate));
  if (!is_.sending) reactor_.afterTurn(*this);
}

Deferred<std::uint64_t> TcpConnection::sendFile(FileDescriptor file, std::uint64_t offset,
                                                std::optional<std::uint64_t> count) {
  if (!writable()) return Failure(ConnectionLost(where(), "it is closed, and no file can be sent"));
  auto sending = std::make_shared<FileSending>();
  try {
    const std::uint64_t size = sizeFrom(file, offset);
    sending->left = count.value_or(size);
  } catch (...) {
    return Failure::current();
  }
  sending->file = std::move(file);
  sending->offset = offset;
  auto [result, resolver] =
      makeDeferred<std::uint64_t>([weak = weak_from_this(), file = std::weak_ptr(sending)] {
        const auto self = std::static_pointer_cast<TcpConnection>(weak.lock());
        const auto found = file.lock();
        if (self && found) self->cancelFile(*found);
      });
  sending->resolver = std::move(resolver);
  outgoing().cut(queue_);
  outgoing().add(std::move(sending));
  if (!is_.sending) reactor_.afterTurn(*this);
  return std::move(result);
}

void TcpConnection::cancelFile(FileSending& sending) {
  sending.resolver = {};
  if (!channel_ || !outgoing().cancel(sending, *channel_)) return;
  is_.sending = false;
  reactor_.afterTurn(*this);
}

std::string TcpConnection::where() const {
  return isStandardIO() ? "standard input and output" : peer_.toString();
}

void TcpConnection::checkLimits() {
  const WriteLimits& limits = extras_ ? extras_->limits : defaultLimits;
  const std::size_t queued = queuedBytes();
  if (queued > limits.hardCap)
    return abort(failureOr([&] { return Failure(WriteQueueFullError(where(), limits.hardCap)); }));
  if (queued <= limits.highWater || !extras_ || !extras_->producer) return;
  if (!extras_->streaming || std::exchange(extras_->paused, true)) return;
  const auto producer = extras_->producer;
  notify("pauseProducing", *producer, [&] { producer->pauseProducing(); });
}

std::size_t TcpConnection::queuedBytes() const noexcept {
  const std::size_t cut = extras_ && extras_->outgoing ? extras_->outgoing->bytes() : 0;
  return cut + queue_.size() + (channel_ ? channel_->unsent() : 0);
}

void TcpConnection::loseConnection() {
  if (!channel_ || std::exchange(is_.disconnecting, true)) return;
  // What the peer still sends is thrown away, not left unread: a peer that writes before it reads
  // would never get to read what is queued for it.
  // A terminal's next line, though, is for the next program.
  if (isStandardIO()) {
    if (receiving_ && !readPaused_ && !readEnded_) channel_->pauseReceiving();
  } else if (!receiving_)
    startReceiving();
  else if (readPaused_ && !readEnded_)
    channel_->resumeReceiving();
  readPaused_ = false;
  reactor_.afterTurn(*this);
}

void TcpConnection::abortConnection() {
  if (channel_) abort(failureOr([&] { return Failure(ConnectionAborted(where())); }));
}

void TcpConnection::abort(Failure reason) {
  lost_ = std::move(reason);
  is_.special = true;
  resetOnClose();
  is_.disconnecting = true;
  closeChannel();
  reactor_.afterTurn(*this);
}

// Closing a lingering socket with a time of 0 sends a reset: the peer must not take what it has got
// for all of it.
void TcpConnection::resetOnClose() noexcept {
  const linger reset{1, 0};
  static_cast<void>(
      channel_->setOption(SOL_SOCKET, SO_LINGER, std::as_bytes(std::span(&reset, 1))));
}

void TcpConnection::loseWriteConnection() {
  if (!channel_ || is_.disconnecting || std::exchange(is_.writeEnding, true)) return;
  reactor_.afterTurn(*this);
}

Address TcpConnection::getHost() const {
  if (host_.family() == Address::Family::none && channel_)
    host_ = fromNative(channel_->localAddress());
  return host_;
}

void TcpConnection::setTcpNoDelay(bool on) {
  if (channel_) static_cast<void>(channel_->setOption(IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0));
}
bool TcpConnection::getTcpNoDelay() const { return option(IPPROTO_TCP, TCP_NODELAY); }
void TcpConnection::setTcpKeepAlive(bool on) {
  if (channel_) static_cast<void>(channel_->setOption(SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0));
}
bool TcpConnection::getTcpKeepAlive() const { return option(SOL_SOCKET, SO_KEEPALIVE); }

void TcpConnection::setSocketOption(const SocketOptionName& option,
                                    const SocketOptionValue& value) {
  if (!channel_) return;
  const auto bytes = std::as_bytes(std::span(value)).first(option.size);
  if (const std::error_code error = channel_->setOption(option.level, option.name, bytes))
    throw SocketOptionError(option.text, error.value());
}

std::optional<SocketOptionValue> TcpConnection::getSocketOption(
    const SocketOptionName& option) const {
  if (!channel_) return std::nullopt;
  SocketOptionValue value{};
  std::size_t size = 0;
  const auto bytes = std::as_writable_bytes(std::span(value)).first(option.size);
  if (const std::error_code error = channel_->getOption(option.level, option.name, bytes, size))
    throw SocketOptionError(option.text, error.value());
  return value;
}

bool TcpConnection::option(int level, int name) const {
  int value = 0;
  std::size_t size = 0;
  if (channel_)
    static_cast<void>(
        channel_->getOption(level, name, std::as_writable_bytes(std::span(&value, 1)), size));
  return value != 0;
}

TcpConnection::Extras& TcpConnection::extras() {
  if (!extras_) extras_ = std::make_unique<Extras>();
  is_.special = true;
  return *extras_;
}

void TcpConnection::setWriteLimits(WriteLimits limits) {
  if (channel_) extras().limits = limits;
}

void TcpConnection::registerProducer(std::shared_ptr<Producer> producer, bool streaming) {
  if (!channel_) return producer->stopProducing();
  if (extras().producer)
    throw std::logic_error("registerProducer: a producer is registered already");
  extras_->producer = std::move(producer);
  extras_->streaming = streaming;
  extras_->paused = false;
  if (!streaming) reactor_.afterTurn(*this);
}

void TcpConnection::unregisterProducer() {
  if (!extras_ || !extras_->producer) return;
  extras_->producer = nullptr;
  if (channel_) reactor_.afterTurn(*this);
}

void TcpConnection::pauseProducing() {
  if (!channel_ || is_.disconnecting || std::exchange(readPaused_, true)) return;
  if (receiving_ && !readEnded_) channel_->pauseReceiving();
}

void TcpConnection::resumeProducing() {
  if (!channel_ || is_.disconnecting || !std::exchange(readPaused_, false) || readEnded_) return;
  if (receiving_)
    channel_->resumeReceiving();
  else
    startReceiving();
}

void TcpConnection::startReceiving() {
  receiving_ = true;
  channel_->receive(*this);
}

void TcpConnection::received(std::span<const std::byte> bytes) {
  if (is_.disconnecting) {
    discarded_ = true;
    return;
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  // The channel's call is a handler's scope already.
  const HandlerMark mark("dataReceived", *protocol_);
  try {
    protocol_->dataReceived(text);
  } catch (...) {
    eventThrew("dataReceived");
  }
}

void TcpConnection::descriptorsReceived(std::vector<FileDescriptor> descriptors) {
  auto* const receiver = dynamic_cast<FileDescriptorReceiver*>(protocol_.get());
  if (!receiver && !is_.disconnecting && !std::exchange(complained_, true))
    logging::warn(
        fmt::format("closed {} descriptors from {}: the protocol is no FileDescriptorReceiver",
                    descriptors.size(), where()));
  for (FileDescriptor& descriptor : descriptors) {
    if (!receiver || is_.disconnecting) return;
    notify("fileDescriptorReceived", *protocol_,
           [&] { receiver->fileDescriptorReceived(std::move(descriptor)); });
  }
}

void TcpConnection::receiveEnded(std::error_code error) {
  readEnded_ = true;
  if (error) return fail(error);
  if (is_.disconnecting) {
    if (writeEnded_) finish(doneFailure());
    return;
  }
  notify("readConnectionLost", *protocol_, [&] { protocol_->readConnectionLost(); });
  if (channel_ && writeEnded_) finish(doneFailure());
}

void TcpConnection::sent(std::size_t bytes, std::size_t left) {
  if (extras_ && extras_->outgoing) extras_->outgoing->sent(bytes, left);
  if (left > 0) return;
  is_.sending = false;
  reactor_.afterTurn(*this);
}

// What the peer sent before it went has been delivered by now (see the rules of backends).
void TcpConnection::sendFailed(std::error_code error) { fail(error); }

void TcpConnection::fail(std::error_code error) {
  resetOnClose();
  finish(failureOr([&] { return Failure(ConnectionLost(where(), error.value())); }));
}

void TcpConnection::afterTurn() {
  if (!free()) [[unlikely]]
    return flushWith();
  flush();
}

// For when it is free.
inline void TcpConnection::flush() {
  if (!queue_.empty() && !channel_->send(queue_, *this)) is_.sending = true;
}

void TcpConnection::flushWith() {
  if (lost_) return finish(Failure(lost_));
  if (!channel_ || is_.sending) return;
  if (extras_ && extras_->outgoing && !flushOutgoing()) return;
  if (!queue_.empty() && !channel_->send(queue_, *this))
    is_.sending = true;
  else
    drained();
}

bool TcpConnection::flushOutgoing() {
  while (channel_) {
    Outgoing& outgoing = *extras_->outgoing;
    Outgoing::Progress progress{};
    try {
      progress = outgoing.flush(*channel_, queue_, *this);
    } catch (const std::bad_alloc&) {
      // What comes next is lost: the peer must not take what follows for it.
      fail(std::make_error_code(std::errc::not_enough_memory));
      return false;
    }
    switch (progress) {
      case Outgoing::Progress::done:
        return true;
      case Outgoing::Progress::waiting:
        is_.sending = true;
        return false;
      case Outgoing::Progress::fileEnded: {
        const HandlerScope scope;
        Outgoing::Ended ended = outgoing.takeEnded();
        if (ended.file->resolver) ended.file->resolver.fire(std::move(ended.result));
      }
    }
  }
  return false;
}

Outgoing& TcpConnection::outgoing() {
  if (!extras().outgoing) extras_->outgoing = std::make_unique<Outgoing>();
  return *extras_->outgoing;
}

// Everything written so far is in the kernel's hands.
void TcpConnection::drained() {
  if (extras_ && extras_->producer) {
    const auto producer = extras_->producer;
    if (!extras_->streaming || std::exchange(extras_->paused, false))
      notify("resumeProducing", *producer, [&] { producer->resumeProducing(); });
    return;
  }
  if (is_.disconnecting) {
    if (peerStillSends()) return lingerForPeer();
    return finish(doneFailure());
  }
  if (!is_.writeEnding || std::exchange(writeEnded_, true)) return;
  // Of a connection that is gone receiving will tell, after what is left to be received.
  if (const std::error_code error = channel_->shutdownSend(); error && error.value() != ENOTCONN)
    return fail(error);
  notify("writeConnectionLost", *protocol_, [&] { protocol_->writeConnectionLost(); });
  if (channel_ && readEnded_) finish(doneFailure());
}

bool TcpConnection::peerStillSends() const noexcept {
  return !readEnded_ && (discarded_ || channel_->unread() > 0);
}

// A socket that is closed with bytes unread, or that gets some afterwards, answers with a reset,
// and that makes the peer's kernel throw away what the peer has not read yet: the end of what was
// to be flushed. So the peer is told that this side has finished, and may finish too.
void TcpConnection::lingerForPeer() {
  if (std::exchange(lingering_, true)) return;
  if (!std::exchange(writeEnded_, true)) static_cast<void>(channel_->shutdownSend());
  try {
    extras().lingerTimer = reactor_.callLater(lingerTime, [weak = weak_from_this()] {
      const auto self = std::static_pointer_cast<TcpConnection>(weak.lock());
      if (self && self->channel_) self->finish(self->doneFailure());
    });
  } catch (...) {
    finish(doneFailure());  // it must end at some time: without a timer, now
  }
}

void TcpConnection::disconnect() {
  if (channel_ && queuedBytes() > 0) resetOnClose();
  finish(failureOr([&] {
    return lost_ ? Failure(lost_) : Failure(ConnectionLost(where(), "its reactor ended"));
  }));
}

Failure TcpConnection::doneFailure() const noexcept {
  return failureOr([&] { return Failure(ConnectionDone(where())); });
}

void TcpConnection::closeChannel() noexcept {
  getHost();  // while there is somebody to ask
  channel_ = nullptr;
  queue_.clear();
  if (extras_ && extras_->outgoing) extras_->outgoing->close();
  is_.sending = false;
}

void TcpConnection::finish(const Failure& reason) {
  const auto self = shared_from_this();  // the circle is cut below
  if (channel_) closeChannel();
  AfterTurn::withdraw();
  Disconnectable::detach();
  is_.disconnecting = true;
  if (const auto extras = std::exchange(extras_, nullptr)) {
    if (extras->lingerTimer.active()) extras->lingerTimer.cancel();
    if (extras->producer)
      notify("stopProducing", *extras->producer, [&] { extras->producer->stopProducing(); });
    if (extras->outgoing) notify("sendFile", *protocol_, [&] { extras->outgoing->fail(reason); });
  }
  const auto protocol = std::exchange(protocol_, nullptr);
  notify("connectionLost", *protocol, [&] { protocol->connectionLost(reason); });
  if (const auto maker = std::exchange(maker_, nullptr))
    notify("connectionEnded", *maker, [&] { maker->connectionEnded(reason); });
}

}  // namespace hawser::detail
