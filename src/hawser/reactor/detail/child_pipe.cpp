#include <hawser/reactor/detail/child_pipe.h>
#include <hawser/reactor/reactor.h>

#include <poll.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace hawser::detail {

ChildPipe::ChildPipe(Reactor& reactor, ChildPipeOwner& owner, int childFD, Direction direction,
                     ChannelPtr channel, PipeLimits limits) noexcept
    : reactor_(reactor),
      owner_(owner),
      channel_(std::move(channel)),
      limits_(limits),
      childFD_(childFD),
      direction_(direction) {}

void ChildPipe::start() {
  if (!channel_ || paused_ || std::exchange(receiving_, true)) return;
  channel_->receive(*this);
}

void ChildPipe::write(std::string_view bytes) {
  if (bytes.empty() || !channel_ || !writable() || (closing_ && !producer_)) return;
  queue_.append(bytes);
  if (!sending_) reactor_.afterTurn(*this);
  checkLimits();
}

void ChildPipe::checkLimits() {
  const std::size_t queued = queuedBytes();
  if (queued > limits_.hardCap) {
    abort();
    return owner_.pipeOverflowed(*this, limits_.hardCap);
  }
  if (queued <= limits_.highWater || !producer_ || !streaming_ ||
      std::exchange(producerPaused_, true))
    return;
  const auto producer = producer_;
  owner_.tellProducer("pauseProducing", *producer, &Producer::pauseProducing);
}

void ChildPipe::close() {
  if (!channel_) return;
  if (direction_ == Direction::fromChild) return abort();
  closing_ = true;
  reactor_.afterTurn(*this);
}

void ChildPipe::abort() noexcept {
  if (!channel_) return;
  closeChannel();
  reactor_.afterTurn(*this);
}

void ChildPipe::closeChannel() noexcept {
  channel_ = nullptr;
  queue_.clear();
  sending_ = false;
}

void ChildPipe::disconnect() {
  closeChannel();
  AfterTurn::withdraw();
  if (std::exchange(lost_, true)) return;
  if (const auto producer = std::exchange(producer_, nullptr))
    owner_.tellProducer("stopProducing", *producer, &Producer::stopProducing);
  owner_.pipeLost(*this);
}

void ChildPipe::pause() noexcept {
  if (!channel_ || !readable() || std::exchange(paused_, true)) return;
  if (receiving_) channel_->pauseReceiving();
}

void ChildPipe::resume() {
  if (!channel_ || !std::exchange(paused_, false)) return;
  if (receiving_)
    channel_->resumeReceiving();
  else
    start();
}

std::size_t ChildPipe::queuedBytes() const noexcept {
  return queue_.size() + (channel_ ? channel_->unsent() : 0);
}

bool ChildPipe::unsent() const noexcept {
  if (!open() || queuedBytes() == 0) return false;
  pollfd asked{descriptor(), POLLOUT, 0};
  return ::poll(&asked, 1, 0) >= 0 && (asked.revents & (POLLERR | POLLHUP)) == 0;
}

void ChildPipe::registerProducer(std::shared_ptr<Producer> producer, bool streaming) {
  if (!channel_) return producer->stopProducing();
  if (producer_) throw std::logic_error("registerProducer: a producer is registered already");
  producer_ = std::move(producer);
  streaming_ = streaming;
  producerPaused_ = false;
  if (!streaming) reactor_.afterTurn(*this);
}

void ChildPipe::unregisterProducer() {
  if (!producer_) return;
  producer_ = nullptr;
  if (channel_) reactor_.afterTurn(*this);
}

void ChildPipe::received(std::span<const std::byte> bytes) {
  owner_.pipeReceived(*this, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void ChildPipe::receiveEnded(std::error_code error) {
  switch (direction_) {
    case Direction::toChild:
      // Its last reader is gone, and it cannot be read from: EBADF. Else it could not be watched.
      if (!error || error.value() == EBADF) return disconnect();
      unwatched_ = true;
      if (!owner_.childRuns()) close();
      return;
    case Direction::fromChild:
      if (error) owner_.pipeBroke(*this, error);
      return disconnect();
    case Direction::terminal:
      // EIO: the child has closed it. Closing this end as well would send SIGHUP to a child that is
      // on its way out.
      if (error && error.value() != EIO) {
        owner_.pipeBroke(*this, error);
        return disconnect();
      }
      if (!owner_.childRuns()) return disconnect();
      hungUp_ = true;
  }
}

void ChildPipe::childEnded() {
  if (hungUp_) return disconnect();
  if (unwatched_) close();
}

void ChildPipe::sent(std::size_t, std::size_t left) {
  if (left > 0) return;
  sending_ = false;
  reactor_.afterTurn(*this);
}

void ChildPipe::sendFailed(std::error_code error) {
  // What the child wrote before it hung up may still be in the terminal.
  if (isTerminal() && receiving_ && error.value() == EIO) {
    sending_ = false;
    closing_ = true;
    queue_.clear();
    return;
  }
  if (error.value() != EPIPE) owner_.pipeBroke(*this, error);
  disconnect();
}

void ChildPipe::afterTurn() {
  if (!channel_) return disconnect();
  if (sending_) return;
  if (!queue_.empty() && !channel_->send(queue_, *this))
    sending_ = true;
  else
    drained();
}

void ChildPipe::drained() {
  if (producer_) {
    const auto producer = producer_;
    if (!streaming_ || std::exchange(producerPaused_, false))
      owner_.tellProducer("resumeProducing", *producer, &Producer::resumeProducing);
    return;
  }
  if (closing_) disconnect();
}

}  // namespace hawser::detail
