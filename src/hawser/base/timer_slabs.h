#pragma once

#include <cstddef>
#include <cstdint>

/// Memory for the entries of a timer queue (TimerEntry in delayed_call.h).
///
/// A program may have a million calls pending, so an entry must not cost a call of malloc each.
/// They come from slabs of up to 512, which belong to one queue and one thread. A slab goes back
/// to the heap when nothing in it is used and there is as much room without it, so that a queue
/// that falls and rises does not give back what it is about to need, and one that has emptied
/// keeps one slab. An entry may outlive its queue, in the hands of those who hold handles; then
/// its slab goes when the last entry in it does.
///
/// With `HAWSER_POOL` 0 each entry is a slab, and given back at once, so that memory checkers see
/// who uses one that is gone.
namespace hawser::detail {

class TimerOwner;
class TimerSlabs;
struct TimerDetails;
struct TimerEntry;

/// At its head; the details of all entries follow, then the entries.
struct TimerSlab {
  struct Free {
    Free* next;
  };

  TimerSlabs* home;  ///< null when the queue is gone
  TimerSlab* previous;
  TimerSlab* next;
  TimerDetails* details;
  TimerEntry* entries;
  Free* free;              ///< those that were used before
  std::uint32_t capacity;  ///< in entries
  std::uint32_t used;
  std::uint32_t fresh;  ///< from this one on they were never used
};

class TimerSlabs {
 public:
  /// `owner` is the queue that this is a part of.
  explicit TimerSlabs(TimerOwner& owner) noexcept : owner_(owner) {}
  TimerSlabs(const TimerSlabs&) = delete;
  TimerSlabs& operator=(const TimerSlabs&) = delete;
  /// Leaves to itself what is still used.
  ~TimerSlabs();

  TimerOwner& owner() const noexcept { return owner_; }

  /// An entry as its constructor leaves it.
  /// @throws std::bad_alloc
  TimerEntry* make();
  /// Destroys it, wherever its queue is.
  static void release(TimerEntry* entry) noexcept;

 private:
  TimerSlab* grow();
  void takeBack(TimerSlab* slab) noexcept;
  void link(TimerSlab* slab, TimerSlab* before) noexcept;
  void unlink(TimerSlab* slab) noexcept;

  TimerOwner& owner_;
  // One list: slabs with room first, full ones behind them.
  TimerSlab* first_ = nullptr;
  TimerSlab* last_ = nullptr;
  std::size_t used_ = 0;
  std::size_t spare_ = 0;
};

}  // namespace hawser::detail
