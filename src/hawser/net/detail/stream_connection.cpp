#include <hawser/net/detail/stream_connection.h>

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
#include <cstring>
#include <memory>
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

// A longer piece is worth a block of memory of its own.
constexpr std::size_t shortBytes = 2 * 1024;

// How long a peer may go on sending after this side has closed.
constexpr auto lingerTime = 2s;

}  // namespace

// Calls the protocol or the producer: user code, which may throw.
template <class Object, class Event>
void StreamConnection::notify(const char* name, const Object& object, Event event) {
  const HandlerScope scope;
  const HandlerMark mark(name, object);
  try {
    event();
  } catch (...) {
    eventThrew(name);
  }
}

// In a handler for what `name` threw.
void StreamConnection::eventThrew(const char* name) {
  const Failure thrown = Failure::current();
  logThrown(thrown, name, [&] {
    return fmt::format("{} threw; aborting the connection with {}", name, where());
  });
  if (channel_)
    abort(failureOr([&] { return Failure(ConnectionAborted(where())).withCause(thrown); }));
}

void StreamConnection::start(Reactor& reactor, ChannelPtr channel, const Address& peer,
                             std::shared_ptr<Protocol> protocol,
                             std::shared_ptr<ConnectionObserver> maker) {
  auto connection = std::make_shared<StreamConnection>(reactor, std::move(channel), peer,
                                                       std::move(protocol), std::move(maker));
  reactor.attach(*connection);
  connection->notify("connectionMade", *connection->protocol_,
                     [&] { connection->protocol_->makeConnection(*connection); });
  if (connection->channel_ && !connection->readPaused_ && !connection->receiving_)
    connection->startReceiving();
}

StreamConnection::StreamConnection(Reactor& reactor, ChannelPtr channel, const Address& peer,
                                   std::shared_ptr<Protocol> protocol,
                                   std::shared_ptr<ConnectionObserver> maker)
    : reactor_(reactor),
      channel_(std::move(channel)),
      protocol_(std::move(protocol)),
      maker_(std::move(maker)),
      queue_(),
      peer_(peer) {
  is_.special = !channel_->triesToSend();
}

StreamConnection::~StreamConnection() {
  if (channel_)
    std::destroy_at(&queue_);
  else
    std::destroy_at(&host_);
}

bool StreamConnection::writable() const noexcept {
  if (!channel_ || is_.writeEnding) return false;
  return !is_.disconnecting || (extras_ && extras_->producer);
}

inline void StreamConnection::askForTurnEnd() noexcept {
  is_.asked = true;
  reactor_.afterTurn(*this);
}

void StreamConnection::write(std::string_view bytes) {
  if (is_ != Standing{} || bytes.size() - 1 >= shortBytes) [[unlikely]]
    return writeWith(bytes);
  TurnBuffer& buffer = reactor_.turnBuffer();
  if (bytes.size() > buffer.room()) [[unlikely]]
    return writeWith(bytes);
  char* const place = buffer.take(bytes.size());
  askForTurnEnd();
  written_ = place;
  writtenBytes_ = static_cast<std::uint32_t>(bytes.size());
  std::memcpy(place, bytes.data(), bytes.size());
}

void StreamConnection::writeWith(std::string_view bytes) {
  if (bytes.empty() || !writable()) return;
  if (is_ == Standing{} || onlyAsked()) {
    if (extendWritten(bytes)) return;
    if (bytes.size() >= bulkBytes && bytes.size() <= defaultLimits.hardCap) {
      if (sendQueued()) return writeBulk(bytes);
      if (!channel_) return;
    }
  }
  queueWritten();
  queue_.append(bytes);
  if (!is_.sending) askForTurnEnd();
  if (queue_.size() > defaultLimits.highWater || extras_) checkLimits();
}

bool StreamConnection::extendWritten(std::string_view bytes) noexcept {
  TurnBuffer& buffer = reactor_.turnBuffer();
  if (writtenBytes_ == 0 || written_ + writtenBytes_ != buffer.next() ||
      bytes.size() > shortBytes || bytes.size() > buffer.room())
    return false;
  std::memcpy(buffer.take(bytes.size()), bytes.data(), bytes.size());
  writtenBytes_ += static_cast<std::uint32_t>(bytes.size());
  return true;
}

void StreamConnection::queueWritten() {
  queue_.append(written());
  writtenBytes_ = 0;
}

void StreamConnection::writeBulk(std::string_view bytes) {
  const std::size_t taken = channel_->trySend(bytes);
  if (taken == bytes.size()) return;
  askForTurnEnd();
  try {
    queue_.append(bytes.substr(taken));
  } catch (...) {
    // The peer must not take what comes next for the rest.
    if (taken != 0) abortConnection();
    throw;
  }
  checkLimits();
}

void StreamConnection::sendFileDescriptor(int descriptor) {
  if (peer_.family() != Address::Family::local) return Transport::sendFileDescriptor(descriptor);
  if (!writable()) return;
  FileDescriptor duplicate(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (!duplicate) throw std::system_error(errno, std::generic_category(), "sendFileDescriptor");
  queueWritten();
  Outgoing& sending = outgoing();
  sending.cut(queue_);
  if (sending.descriptors().size() == mostDescriptors)
    throw std::length_error("sendFileDescriptor: 253 descriptors wait for a byte to go with");
  sending.descriptors().push_back(std::move(duplicate));
  if (!is_.sending) askForTurnEnd();
}

Deferred<std::uint64_t> StreamConnection::sendFile(FileDescriptor file, std::uint64_t offset,
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
        const auto self = std::static_pointer_cast<StreamConnection>(weak.lock());
        const auto found = file.lock();
        if (self && found) self->cancelFile(*found);
      });
  sending->resolver = std::move(resolver);
  queueWritten();
  outgoing().cut(queue_);
  outgoing().add(std::move(sending));
  if (!is_.sending) askForTurnEnd();
  return std::move(result);
}

void StreamConnection::cancelFile(FileSending& sending) {
  sending.resolver = {};
  if (!channel_ || !outgoing().cancel(sending, *channel_)) return;
  is_.sending = false;
  askForTurnEnd();
}

std::string StreamConnection::where() const {
  return isStandardIO() ? "standard input and output" : peer_.toString();
}

void StreamConnection::checkLimits() {
  const WriteLimits& limits = extras_ ? extras_->limits : defaultLimits;
  const std::size_t queued = queuedBytes();
  if (queued > limits.hardCap)
    return abort(failureOr([&] { return Failure(WriteQueueFullError(where(), limits.hardCap)); }));
  if (queued <= limits.highWater || !extras_ || !extras_->producer) return;
  if (!extras_->streaming || std::exchange(extras_->paused, true)) return;
  const auto producer = extras_->producer;
  notify("pauseProducing", *producer, [&] { producer->pauseProducing(); });
}

std::size_t StreamConnection::queuedBytes() const noexcept {
  if (!channel_) return 0;
  const std::size_t cut = extras_ && extras_->outgoing ? extras_->outgoing->bytes() : 0;
  return cut + writtenBytes_ + queue_.size() + channel_->unsent();
}

void StreamConnection::loseConnection() {
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
  askForTurnEnd();
}

void StreamConnection::abortConnection() {
  if (channel_) abort(failureOr([&] { return Failure(ConnectionAborted(where())); }));
}

void StreamConnection::abort(Failure reason) {
  resetOnClose();
  is_.special = is_.disconnecting = true;
  try {
    extras().lost = std::move(reason);
  } catch (...) {
    // `lostFailure` says so.
  }
  closeChannel();
  askForTurnEnd();
}

// Closing a lingering socket with a time of 0 sends a reset: the peer must not take what it has got
// for all of it.
void StreamConnection::resetOnClose() noexcept {
  const linger reset{1, 0};
  static_cast<void>(
      channel_->setOption(SOL_SOCKET, SO_LINGER, std::as_bytes(std::span(&reset, 1))));
}

void StreamConnection::loseWriteConnection() {
  if (!channel_ || is_.disconnecting || std::exchange(is_.writeEnding, true)) return;
  askForTurnEnd();
}

Address StreamConnection::getHost() const {
  return channel_ ? fromNative(channel_->localAddress()) : host_;
}

void StreamConnection::setTcpNoDelay(bool on) {
  if (channel_) static_cast<void>(channel_->setOption(IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0));
}
bool StreamConnection::getTcpNoDelay() const { return option(IPPROTO_TCP, TCP_NODELAY); }
void StreamConnection::setTcpKeepAlive(bool on) {
  if (channel_) static_cast<void>(channel_->setOption(SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0));
}
bool StreamConnection::getTcpKeepAlive() const { return option(SOL_SOCKET, SO_KEEPALIVE); }

void StreamConnection::setSocketOption(const SocketOptionName& option,
                                       const SocketOptionValue& value) {
  if (!channel_) return;
  const auto bytes = std::as_bytes(std::span(value)).first(option.size);
  if (const std::error_code error = channel_->setOption(option.level, option.name, bytes))
    throw SocketOptionError(option.text, error.value());
}

std::optional<SocketOptionValue> StreamConnection::getSocketOption(
    const SocketOptionName& option) const {
  if (!channel_) return std::nullopt;
  SocketOptionValue value{};
  std::size_t size = 0;
  const auto bytes = std::as_writable_bytes(std::span(value)).first(option.size);
  if (const std::error_code error = channel_->getOption(option.level, option.name, bytes, size))
    throw SocketOptionError(option.text, error.value());
  return value;
}

bool StreamConnection::option(int level, int name) const {
  int value = 0;
  std::size_t size = 0;
  if (channel_)
    static_cast<void>(
        channel_->getOption(level, name, std::as_writable_bytes(std::span(&value, 1)), size));
  return value != 0;
}

StreamConnection::Extras& StreamConnection::extras() {
  if (!extras_) extras_ = std::make_unique<Extras>();
  is_.special = true;
  return *extras_;
}

void StreamConnection::setWriteLimits(WriteLimits limits) {
  if (channel_) extras().limits = limits;
}

void StreamConnection::registerProducer(std::shared_ptr<Producer> producer, bool streaming) {
  if (!channel_) return producer->stopProducing();
  if (extras().producer)
    throw std::logic_error("registerProducer: a producer is registered already");
  extras_->producer = std::move(producer);
  extras_->streaming = streaming;
  extras_->paused = false;
  if (!streaming) askForTurnEnd();
}

void StreamConnection::unregisterProducer() {
  if (!extras_ || !extras_->producer) return;
  extras_->producer = nullptr;
  if (channel_) askForTurnEnd();
}

void StreamConnection::pauseProducing() {
  if (!channel_ || is_.disconnecting || std::exchange(readPaused_, true)) return;
  if (receiving_ && !readEnded_) channel_->pauseReceiving();
}

void StreamConnection::resumeProducing() {
  if (!channel_ || is_.disconnecting || !std::exchange(readPaused_, false) || readEnded_) return;
  if (receiving_)
    channel_->resumeReceiving();
  else
    startReceiving();
}

void StreamConnection::startReceiving() {
  receiving_ = true;
  channel_->receive(*this);
}

void StreamConnection::received(std::span<const std::byte> bytes) {
  if (is_.disconnecting) {
    is_.discarded = true;
    return;
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (handlerMarks) [[unlikely]]
    return receivedWatched(text);
  // The channel's call is a handler's scope already.
  try {
    protocol_->dataReceived(text);
  } catch (...) {
    eventThrew("dataReceived");
  }
}

[[gnu::noinline]] void StreamConnection::receivedWatched(std::string_view text) {
  notify("dataReceived", *protocol_, [&] { protocol_->dataReceived(text); });
}

void StreamConnection::descriptorsReceived(std::vector<FileDescriptor> descriptors) {
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

void StreamConnection::receiveEnded(std::error_code error) {
  readEnded_ = true;
  if (error) return fail(error);
  if (is_.disconnecting) {
    if (is_.writeEnded) finish(doneFailure());
    return;
  }
  notify("readConnectionLost", *protocol_, [&] { protocol_->readConnectionLost(); });
  if (channel_ && is_.writeEnded) finish(doneFailure());
}

void StreamConnection::sent(std::size_t bytes, std::size_t left) {
  if (extras_ && extras_->outgoing) extras_->outgoing->sent(bytes, left);
  if (left > 0) return;
  is_.sending = false;
  if (!queue_.empty() || extras_ || is_.writeEnding || is_.disconnecting) askForTurnEnd();
}

// What the peer sent before it went has been delivered by now (see the rules of backends).
void StreamConnection::sendFailed(std::error_code error) { fail(error); }

void StreamConnection::fail(std::error_code error) {
  resetOnClose();
  finish(failureOr([&] { return Failure(ConnectionLost(where(), error.value())); }));
}

void StreamConnection::afterTurn() {
  const bool more = !onlyAsked() || writtenBytes_ == 0;
  is_.asked = false;
  if (more) [[unlikely]]
    return flushWith();
  const std::size_t taken = channel_->trySend(written());
  written_ += taken;
  writtenBytes_ -= static_cast<std::uint32_t>(taken);
  if (writtenBytes_ != 0) [[unlikely]]
    flushWith();
}

void StreamConnection::flushWith() {
  if (!channel_) return finish(lostFailure());
  if (is_.sending) return;
  if (extras_ && extras_->outgoing && !flushOutgoing()) return;
  if (sendQueued()) drained();
}

// True if the kernel has taken everything.
bool StreamConnection::sendQueued() {
  if (writtenBytes_ != 0) {
    const std::size_t taken = channel_->trySend(written());
    written_ += taken;
    writtenBytes_ -= static_cast<std::uint32_t>(taken);
    if (writtenBytes_ == 0) return true;
    try {
      queueWritten();
    } catch (...) {
      // The peer must not take what comes next for the rest.
      abort(Failure::current());
      return false;
    }
  }
  is_.sending = !queue_.empty() && !channel_->send(queue_, *this);
  return !is_.sending;
}

bool StreamConnection::flushOutgoing() {
  while (channel_) {
    Outgoing& outgoing = *extras_->outgoing;
    switch (outgoing.flush(*channel_, queue_, *this)) {
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

Outgoing& StreamConnection::outgoing() {
  if (!extras().outgoing) extras_->outgoing = std::make_unique<Outgoing>();
  return *extras_->outgoing;
}

// Everything written so far is in the kernel's hands.
void StreamConnection::drained() {
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
  if (!is_.writeEnding || std::exchange(is_.writeEnded, true)) return;
  // Of a connection that is gone receiving will tell, after what is left to be received.
  if (const std::error_code error = channel_->shutdownSend(); error && error.value() != ENOTCONN)
    return fail(error);
  notify("writeConnectionLost", *protocol_, [&] { protocol_->writeConnectionLost(); });
  if (channel_ && readEnded_) finish(doneFailure());
}

bool StreamConnection::peerStillSends() const noexcept {
  return !readEnded_ && (is_.discarded || channel_->unread() > 0);
}

// A socket that is closed with bytes unread, or that gets some afterwards, answers with a reset,
// and that makes the peer's kernel throw away what the peer has not read yet: the end of what was
// to be flushed. So the peer is told that this side has finished, and may finish too.
void StreamConnection::lingerForPeer() {
  if (std::exchange(is_.lingering, true)) return;
  if (!std::exchange(is_.writeEnded, true)) static_cast<void>(channel_->shutdownSend());
  try {
    extras().lingerTimer = reactor_.callLater(lingerTime, [weak = weak_from_this()] {
      const auto self = std::static_pointer_cast<StreamConnection>(weak.lock());
      if (self && self->channel_) self->finish(self->doneFailure());
    });
  } catch (...) {
    finish(doneFailure());  // it must end at some time: without a timer, now
  }
}

void StreamConnection::disconnect() {
  if (channel_ && queuedBytes() > 0) resetOnClose();
  finish(failureOr([&] {
    return channel_ ? Failure(ConnectionLost(where(), "its reactor ended")) : lostFailure();
  }));
}

// Of a connection that was aborted.
Failure StreamConnection::lostFailure() const noexcept {
  if (extras_ && extras_->lost) return extras_->lost;
  return failureOr([]() -> Failure { throw std::bad_alloc(); });
}

Failure StreamConnection::doneFailure() const noexcept {
  return failureOr([&] { return Failure(ConnectionDone(where())); });
}

void StreamConnection::closeChannel() noexcept {
  const Address host = getHost();  // while there is somebody to ask
  channel_ = nullptr;
  writtenBytes_ = 0;
  std::destroy_at(&queue_);
  std::construct_at(&host_, host);
  if (extras_ && extras_->outgoing) extras_->outgoing->close();
  is_.sending = false;
}

void StreamConnection::finish(const Failure& reason) {
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
