#include "peer.h"

#include <event2/event.h>
#include <event2/event_struct.h>

#include <cstdlib>
#include <vector>

namespace {

using namespace bench;

class EventTimers final : public Timers {
 public:
  explicit EventTimers(std::size_t count) : base_(event_base_new()), timers_(count) {
    if (!base_) std::abort();
    for (event& timer : timers_)
      evtimer_assign(
          &timer, base_,
          [](evutil_socket_t, short, void* self) { ++static_cast<EventTimers*>(self)->fired; },
          this);
  }
  ~EventTimers() override {
    for (event& timer : timers_) evtimer_del(&timer);
    event_base_free(base_);
  }

  void schedule(std::size_t first, std::span<const Nanoseconds> delays) override {
    for (const Nanoseconds delay : delays) {
      const timeval after{delay.count() / 1'000'000'000, delay.count() / 1'000 % 1'000'000};
      evtimer_add(&timers_[first++], &after);
    }
  }
  void cancel(std::span<const std::uint32_t> numbers) override {
    for (const std::uint32_t number : numbers) evtimer_del(&timers_[number]);
  }
  void advance(Nanoseconds by) override {
    time_.advance(by);
    event_base_loop(base_, EVLOOP_NONBLOCK);
  }

 private:
  FakeTime time_;
  event_base* base_;
  std::vector<event> timers_;
};

const Entry entry{{"libevent", event_get_version(), "in microseconds", makeTimers<EventTimers>}};

}  // namespace
