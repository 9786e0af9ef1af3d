#include "peer.h"

#include <uv.h>

#include <vector>

namespace {

using namespace bench;

class UvTimers final : public Timers {
 public:
  explicit UvTimers(std::size_t count) : timers_(count) {
    uv_loop_init(&loop_);
    for (uv_timer_t& timer : timers_) {
      uv_timer_init(&loop_, &timer);
      timer.data = this;
    }
    uv_update_time(&loop_);
  }
  ~UvTimers() override {
    for (uv_timer_t& timer : timers_) uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  void schedule(std::size_t first, std::span<const Nanoseconds> delays) override {
    for (const Nanoseconds delay : delays) {
      const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(delay);
      uv_timer_start(
          &timers_[first++],
          [](uv_timer_t* timer) { ++static_cast<UvTimers*>(timer->data)->fired; },
          static_cast<std::uint64_t>(rounded.count()), 0);
    }
  }
  void cancel(std::span<const std::uint32_t> numbers) override {
    for (const std::uint32_t number : numbers) uv_timer_stop(&timers_[number]);
  }
  void advance(Nanoseconds by) override {
    time_.advance(by);
    uv_run(&loop_, UV_RUN_NOWAIT);
  }

 private:
  FakeTime time_;
  uv_loop_t loop_{};
  std::vector<uv_timer_t> timers_;
};

const Entry entry{{"libuv", uv_version_string(), "in milliseconds", makeTimers<UvTimers>}};

}  // namespace
