#include <hawser/net/stream_protocol.h>

#include <hawser/defer/detail/abandonment.h>
#include <hawser/defer/detail/failing.h>
#include <hawser/net/errors.h>
#include <hawser/net/transport.h>

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace hawser {

/// The source of a read that waits. It is fired here, so it needs no Resolver; cancelling it takes
/// it out of its stream and leaves everything else as it was.
template <class T>
struct StreamProtocol::Read final : detail::Source<T> {
  StreamProtocol* stream;  // null once it has its result, or nobody is left to give one

  Read(StreamProtocol* of, std::source_location where) noexcept
      : detail::Source<T>(where, 0, sizeof(Read)), stream(of) {}

  void cancelSource(std::source_location where) override {
    if (this->fired) return;
    if (stream) std::exchange(stream, nullptr)->stopReading();
    detail::failSource(this, Failure(CancelledError(), where), {});
  }

 private:
  ~Read() {}
  void freeBlock() noexcept override { detail::freeSource(this, sizeof(Read)); }
};

StreamProtocol::~StreamProtocol() {
  switch (want_) {
    case Want::nothing:
      break;
    case Want::bytes:
      abandonRead<Bytes>();
      break;
    case Want::exactly:
      abandonRead<std::string>();
      break;
    case Want::until:
      abandonRead<std::optional<std::string>>();
      break;
    case Want::end:
      abandonRead<bool>();
      break;
  }
}

template <class T>
void StreamProtocol::abandonRead() noexcept {
  auto* const read = static_cast<Read<T>*>(reader_);
  stopReading();
  read->stream = nullptr;
  read->references = 1;
  detail::dropResolver(read);
}

// Reading: what is there already.

void StreamProtocol::checkIdle() const {
  if (want_ != Want::nothing) [[unlikely]]
    throw StreamBusyError();
}

Deferred<StreamProtocol::Bytes> StreamProtocol::read(std::source_location where) {
  if (want_ == Want::nothing && unread_.empty() && !ended()) [[likely]]
    return wait<Bytes>(Want::bytes, where);
  return readAtOnce();
}

// Out of the way of the rest.
[[gnu::noinline]] Deferred<StreamProtocol::Bytes> StreamProtocol::readAtOnce() {
  checkIdle();
  if (!unread_.empty()) return lendAll();
  if (const Failure* const why = broken()) return *why;
  return Bytes();
}

Deferred<std::string> StreamProtocol::readExactly(std::size_t count, std::source_location where) {
  checkIdle();
  if (unread_.size() >= count) return take(count);
  wanted_ = count;
  if (ended()) return incomplete(wanted_);
  return wait<std::string>(Want::exactly, where);
}

Deferred<std::optional<std::string>> StreamProtocol::readUntil(std::string_view delimiter,
                                                               std::size_t maxBytes,
                                                               std::source_location where) {
  checkIdle();
  if (delimiter.empty()) throw std::invalid_argument("readUntil: the delimiter is empty");
  delimiter_ = delimiter;
  wanted_ = maxBytes;
  searched_ = 0;
  const std::size_t found = search();
  if (found == tooLong) return lineTooLong();
  if (found != notYet) return std::optional<std::string>(takeLine(found));
  if (ended()) return endOfUntil();
  return wait<std::optional<std::string>>(Want::until, where);
}

Deferred<bool> StreamProtocol::atEnd(std::source_location where) {
  checkIdle();
  if (!unread_.empty()) return false;
  if (ended()) {
    if (const Failure* const why = broken()) return *why;
    return true;
  }
  return wait<bool>(Want::end, where);
}

// Reading: what is not there yet.

template <class T>
Deferred<T> StreamProtocol::wait(Want want, std::source_location where) {
  lent_.giveBack();
  unread_.giveBack();
  auto* const read = detail::listed(detail::makeSource(
      sizeof(Read<T>), [&](void* at) noexcept { return ::new (at) Read<T>(this, where); }));
  reader_ = read;
  want_ = want;
  auto result = detail::DeferredAccess::fromNode<T>(read);
  if (paused_ && !closing_) {
    paused_ = false;
    transport().resumeProducing();
  }
  return result;
}

void StreamProtocol::stopReading() noexcept {
  reader_ = nullptr;
  want_ = Want::nothing;
}

template <class T, class V>
void StreamProtocol::deliver(V&& value) {
  auto* const read = static_cast<Read<T>*>(reader_);
  stopReading();
  read->stream = nullptr;
  detail::prepareFiring(read, "fired", {});
  read->fired = true;
  read->setValue(std::forward<V>(value));
  detail::runValue(read);
}

template <class T>
void StreamProtocol::failRead(Failure why) {
  auto* const read = static_cast<Read<T>*>(reader_);
  stopReading();
  read->stream = nullptr;
  detail::failSource(read, std::move(why), {});
}

void StreamProtocol::dataReceived(std::string_view bytes) {
  if (want_ == Want::bytes) [[likely]] {
    lent_.assign(bytes);
    return deliver<Bytes>(lent_.bytes());
  }
  unread_.append(bytes);
  advance();
}

// Nothing of this object is touched after a result was delivered: who gets it may let it go.
void StreamProtocol::advance() {
  switch (want_) {
    case Want::nothing:
      return holdBack();
    case Want::bytes:
      return;
    case Want::exactly: {
      if (unread_.size() < wanted_) return;
      std::string result = take(wanted_);
      holdBack();
      return deliver<std::string>(std::move(result));
    }
    case Want::until: {
      const std::size_t found = search();
      if (found == notYet) return;
      if (found == tooLong) {
        holdBack();
        return failRead<std::optional<std::string>>(lineTooLong());
      }
      std::optional<std::string> line = takeLine(found);
      holdBack();
      return deliver<std::optional<std::string>>(std::move(line));
    }
    case Want::end:
      holdBack();
      return deliver<bool>(false);
  }
}

std::size_t StreamProtocol::search() noexcept {
  const std::size_t longest = wanted_ + std::min(delimiter_.size(), std::string::npos - wanted_);
  const std::string_view window = unread_.bytes().substr(0, longest);
  const std::size_t overlap = std::min(searched_, delimiter_.size() - 1);
  const std::size_t found = window.find(delimiter_, searched_ - overlap);
  if (found != std::string_view::npos) return found;
  if (window.size() == longest) return tooLong;
  searched_ = window.size();
  return notYet;
}

std::string StreamProtocol::takeLine(std::size_t size) {
  std::string line(unread_.bytes().substr(0, size));
  unread_.drop(size + delimiter_.size());
  return line;
}

Failure StreamProtocol::lineTooLong() const { return Failure(LineTooLongError(where(), wanted_)); }

// Reading: the end.

void StreamProtocol::readConnectionLost() {
  readEnded_ = true;
  endReading();
}

void StreamProtocol::endReading() {
  const Failure* const why = broken();
  switch (want_) {
    case Want::nothing:
      return;
    case Want::bytes:
      return why ? failRead<Bytes>(*why) : deliver<Bytes>(std::nullopt);
    case Want::exactly:
      return failRead<std::string>(incomplete(wanted_));
    case Want::until: {
      auto result = endOfUntil();
      if (!result) return failRead<std::optional<std::string>>(std::move(result).failure());
      return deliver<std::optional<std::string>>(std::nullopt);
    }
    case Want::end:
      return why ? failRead<bool>(*why) : deliver<bool>(true);
  }
}

const Failure* StreamProtocol::broken() const noexcept {
  if (readEnded_ || !lost_ || lost_->check<ConnectionDone>()) return nullptr;
  return &*lost_;
}

// Whoever waits gets a failure even if there is no memory to say which.
Failure StreamProtocol::incomplete(std::optional<std::size_t> expected) const noexcept {
  try {
    const std::string what = expected ? fmt::to_string(*expected) : "a line";
    Failure failure(IncompleteReadError(where(), unread_.size(), what));
    if (const Failure* const why = broken()) return failure.withCause(*why);
    return failure;
  } catch (...) {
    return Failure::current();
  }
}

Result<std::optional<std::string>> StreamProtocol::endOfUntil() const {
  if (!unread_.empty()) return incomplete(std::nullopt);
  if (const Failure* const why = broken()) return *why;
  return std::optional<std::string>();
}

// The bytes.

StreamProtocol::Bytes StreamProtocol::lendAll() noexcept {
  lent_.swap(unread_);
  unread_.clear();
  return lent_.bytes();
}

std::string StreamProtocol::take(std::size_t count) {
  std::string bytes(unread_.bytes().substr(0, count));
  unread_.drop(count);
  return bytes;
}

void StreamProtocol::holdBack() {
  if (paused_ || unread_.size() <= limits_.unread || closing_) return;
  paused_ = true;
  transport().pauseProducing();
}

// Writing, and the end of the connection.

Deferred<void> StreamProtocol::write(std::string_view bytes, std::source_location where) {
  if (lost_ || writeEnded_) [[unlikely]]
    return refuseWrite(where);
  unsent_ += bytes.size();
  transport().write(bytes);
  if (unsent_ > limits_.unsent) [[unlikely]]
    return waitUntilSent(where);
  return succeed();
}

[[gnu::noinline]] Deferred<void> StreamProtocol::refuseWrite(std::source_location where) const {
  if (lost_) return *lost_;
  return Failure(ConnectionDone(this->where()), where);
}

[[gnu::noinline]] Deferred<void> StreamProtocol::waitUntilSent(std::source_location where) {
  unsent_ = transport().queuedBytes();
  if (unsent_ <= limits_.unsent) return succeed();
  // A pull producer is what a transport tells that it has sent everything.
  if (!waitsForRoom_ && transport().connected()) {
    transport().registerProducer(std::shared_ptr<Producer>(shared_from_this(), this), false);
    waitsForRoom_ = true;
  }
  Resolver<void>& writer = writers_.emplace_back();
  auto [sent, resolver] = makeDeferred<void>(where);
  writer = std::move(resolver);
  return std::move(sent);
}

void StreamProtocol::resumeProducing() {
  waitsForRoom_ = false;
  transport().unregisterProducer();
  auto writers = std::exchange(writers_, {});
  for (Resolver<void>& writer : writers)
    if (writer) writer.callback();
}

void StreamProtocol::loseWriteConnection() {
  if (std::exchange(writeEnded_, true)) return;
  transport().loseWriteConnection();
}

void StreamProtocol::loseConnection() noexcept {
  closing_ = writeEnded_ = true;
  if (connected()) transport().loseConnection();
}

void StreamProtocol::letGo() noexcept {
  if (!writeEnded_ && connected() && detail::goesInFailure())
    abortConnection();
  else
    loseConnection();
}

void StreamProtocol::abortConnection() {
  closing_ = writeEnded_ = true;
  transport().abortConnection();
}

Deferred<void> StreamProtocol::close(std::source_location where) {
  if (lost_) {
    if (lost_->check<ConnectionDone>()) return succeed();
    return *lost_;
  }
  const std::uint64_t number = ++lastCloser_;
  Closer& closer = closers_.emplace_back(Closer{number, {}});
  auto [closed, resolver] = makeDeferred<void>(
      [self = std::weak_ptr<StreamProtocol>(shared(this)), number] {
        const auto stream = self.lock();
        if (!stream) return;
        std::erase_if(stream->closers_, [=](const Closer& each) { return each.number == number; });
        stream->abortConnection();
      },
      where);
  closer.resolver = std::move(resolver);
  loseConnection();
  return std::move(closed);
}

void StreamProtocol::connectionLost(const Failure& reason) {
  const auto self = shared_from_this();
  lost_ = reason;
  endReading();
  auto writers = std::exchange(writers_, {});
  for (Resolver<void>& writer : writers)
    if (writer) writer.errback(reason);
  // One at a time, since one that is fired may cancel the others.
  while (!closers_.empty()) {
    Resolver<void> closer = std::move(closers_.back().resolver);
    closers_.pop_back();
    if (closer) closer.fire(reason.check<ConnectionDone>() ? Result<void>() : Result<void>(reason));
  }
}

std::string StreamProtocol::where() const { return transport().getPeer().toString(); }

}  // namespace hawser
