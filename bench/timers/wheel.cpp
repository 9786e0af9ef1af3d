// The limit: a timing wheel by hand. Ticks of 2^20 ns, 64 slots a level, lists through timers that
// their user owns, a function pointer and its argument, no order within a tick, no handles, no
// checks.

#include "peer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>
#include <vector>

namespace {

using namespace bench;

struct Timer {
  Timer* previous;
  Timer* next;
  std::uint64_t tick;
  void (*call)(void*);
  void* context;
  unsigned level;
};

class Wheel {
 public:
  static constexpr unsigned tickBits = 20;

  void add(Timer& timer) {
    timer.level = static_cast<unsigned>(63 - std::countl_zero((timer.tick ^ now_) | 1)) / 6;
    const unsigned index = slotOf(timer);
    Timer*& slot = slots_[timer.level][index];
    timer.previous = nullptr;
    timer.next = slot;
    if (slot) slot->previous = &timer;
    slot = &timer;
    occupied_[timer.level] |= std::uint64_t{1} << index;
  }

  void remove(Timer& timer) {
    if (timer.next) timer.next->previous = timer.previous;
    if (timer.previous) {
      timer.previous->next = timer.next;
      return;
    }
    const unsigned index = slotOf(timer);
    slots_[timer.level][index] = timer.next;
    if (!timer.next) occupied_[timer.level] &= ~(std::uint64_t{1} << index);
  }

  void advance(std::uint64_t tick) {
    for (unsigned level = 0; level < levels;) {
      if (occupied_[level] == 0) {
        ++level;
        continue;
      }
      const auto index = static_cast<unsigned>(std::countr_zero(occupied_[level]));
      const unsigned shift = 6 * level;
      const std::uint64_t start = ((now_ >> shift >> 6 << 6) | index) << shift;
      if (start > tick) break;
      now_ = start;
      occupied_[level] &= ~(std::uint64_t{1} << index);
      for (Timer* timer = std::exchange(slots_[level][index], nullptr); timer;) {
        Timer& first = *std::exchange(timer, timer->next);
        if (first.tick <= now_)
          first.call(first.context);
        else
          add(first);
      }
      level = 0;
    }
    now_ = std::max(now_, tick);
  }

  std::uint64_t now() const { return now_; }

 private:
  static constexpr unsigned levels = 8;
  static unsigned slotOf(const Timer& timer) {
    return static_cast<unsigned>(timer.tick >> (6 * timer.level)) % 64;
  }

  std::uint64_t now_ = 0;
  std::array<std::uint64_t, levels> occupied_{};
  std::array<std::array<Timer*, 64>, levels> slots_{};
};

class WheelTimers final : public Timers {
 public:
  explicit WheelTimers(std::size_t count) : timers_(count) {}

  void schedule(std::size_t first, std::span<const Nanoseconds> delays) override {
    for (const Nanoseconds delay : delays) {
      Timer& timer = timers_[first++];
      timer.tick = static_cast<std::uint64_t>((now_ + delay).count() >> Wheel::tickBits) + 1;
      timer.call = [](void* context) { ++static_cast<WheelTimers*>(context)->fired; };
      timer.context = this;
      wheel_.add(timer);
    }
  }
  void cancel(std::span<const std::uint32_t> numbers) override {
    for (const std::uint32_t number : numbers) wheel_.remove(timers_[number]);
  }
  void advance(Nanoseconds by) override {
    now_ += by;
    wheel_.advance(static_cast<std::uint64_t>(now_.count()) >> Wheel::tickBits);
  }

 private:
  Nanoseconds now_{0};
  Wheel wheel_;
  std::vector<Timer> timers_;
};

const Entry entry{{"wheel", "", "no order within a millisecond", makeTimers<WheelTimers>}};

}  // namespace
