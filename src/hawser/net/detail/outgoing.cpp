#include <hawser/net/detail/outgoing.h>

#include <hawser/net/detail/user_code.h>
#include <hawser/net/errors.h>

#include <algorithm>
#include <string>

namespace hawser::detail {

void Outgoing::cut(SendQueue& queue) {
  if (queue.empty()) return;
  Segment& last = segments_.emplace_back();  // if there is no memory for it, nothing has moved
  bytes_ += queue.size();
  last.descriptors = std::exchange(descriptors_, {});
  last.bytes = std::move(queue);
}

void Outgoing::add(std::shared_ptr<FileSending> file) {
  segments_.push_back({{}, {}, std::move(file)});
}

Outgoing::Progress Outgoing::flush(Channel& channel, SendQueue& queue, SendHandler& handler) {
  if (!descriptors_.empty()) cut(queue);
  while (!segments_.empty()) {
    if (segments_.front().file) return sendFile(channel, handler);
    Segment next = std::move(segments_.front());
    segments_.pop_front();
    bytes_ -= next.bytes.size();
    const bool taken =
        next.descriptors.empty()
            ? channel.send(next.bytes, handler)
            : channel.sendWithDescriptors(next.bytes, std::move(next.descriptors), handler);
    if (!taken) return Progress::waiting;
  }
  return Progress::done;
}

Outgoing::Progress Outgoing::sendFile(Channel& channel, SendHandler& handler) {
  FileSending& sending = *segments_.front().file;
  while (sending.left > 0 && !sending.cancelled) {
    const auto most =
        static_cast<std::size_t>(std::min<std::uint64_t>(sending.left, FileSending::mostAtOnce));
    SendQueue piece;
    try {
      direct_ = !sending.mustBeRead &&
                channel.sendFile(sending.file.get(), sending.offset, most, handler);
      if (!direct_) piece.append(readSome(sending));
    } catch (...) {
      return end(Failure::current());
    }
    if (direct_) {
      fileUnderWay_ = true;
      return Progress::waiting;
    }
    const std::size_t size = piece.size();
    if (size == 0)
      return end(failureOr([&] { return Failure(FileTooShortError(sending.sent, sending.left)); }));
    if (!channel.send(piece, handler)) {
      sending.underWay = size;
      fileUnderWay_ = true;
      return Progress::waiting;
    }
    sending.took(size);
  }
  return end(sending.sent);
}

Outgoing::Progress Outgoing::end(Result<std::uint64_t> result) {
  ended_ = Ended{std::move(segments_.front().file), std::move(result)};
  segments_.pop_front();
  return Progress::fileEnded;
}

void Outgoing::sent(std::size_t bytes, std::size_t left) noexcept {
  if (!fileUnderWay_ || left > 0) return;
  fileUnderWay_ = false;
  FileSending& sending = *segments_.front().file;
  if (!direct_) {
    sending.took(std::exchange(sending.underWay, 0));
  } else if (bytes > 0) {
    sending.took(bytes);
  } else {
    // The file has ended, cannot be read, or cannot be sent in this way: reading it tells.
    sending.mustBeRead = true;
  }
}

bool Outgoing::cancel(FileSending& file, Channel& channel) noexcept {
  file.cancelled = true;
  if (!fileUnderWay_ || !direct_ || segments_.front().file.get() != &file) return false;
  fileUnderWay_ = false;
  channel.cancelSend();
  return true;
}

void Outgoing::close() noexcept {
  descriptors_.clear();
  bytes_ = 0;
  fileUnderWay_ = false;
  for (Segment& segment : segments_) {
    segment.descriptors.clear();
    segment.bytes.clear();
    if (segment.file) segment.file->file.reset();
  }
}

void Outgoing::fail(const Failure& reason) {
  for (Segment& segment : std::exchange(segments_, {}))
    if (segment.file && segment.file->resolver) segment.file->resolver.errback(reason);
}

}  // namespace hawser::detail
