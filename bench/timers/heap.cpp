// A heap by hand with four children a node, exact order, timers that their user owns and that know
// their place in it, a function pointer and its argument.

#include "peer.h"

#include <algorithm>
#include <vector>

namespace {

using namespace bench;

struct Timer {
  std::size_t position;
  void (*call)(void*);
  void* context;
};

struct Place {
  std::int64_t due;
  std::uint64_t sequence;
  Timer* timer;

  bool before(const Place& other) const {
    return due != other.due ? due < other.due : sequence < other.sequence;
  }
};

class HeapTimers final : public Timers {
 public:
  explicit HeapTimers(std::size_t count) : timers_(count) { heap_.reserve(count); }

  void schedule(std::size_t first, std::span<const Nanoseconds> delays) override {
    for (const Nanoseconds delay : delays) {
      Timer& timer = timers_[first++];
      timer.call = [](void* context) { ++static_cast<HeapTimers*>(context)->fired; };
      timer.context = this;
      heap_.emplace_back();
      up(heap_.size() - 1, Place{(now_ + delay).count(), sequence_++, &timer});
    }
  }
  void cancel(std::span<const std::uint32_t> numbers) override {
    for (const std::uint32_t number : numbers) remove(timers_[number].position);
  }
  void advance(Nanoseconds by) override {
    now_ += by;
    while (!heap_.empty() && heap_.front().due <= now_.count()) {
      const Timer& timer = *heap_.front().timer;
      remove(0);
      timer.call(timer.context);
    }
  }

 private:
  void put(std::size_t position, const Place& place) {
    heap_[position] = place;
    place.timer->position = position;
  }
  void remove(std::size_t position) {
    const Place last = heap_.back();
    heap_.pop_back();
    if (position == heap_.size()) return;
    if (position > 0 && last.before(heap_[(position - 1) / 4]))
      up(position, last);
    else
      down(position, last);
  }
  void up(std::size_t position, const Place& place) {
    while (position > 0 && place.before(heap_[(position - 1) / 4])) {
      put(position, heap_[(position - 1) / 4]);
      position = (position - 1) / 4;
    }
    put(position, place);
  }
  void down(std::size_t position, const Place& place) {
    for (std::size_t child; (child = 4 * position + 1) < heap_.size();) {
      const std::size_t end = std::min(child + 4, heap_.size());
      std::size_t least = child;
      while (++child < end)
        if (heap_[child].before(heap_[least])) least = child;
      if (!heap_[least].before(place)) break;
      put(position, heap_[least]);
      position = least;
    }
    put(position, place);
  }

  Nanoseconds now_{0};
  std::uint64_t sequence_ = 0;
  std::vector<Place> heap_;
  std::vector<Timer> timers_;
};

const Entry entry{{"heap", "", "exact order", makeTimers<HeapTimers>}};

}  // namespace
