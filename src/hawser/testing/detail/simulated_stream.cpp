#include <hawser/testing/detail/simulated_stream.h>

#include <sys/uio.h>

#include <algorithm>
#include <array>

namespace hawser::testing::simulated {

namespace {

/// Drops the beginning of a buffer when that is worth the moving of the rest.
void trim(std::string& buffer, std::size_t& done) {
  if (done == buffer.size()) {
    buffer.clear();
    done = 0;
  } else if (done > 64 * 1024 && done > buffer.size() / 2) {
    buffer.erase(0, done);
    done = 0;
  }
}

}  // namespace

void SimulatedStream::send(SendQueue& data, std::size_t bytes, TimePoint arrival) {
  std::size_t left = bytes;
  std::array<iovec, 16> pieces;  // written by gather before it is read
  while (left > 0) {
    const std::size_t count = data.gather(pieces);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count && taken < left; ++i) {
      const std::size_t size = std::min(pieces[i].iov_len, left - taken);
      sent_.append(static_cast<const char*>(pieces[i].iov_base), size);
      taken += size;
    }
    data.consume(taken);
    left -= taken;
  }
  if (!batches_.empty()) arrival = std::max(arrival, batches_.back().arrival);
  batches_.push_back({arrivedInAll_ + underWay(), arrival});
}

void SimulatedStream::finish(TimePoint arrival) {
  finishing_ = true;
  endArrival_ = batches_.empty() ? arrival : std::max(arrival, batches_.back().arrival);
}

void SimulatedStream::dropUnderWay() noexcept {
  sent_.clear();
  arrived_ = 0;
  batches_.clear();
  finishing_ = ended_;
}

std::optional<SimulatedStream::TimePoint> SimulatedStream::nextArrival() const noexcept {
  if (!batches_.empty()) {
    if (receiveRoom() == 0) return std::nullopt;
    return std::max(notBefore_, batches_.front().arrival);
  }
  if (finishing_ && !ended_) return std::max(notBefore_, endArrival_);
  return std::nullopt;
}

std::optional<SimulatedStream::TimePoint> SimulatedStream::lastArrival() const noexcept {
  if (batches_.empty()) return std::nullopt;
  return std::max(notBefore_, batches_.back().arrival);
}

void SimulatedStream::holdUntil(TimePoint time) noexcept {
  notBefore_ = std::max(notBefore_, time);
}

std::size_t SimulatedStream::arrivable(TimePoint now) const noexcept {
  if (now < notBefore_) return 0;
  std::uint64_t end = arrivedInAll_;
  for (const Batch& batch : batches_) {
    if (batch.arrival > now) break;
    end = batch.end;
  }
  return std::min(static_cast<std::size_t>(end - arrivedInAll_), receiveRoom());
}

void SimulatedStream::arrive(std::size_t bytes) {
  received_.append(sent_, arrived_, bytes);
  arrived_ += bytes;
  arrivedInAll_ += bytes;
  trim(sent_, arrived_);
  const auto through = [this](const Batch& batch) { return batch.end <= arrivedInAll_; };
  batches_.erase(batches_.begin(), std::find_if_not(batches_.begin(), batches_.end(), through));
}

bool SimulatedStream::arriveEnd(TimePoint now) noexcept {
  if (!finishing_ || ended_ || !batches_.empty() || now < endArrival_ || now < notBefore_)
    return false;
  ended_ = true;
  return true;
}

void SimulatedStream::consume(std::size_t bytes) noexcept {
  read_ += bytes;
  trim(received_, read_);
}

void SimulatedStream::dropUnread() noexcept {
  if (unread().empty()) return;
  ended_ = false;  // an end would say that all was read
  received_.clear();
  read_ = 0;
}

}  // namespace hawser::testing::simulated
