#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/wait_time.h>
#include <hawser/reactor/epoll_backend.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <span>
#include <system_error>
#include <utility>

namespace hawser {

namespace {

constexpr std::uint32_t readEvents = EPOLLIN | EPOLLPRI;
constexpr std::uint32_t overEvents = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

}  // namespace

EpollBackend::EpollBackend() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = noToken;
  if (!epoll_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.descriptor(), &event) != 0)
    throw std::system_error(errno, std::generic_category(), "making an epoll reactor");
}

EpollBackend::~EpollBackend() = default;

int EpollBackend::watch(detail::ReadinessChannel& channel, std::uint64_t token) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET;
  event.data.u64 = token;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, channel.descriptor(), &event) == 0 ? 0 : errno;
}

void EpollBackend::wait(std::optional<TimePoint> until) {
  if (anyScheduled()) until = TimePoint::min();
  int count = 0;
  // A signal ends a wait. It must not hide what is ready from who only looks.
  do {
    count = waitFor(until);
  } while (count < 0 && errno == EINTR && until == TimePoint::min());
  if (count < 0 && errno != EINTR)
    throw std::system_error(errno, std::generic_category(), "epoll_wait");
  eventCount_ = static_cast<std::size_t>(std::max(count, 0));
}

int EpollBackend::waitFor(std::optional<TimePoint> until) {
  using std::chrono::ceil, std::chrono::milliseconds;
  const int most = static_cast<int>(events_.size());
  if (!until) return ::epoll_wait(epoll_.get(), events_.data(), most, -1);
  if (*until == TimePoint::min()) return ::epoll_wait(epoll_.get(), events_.data(), most, 0);
  const std::chrono::nanoseconds rest = detail::waitTime(now(), *until);
  if (preciseWait_ && rest.count() > 0) {
    const auto timeout = detail::toTimespec<timespec>(rest);
    const int count = ::epoll_pwait2(epoll_.get(), events_.data(), most, &timeout, nullptr);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    preciseWait_ = false;
  }
  return ::epoll_wait(epoll_.get(), events_.data(), most,
                      static_cast<int>(ceil<milliseconds>(rest).count()));
}

void EpollBackend::deliver() {
  Round round(*this);
  const auto events = std::span<const epoll_event>(events_).first(std::exchange(eventCount_, 0));
  if (detail::handlerMarks) [[unlikely]]
    for (const epoll_event& event : events) deliverWith(round, event);
  else
    deliverUnwatched(round, events);
  round.serveScheduled();
}

void EpollBackend::deliverUnwatched(Round& round, std::span<const epoll_event> events) {
  const std::span<std::byte> buffer = readBuffer();
  detail::HandlerRow row;
  for (const epoll_event& event : events) {
    detail::ReadinessChannel* const channel = find(event.data.u64);
    if (!channel) continue;
    // Of a connection that has been read empty and is written to seldom, an event mostly says this.
    if (event.events == (EPOLLIN | EPOLLOUT) && channel->onlyReceives()) [[likely]]
      channel->receiveOnce(buffer, row);
    else
      row.apart([&] { deliverWith(round, event); });
  }
}

[[gnu::noinline]] void EpollBackend::deliverWith(Round& round, const epoll_event& event) {
  detail::ReadinessChannel* const channel = find(event.data.u64);
  if (!channel) return;
  const std::uint32_t events = event.events;
  round.serve(*channel, (events & (readEvents | overEvents)) != 0,
              (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
              (events & (EPOLLPRI | overEvents)) != 0);
}

}  // namespace hawser
