#include <hawser/base/delayed_call.h>
#include <hawser/base/timer_slabs.h>
#include <hawser/config.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

namespace hawser::detail {

namespace {

constexpr std::size_t smallestSlab = HAWSER_POOL ? 16 : 1;
/// 96 KiB: malloc would map and unmap each of the next size for itself.
constexpr std::size_t largestSlab = HAWSER_POOL ? 1024 : 1;
/// So much room is kept without asking whether it is needed; in entries.
constexpr std::size_t alwaysKept = HAWSER_POOL ? 64 : 0;

/// A slab that was full has to have one in so many free before it is handed out again. Whoever lets
/// go of a call after asking for the next would else move slabs about with each of them.
constexpr std::size_t roomyAt = 16;

/// Each entry's details are a cache line of their own.
constexpr std::align_val_t alignment{64};
static_assert(sizeof(TimerSlab) == 64 && sizeof(TimerDetails) == 64);
static_assert(sizeof(TimerEntry) == 32);

void destroy(TimerSlab* slab) noexcept {
  ::operator delete(&slab->details(slab->capacity - 1), alignment);
}

}  // namespace

TimerSlabs::~TimerSlabs() {
  for (TimerSlab* slab = first_; slab;) {
    TimerSlab* const next = slab->next;
    slab->home = nullptr;
    if (slab->used == 0) destroy(slab);
    slab = next;
  }
}

TimerEntry* TimerSlabs::make(unique_function<void()>&& call, std::source_location where) {
  TimerSlab* slab = first_;
  if (!slab || slab->used == slab->capacity) slab = grow();
  void* place = slab->free;
  if (place)
    slab->free = slab->free->next;
  else
    place = slab->entries() + slab->fresh++;
  ++used_;
  if (++slab->used == slab->capacity && slab != last_) {
    unlink(slab);
    link(slab, nullptr);
  }
  const auto index = static_cast<std::size_t>(static_cast<TimerEntry*>(place) - slab->entries());
  auto* const entry = ::new (place) TimerEntry(index, call.destroysSomething());
  ::new (&slab->details(index)) TimerDetails(std::move(call), where);
  return entry;
}

TimerSlab* TimerSlabs::grow() {
  const std::size_t capacity = std::clamp(used_, smallestSlab, largestSlab);
  const std::size_t before = capacity * sizeof(TimerDetails);
  const std::size_t bytes = before + sizeof(TimerSlab) + capacity * sizeof(TimerEntry);
  auto* const memory = static_cast<std::byte*>(::operator new(bytes, alignment));
  auto* const slab = ::new (memory + before) TimerSlab{};
  slab->home = this;
  slab->capacity = static_cast<std::uint32_t>(capacity);
  slab->roomy = static_cast<std::uint32_t>(capacity - (capacity + roomyAt - 1) / roomyAt);
  capacity_ += capacity;
  link(slab, first_);
  return slab;
}

void TimerSlabs::release(TimerEntry* entry) noexcept {
  TimerSlab* const slab = &entry->slab();
  slab->free = ::new (static_cast<void*>(entry)) TimerSlab::Free{slab->free};
  const std::uint32_t used = --slab->used;
  TimerSlabs* const home = slab->home;
  if (home) {
    --home->used_;
    if (used == 0 || used == slab->roomy) home->takeBack(slab);
  } else if (used == 0) {
    destroy(slab);
  }
}

/// Looks at a slab that is empty now, or has some room.
void TimerSlabs::takeBack(TimerSlab* slab) noexcept {
  if (slab->used == 0) {
    const std::size_t without = capacity_ - slab->capacity;
    if (!HAWSER_POOL || without - used_ >= std::max(used_, alwaysKept)) {
      unlink(slab);
      capacity_ = without;
      destroy(slab);
      return;
    }
  }
  if (slab->used == slab->roomy && slab != first_) {
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
