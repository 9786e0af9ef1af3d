#include <hawser/base/delayed_call.h>
#include <hawser/base/timer_slabs.h>
#include <hawser/config.h>

#include <algorithm>
#include <new>

namespace hawser::detail {

namespace {

constexpr std::size_t smallestSlab = HAWSER_POOL ? 16 : 1;
constexpr std::size_t largestSlab = HAWSER_POOL ? 512 : 1;
/// So much room is kept without asking whether it is needed; in entries.
constexpr std::size_t alwaysKept = HAWSER_POOL ? 64 : 0;

static_assert(sizeof(TimerSlab) % alignof(TimerEntry) == 0);

void* placeOf(TimerSlab* slab, std::size_t index) noexcept {
  return reinterpret_cast<std::byte*>(slab + 1) + index * sizeof(TimerEntry);
}

void destroy(TimerSlab* slab) noexcept { ::operator delete(slab); }

}  // namespace

TimerSlabs::~TimerSlabs() {
  for (TimerSlab* slab = first_; slab;) {
    TimerSlab* const next = slab->next;
    slab->home = nullptr;
    if (slab->used == 0) destroy(slab);
    slab = next;
  }
}

TimerEntry* TimerSlabs::make() {
  TimerSlab* slab = first_;
  if (!slab || slab->used == slab->capacity) slab = grow();
  void* place = slab->free;
  if (place)
    slab->free = slab->free->next;
  else
    place = placeOf(slab, slab->fresh++);
  ++used_;
  --spare_;
  if (++slab->used == slab->capacity && slab != last_) {
    unlink(slab);
    link(slab, nullptr);
  }
  return ::new (place) TimerEntry(slab);
}

TimerSlab* TimerSlabs::grow() {
  const std::size_t capacity = std::clamp(used_, smallestSlab, largestSlab);
  void* const block = ::operator new(sizeof(TimerSlab) + capacity * sizeof(TimerEntry));
  auto* const slab = ::new (block) TimerSlab{};
  slab->home = this;
  slab->capacity = static_cast<std::uint32_t>(capacity);
  spare_ += capacity;
  link(slab, first_);
  return slab;
}

void TimerSlabs::release(TimerEntry* entry) noexcept {
  TimerSlab* const slab = entry->slab;
  entry->~TimerEntry();
  slab->free = ::new (static_cast<void*>(entry)) TimerSlab::Free{slab->free};
  --slab->used;
  if (slab->home)
    slab->home->takeBack(slab);
  else if (slab->used == 0)
    destroy(slab);
}

/// Looks at a slab in which one entry became free.
void TimerSlabs::takeBack(TimerSlab* slab) noexcept {
  --used_;
  ++spare_;
  if (slab->used == 0) {
    const std::size_t without = spare_ - slab->capacity;
    if (!HAWSER_POOL || without >= std::max(used_, alwaysKept)) {
      unlink(slab);
      spare_ = without;
      destroy(slab);
      return;
    }
  }
  if (slab->used + 1 == slab->capacity && slab != first_) {
    unlink(slab);
    link(slab, first_);
  }
}

void TimerSlabs::link(TimerSlab* slab, TimerSlab* before) noexcept {
  slab->next = before;
  slab->previous = before ? before->previous : last_;
  (slab->previous ? slab->previous->next : first_) = slab;
  (before ? before->previous : last_) = slab;
}

void TimerSlabs::unlink(TimerSlab* slab) noexcept {
  (slab->previous ? slab->previous->next : first_) = slab->next;
  (slab->next ? slab->next->previous : last_) = slab->previous;
}

}  // namespace hawser::detail
