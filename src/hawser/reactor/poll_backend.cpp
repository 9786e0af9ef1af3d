#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/wait_time.h>
#include <hawser/reactor/poll_backend.h>

#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace hawser {

namespace {

constexpr short inEvents = POLLIN | POLLRDHUP;
constexpr short outEvents = POLLOUT;
// A descriptor that is not open any more is tried, so that its channel learns the error.
constexpr short endEvents = POLLRDHUP | POLLHUP | POLLERR | POLLNVAL;

}  // namespace

PollBackend::PollBackend() { asked_.push_back({wakeup_.descriptor(), POLLIN, 0}); }

PollBackend::~PollBackend() = default;

// For `collect`, which must not fail: it serves all channels.
int PollBackend::watch(detail::ReadinessChannel&, std::uint64_t) noexcept {
  try {
    if (asked_.size() <= channels()) asked_.resize(2 * channels());
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
  return 0;
}

// Only what is waited for is asked: of a descriptor that somebody has paused, poll would report
// again and again that its peer is gone.
void PollBackend::collect() {
  askedCount_ = 1;
  forEachChannel([this](const detail::ReadinessChannel& channel) {
    short events = inEvents;
    if (!channel.onlyReceives())
      events = static_cast<short>((channel.waitsToRead() ? inEvents : 0) |
                                  (channel.waitsToWrite() ? outEvents : 0));
    if (events != 0 && channel.watched()) asked_[askedCount_++] = {channel.descriptor(), events, 0};
  });
  newestAsked_ = lastGeneration();
}

void PollBackend::wait(std::optional<TimePoint> until) {
  answered_ = false;
  collect();
  if (anyScheduled()) until = TimePoint::min();
  timespec timeout{};
  if (until && *until != TimePoint::min())
    timeout = detail::toTimespec<timespec>(detail::waitTime(now(), *until));
  if (::ppoll(asked_.data(), askedCount_, until ? &timeout : nullptr, nullptr) >= 0) {
    answered_ = true;
    if (asked_[0].revents != 0) wakeup_.clear();
  } else if (errno != EINTR) {
    throw std::system_error(errno, std::generic_category(), "poll");
  }
}

void PollBackend::deliver() {
  Round round(*this);
  if (std::exchange(answered_, false)) deliverAnswers(round);
  round.serveScheduled();
}

void PollBackend::deliverAnswers(Round& round) {
  detail::HandlerRow row;
  for (std::size_t place = 1; place < askedCount_; ++place) {
    const short events = asked_[place].revents;
    if (events == 0) continue;
    detail::ReadinessChannel* const channel = whoHas(static_cast<std::size_t>(asked_[place].fd));
    // One that was made meanwhile has got the number of one that was closed.
    if (!channel || channel->generation() - newestAsked_ - 1 < lastGeneration() - newestAsked_)
      continue;
    if ((events & (POLLIN | endEvents)) == POLLIN && channel->onlyReceives() && !row.watched())
        [[likely]]
      channel->receiveOnce(readBuffer(), row);
    else
      row.apart([&round, channel, events] {
        round.serve(*channel, (events & (POLLIN | endEvents)) != 0,
                    (events & (POLLOUT | POLLHUP | POLLERR | POLLNVAL)) != 0,
                    (events & endEvents) != 0);
      });
  }
}

}  // namespace hawser
