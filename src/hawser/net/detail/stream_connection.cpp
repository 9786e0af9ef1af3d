#include <hawser/net/detail/stream_connection.h>

#include <hawser/base/logging.h>
#include <hawser/defer/detail/handler_scope.h>
#include <hawser/net/detail/native.h>
#include <hawser/net/detail/user_code.h>
#include <hawser/net/errors.h>
#include <hawser/net/file_descriptor_receiver.h>
#include <hawser/net/producer.h>
#include <hawser/net/protocol.h>
#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/handler_mark.h>
#include <hawser/reactor/reactor.h>

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace hawser::detail {

// A server has ten thousand of these that are silent; malloc makes 144 bytes of 136.
static_assert(sizeof(void*) != 8 || sizeof(StreamConnection) <= 136);

namespace {

constexpr WriteLimits defaultLimits;

// So much in one piece does not wait for the end of the turn: copying it would cost more than a
// call.
constexpr std::size_t bulkBytes = 32 * 1024;

std::string_view textOf(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

// In a handler for what `name` threw.
void StreamConnection::eventThrew(const char* name) noexcept {
  const Failure thrown = Failure::current();
  logThrown(thrown, name, [&] {
    return fmt::format("{} threw; aborting the connection with {}", name, where());
  });
  if (channel_)
    abort(failureOr([&] { return Failure(ConnectionAborted(where())).withCause(thrown); }));
}

void StreamConnection::start(Reactor& reactor, ChannelPtr&& channel, const Address& peer,
                             std::shared_ptr<Protocol> protocol, ObserverPtr maker) {
  StoredAddress storedPeer(peer);
  const std::unique_ptr<StreamConnection, LetGo> held(new StreamConnection(
      reactor, std::move(channel), std::move(storedPeer), std::move(protocol), std::move(maker)));
  StreamConnection& connection = *held;
  reactor.attach(connection);
  connection.notify("connectionMade", *connection.protocol_,
                    [&] { connection.protocol_->makeConnection(connection); });
  if (connection.channel_ && !connection.readPaused_ && !connection.receiving_)
    connection.startReceiving();
}

StreamConnection::StreamConnection(Reactor& reactor, ChannelPtr channel, StoredAddress peer,
                                   std::shared_ptr<Protocol> protocol, ObserverPtr maker) noexcept
    : queue_(),
      reactor_(reactor),
      channel_(std::move(channel)),
      protocol_(std::move(protocol)),
      maker_(std::move(maker)),
      peer_(std::move(peer)) {
  is_.special = !channel_->triesToSend();
  reactor.turnBuffer().sentBy(&sendMessages, &forgetMessage);
}

StreamConnection::~StreamConnection() {
  if (extras_ && extras_->lingerTimer.active()) extras_->lingerTimer.cancel();
  if (channel_) {
    withdrawWritten();
    std::destroy_at(&queue_);
  } else {
    std::destroy_at(&host_);
  }
}

bool StreamConnection::hold() noexcept {
  if (holders_.fetch_add(1) == 0 && extras_) extras_->owner = extras_->shared.lock();
  return true;
}

void StreamConnection::letGo() noexcept {
  if (holders_.fetch_sub(1) != 1) return;
  if (!extras_ || !extras_->owner) {
    delete this;
    return;
  }
  const auto owner = std::move(extras_->owner);
}

std::weak_ptr<Transport> StreamConnection::weakSelf() {
  /// Destroys the connection with the last shared_ptr.
  struct Owner {
    Owner() = default;
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    ~Owner() { delete owned; }
    StreamConnection* owned = nullptr;
  };
  if (!extras_) extras_ = std::make_unique<Extras>();
  if (extras_->shared.expired()) {
    const auto owner = std::make_shared<Owner>();
    owner->owned = this;
    extras_->shared = extras_->owner = std::shared_ptr<Transport>(owner, this);
  }
  return extras_->shared;
}

bool StreamConnection::writable() const noexcept {
  if (!channel_ || is_.writeEnding) return false;
  return !is_.disconnecting || (extras_ && extras_->producer);
}

void StreamConnection::askForTurnEnd() noexcept {
  is_.asked = true;
  reactor_.afterTurn(*this);
}

void StreamConnection::write(std::string_view bytes) {
  if (is_ != Standing{} || bytes.size() - 1 >= TurnBuffer::mostBytes) [[unlikely]]
    return writeWith(bytes);
  TurnBuffer& buffer = reactor_.turnBuffer();
  if (buffer.full()) [[unlikely]]
    return writeWith(bytes);
  TurnMessage* const message = buffer.add(this, bytes.size());
  message_ = message;
  is_.written = true;
  std::memcpy(message->bytes(), bytes.data(), bytes.size());
}

void StreamConnection::writeWith(std::string_view bytes) {
  // A channel that never tries, and nothing waits yet.
  if (is_ == Standing{.special = true} && !extras_ && bytes.size() - 1 < bulkBytes) {
    queue_.append(bytes);
    return askForTurnEnd();
  }
  if (bytes.empty() || !writable()) return;
  if (unhindered()) {
    if (is_.written && reactor_.turnBuffer().extend(*message_, bytes)) return;
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

void StreamConnection::queueWritten() {
  if (!is_.written) return;
  SendQueue queue;
  queue.append(written());
  withdrawWritten();
  queue_ = std::move(queue);
  askForTurnEnd();  // now, since what the caller does next may throw
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

std::string StreamConnection::where() const {
  return isStandardIO() ? "standard input and output" : peer_.get().toString();
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
  return cut + waitingBytes() + channel_->unsent();
}

Address StreamConnection::getHost() const {
  if (!channel_) return host_.get();
  const Address* const common = commonHost();
  return common ? *common : fromNative(channel_->localAddress());
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
  if (!channel_ || is_.disconnecting || readPaused_) return;
  readPaused_ = true;
  if (receiving_ && !readEnded_) channel_->pauseReceiving();
}

void StreamConnection::resumeProducing() {
  if (!channel_ || is_.disconnecting || !readPaused_) return;
  readPaused_ = false;
  if (readEnded_) return;
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
  notify("dataReceived", *protocol_, [&] { protocol_->dataReceived(textOf(bytes)); });
}

// The channel's call is a handler's scope already.
void StreamConnection::receivedUnwatched(std::string_view bytes) {
  if (is_.disconnecting) [[unlikely]] {
    is_.discarded = true;
    return;
  }
  protocol_->dataReceived(bytes);
}

void StreamConnection::descriptorsReceived(std::vector<FileDescriptor> descriptors) {
  auto* const receiver = dynamic_cast<FileDescriptorReceiver*>(protocol_.get());
  if (!receiver && !is_.disconnecting && !complained_) {
    complained_ = true;
    logging::warn(
        fmt::format("closed {} descriptors from {}: the protocol is no FileDescriptorReceiver",
                    descriptors.size(), where()));
  }
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
  if (waitingBytes() != 0 || extras_ || is_.writeEnding || is_.disconnecting) askForTurnEnd();
}

// What the peer sent before it went has been delivered by now (see the rules of backends).
void StreamConnection::sendFailed(std::error_code error) { fail(error); }

// Nearly everything that is ever sent passes here.
void StreamConnection::sendMessages(TurnMessage* message, const TurnMessage* end) {
  for (; message != end; message = message->next) {
    if (!message->writer) continue;
    auto& connection = *static_cast<StreamConnection*>(message->writer);
    std::size_t taken = 0;
    if (connection.is_ == Standing{.written = true}) [[likely]] {
      connection.endWritten();
      if (connection.channel_->trySendAll({message->bytes(), message->size}, taken)) [[likely]]
        continue;
    }
    connection.sendMessageWith(*message, taken);
  }
}

// The reactor is gone, and what nobody has disconnected finds nobody to send.
void StreamConnection::forgetMessage(void* writer) {
  static_cast<StreamConnection*>(writer)->endWritten();
}

// `taken` of the message was sent already, if nothing else is asked for.
[[gnu::noinline]] void StreamConnection::sendMessageWith(TurnMessage& message, std::size_t taken) {
  callHandlerFor(*this, "at the end of a turn", [&] {
    if (is_.asked)
      sendQueued();  // this must not wait; for all that follows `afterTurn` comes
    else if (is_.written || queueRest({message.bytes() + taken, message.size - taken}))
      flushWith();
  });
}

void StreamConnection::afterTurn() {
  is_.asked = false;
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
  if (is_.written) {
    std::string_view rest = written();
    rest.remove_prefix(channel_->trySend(rest));
    withdrawWritten();
    if (rest.empty()) return true;
    if (!queueRest(rest)) return false;
  }
  is_.sending = !queue_.empty() && !channel_->send(queue_, *this);
  return !is_.sending;
}

bool StreamConnection::queueRest(std::string_view rest) noexcept {
  try {
    queue_.append(rest);
    return true;
  } catch (...) {
    // The peer must not take what comes next for the rest.
    abort(Failure::current());
    return false;
  }
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

}  // namespace hawser::detail
