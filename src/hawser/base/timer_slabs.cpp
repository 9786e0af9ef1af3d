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

/// Each entry's details are a cache line of their own.
constexpr std::align_val_t alignment{64};
static_assert(sizeof(TimerSlab) == 64 && sizeof(TimerDetails) == 64);
static_assert(sizeof(TimerEntry) == 48);

void destroy(TimerSlab* slab) noexcept { ::operator delete(slab, alignment); }

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
  TimerEntry* const place =
      slab->free ? reinterpret_cast<TimerEntry*>(slab->free) : slab->entries + slab->fresh++;
  if (slab->free) slab->free = slab->free->next;
  ++used_;
  --spare_;
  if (++slab->used == slab->capacity && slab != last_) {
    unlink(slab);
    link(slab, nullptr);
  }
  const auto index = static_cast<std::uint16_t>(place - slab->entries);
  ::new (slab->details + index) TimerDetails;
  return ::new (place) TimerEntry(slab, index);
}

TimerSlab* TimerSlabs::grow() {
  const std::size_t capacity = std::clamp(used_, smallestSlab, largestSlab);
  const std::size_t bytes =
      sizeof(TimerSlab) + capacity * (sizeof(TimerDetails) + sizeof(TimerEntry));
  auto* const slab = ::new (::operator new(bytes, alignment)) TimerSlab{};
  slab->details = reinterpret_cast<TimerDetails*>(slab + 1);
  slab->entries = reinterpret_cast<TimerEntry*>(slab->details + capacity);
  slab->home = this;
  slab->capacity = static_cast<std::uint32_t>(capacity);
  spare_ += capacity;
  link(slab, first_);
  return slab;
}

void TimerSlabs::release(TimerEntry* entry) noexcept {
  TimerSlab* const slab = entry->slab;
  entry->details().~TimerDetails();
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
