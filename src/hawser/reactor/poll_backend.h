#pragma once

#include <hawser/reactor/detail/readiness_backend.h>
#include <hawser/reactor/detail/wakeup.h>

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hawser {

/// The reactor's work on poll(2), which every kernel and every sandbox has.
///
/// Each wait hands the kernel all descriptors that something waits for, so it costs time in
/// proportion to the number of connections, idle ones included: for dozens, not for thousands.
class PollBackend final : public detail::ReadinessBackend {
 public:
  /// @throws std::system_error
  PollBackend();
  ~PollBackend() override;

  std::string_view name() const noexcept override { return "poll"; }
  void wait(std::optional<TimePoint> until) override;
  void deliver() override;
  void wake() noexcept override { wakeup_.wake(); }

 private:
  int watch(detail::ReadinessChannel& channel, std::uint64_t token) noexcept override;
  void collect();
  void deliverAnswers(Round& round);

  detail::Wakeup wakeup_;
  // What the kernel is asked, the first so many: the wakeup, then descriptors of channels.
  std::vector<pollfd> asked_;
  std::size_t askedCount_ = 1;
  std::uint32_t newestAsked_ = 0;  // the generation; later channels were not asked for
  bool answered_ = false;          // asked_ holds events that were not delivered yet
};

}  // namespace hawser
