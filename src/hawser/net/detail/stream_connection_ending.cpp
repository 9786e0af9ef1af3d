#include <hawser/net/detail/native.h>
#include <hawser/net/detail/stream_connection.h>
#include <hawser/net/detail/user_code.h>
#include <hawser/net/errors.h>
#include <hawser/net/producer.h>
#include <hawser/net/protocol.h>
#include <hawser/reactor/reactor.h>

#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <new>
#include <source_location>
#include <span>
#include <utility>

namespace hawser::detail {

namespace {

using namespace std::chrono_literals;

// How long a peer may go on sending after this side has closed.
constexpr auto lingerTime = 2s;

}  // namespace

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
  // Without memory `lostFailure` has another.
  if (!extras_) extras_.reset(new (std::nothrow) Extras);
  if (extras_) extras_->lost = std::move(reason);
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

void StreamConnection::fail(std::error_code error) {
  resetOnClose();
  finish(failureOr([&] { return Failure(ConnectionLost(where(), error.value())); }));
}

bool StreamConnection::peerStillSends() const noexcept {
  return !readEnded_ && (is_.discarded || channel_->unread() > 0);
}

// A socket that is closed with bytes unread, or that gets some afterwards, answers with a reset,
// and that makes the peer's kernel throw away what the peer has not read yet: the end of what was
// to be flushed. So the peer is told that this side has finished, and may finish too.
void StreamConnection::lingerForPeer() {
  if (extras_ && extras_->lingering) return;
  if (!std::exchange(is_.writeEnded, true)) static_cast<void>(channel_->shutdownSend());
  try {
    extras().lingering = true;
    extras_->lingerTimer = reactor_.callLater(lingerTime, [this] {
      if (channel_) finish(doneFailure());
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
  if (isStandardIO()) return failureOr([&] { return Failure(ConnectionDone(where())); });
  return Failure::make<ConnectionDone>(std::source_location::current(), peer_.get());
}

void StreamConnection::closeChannel() noexcept {
  StoredAddress host;
  try {
    // While there is somebody to ask.
    const Address* const common = commonHost();
    host = common ? StoredAddress(*common) : StoredAddress(getHost());
  } catch (const std::bad_alloc&) {
    host = StoredAddress();  // it is told as if it had no address
  }
  channel_ = nullptr;
  withdrawWritten();
  std::destroy_at(&queue_);
  std::construct_at(&host_, std::move(host));
  if (extras_ && extras_->outgoing) extras_->outgoing->close();
  is_.sending = false;
}

void StreamConnection::finish(const Failure& reason) {
  const Held held(*this);  // the circle is cut below
  if (channel_) closeChannel();
  AfterTurn::withdraw();
  Disconnectable::detach();
  is_.disconnecting = true;
  if (extras_) endExtras(reason);
  const auto protocol = std::exchange(protocol_, nullptr);
  notify("connectionLost", *protocol, [&] { protocol->connectionLost(reason); });
  if (const ObserverPtr maker = std::move(maker_))
    notify("connectionEnded", *maker, [&] { maker->connectionEnded(reason); });
}

void StreamConnection::endExtras(const Failure& reason) {
  // The handle goes here, too: what remains may be destroyed on any thread.
  if (DelayedCall timer = std::move(extras_->lingerTimer); timer.active()) timer.cancel();
  const auto producer = std::exchange(extras_->producer, nullptr);
  const auto outgoing = std::exchange(extras_->outgoing, nullptr);
  if (!extras_->owner) extras_ = nullptr;
  if (producer) notify("stopProducing", *producer, [&] { producer->stopProducing(); });
  if (outgoing) notify("sendFile", *protocol_, [&] { outgoing->fail(reason); });
}

}  // namespace hawser::detail
