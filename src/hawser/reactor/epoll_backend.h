#pragma once

#include <hawser/reactor/detail/readiness_backend.h>
#include <hawser/reactor/detail/wakeup.h>

#include <sys/epoll.h>

#include <array>
#include <span>

namespace hawser {

/// The reactor's work on epoll.
///
/// A descriptor is registered once, edge-triggered, for everything, when something first has to be
/// waited for; there is no `epoll_ctl` after that, and closing takes it out. A wake is a write to
/// an eventfd that is never read: each write is an edge.
class EpollBackend final : public detail::ReadinessBackend {
 public:
  /// @throws std::system_error
  EpollBackend();
  ~EpollBackend() override;

  std::string_view name() const noexcept override { return "epoll"; }
  void wait(std::optional<TimePoint> until) override;
  void deliver() override;
  void wake() noexcept override { wakeup_.wake(); }

  // For a backend that watches this one among other things.

  /// Readable while there is something to tell.
  int descriptor() const noexcept { return epoll_.get(); }
  /// Did the last wait perhaps leave events behind?
  bool mayHaveMore() const noexcept { return eventCount_ == events_.size(); }

 private:
  int watch(detail::ReadinessChannel& channel, std::uint64_t token) noexcept override;
  int waitFor(std::optional<TimePoint> until);
  void deliverUnwatched(Round& round, std::span<const epoll_event> events);
  void deliverWith(Round& round, const epoll_event& event);

  FileDescriptor epoll_;
  detail::Wakeup wakeup_;
  bool preciseWait_ = true;  // until the kernel says that it has no epoll_pwait2
  std::size_t eventCount_ = 0;
  std::array<epoll_event, 256> events_;
};

}  // namespace hawser
