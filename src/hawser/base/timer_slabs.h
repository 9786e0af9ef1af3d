#pragma once

#include <hawser/base/unique_function.h>

#include <cstddef>
#include <cstdint>
#include <source_location>

/// Memory for the entries of a timer queue (TimerEntry in delayed_call.h).
///
/// A program may have a million calls pending, so an entry must not cost a call of malloc each.
/// They come from slabs of up to 1,024, which belong to one queue and one thread. A slab goes back
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

/// In the middle of it: the entries follow in rising order, their details go before it in falling
/// order. So an entry that knows its index finds its slab and its details.
struct alignas(64) TimerSlab {
  struct Free {
    Free* next;
  };

  TimerSlabs* home;  ///< null when the queue is gone
  TimerSlab* previous;
  TimerSlab* next;
  Free* free;              ///< those that were used before
  std::uint32_t capacity;  ///< in entries
  std::uint32_t used;
  std::uint32_t fresh;  ///< from this one on they were never used
  std::uint32_t roomy;  ///< with no more than this used, a slab that was full is handed out again

  TimerDetails& details(std::size_t index) noexcept;
  TimerEntry* entries() noexcept;
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

  /// An entry as its constructor leaves it, whose details hold `call` and `where`.
  /// @throws std::bad_alloc, and then `call` is left alone
  TimerEntry* make(unique_function<void()>&& call, std::source_location where);
  /// Takes back an entry whose call was moved away or emptied, wherever its queue is.
  static void release(TimerEntry* entry) noexcept;

 private:
  TimerSlab* grow();
  void takeBack(TimerSlab* slab) noexcept;
  void link(TimerSlab* slab, TimerSlab* before) noexcept;
  void unlink(TimerSlab* slab) noexcept;

  TimerOwner& owner_;
  // One list: slabs with room first, behind them those that are full or nearly so again.
  TimerSlab* first_ = nullptr;
  TimerSlab* last_ = nullptr;
  // In entries.
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace hawser::detail
