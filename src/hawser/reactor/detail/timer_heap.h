#pragma once

#include <hawser/base/delayed_call.h>

#include <cstdint>
#include <utility>

namespace hawser::detail {

/// Calls in exact order: the few of a TimerQueue whose tick has come.
///
/// A pairing heap, linked through the entries, so that it needs no memory and cannot fail: adding
/// costs O(1), taking out the first O(log n). The child in an entry's details is the first of those
/// below it, `next` its neighbour, and `previous` the neighbour on the other side or, at the first,
/// the entry above. Adding in falling order makes a chain, from which each is taken out in O(1).
class TimerHeap {
 public:
  /// Whether a pending entry lies here and not in the wheel.
  static bool holds(const TimerEntry& entry) noexcept { return entry.place == inHeap; }

  bool empty() const noexcept { return !root_; }
  /// There is one.
  TimerEntry& first() const noexcept { return *root_; }

  void add(TimerEntry& entry) noexcept {
    entry.place = inHeap;
    child(entry) = entry.next = entry.previous = nullptr;
    root_ = root_ ? meld(root_, &entry) : &entry;
  }

  void removeFirst() noexcept { root_ = meldAll(child(*root_)); }

  void remove(TimerEntry& entry) noexcept {
    TimerEntry* const below = meldAll(child(entry));
    if (&entry == root_) {
      root_ = below;
      return;
    }
    TimerEntry* const before = entry.previous;
    (child(*before) == &entry ? child(*before) : before->next) = entry.next;
    if (entry.next) entry.next->previous = entry.previous;
    if (below) root_ = meld(root_, below);
  }

  /// `visit` must leave the heap alone. In no order.
  template <class F>
  void forEach(F visit) const {
    for (TimerEntry* entry = root_; entry;) {
      visit(*entry);
      if (child(*entry)) {
        entry = child(*entry);
        continue;
      }
      while (entry && !entry->next) entry = above(entry);
      if (entry) entry = entry->next;
    }
  }

 private:
  static constexpr std::uint16_t inHeap = 0xFFFD;

  static TimerEntry*& child(const TimerEntry& entry) noexcept { return entry.details().child; }

  /// Two roots, neither of which has neighbours; the result has none.
  static TimerEntry* meld(TimerEntry* one, TimerEntry* other) noexcept {
    if (other->before(*one)) std::swap(one, other);
    other->next = child(*one);
    if (other->next) other->next->previous = other;
    other->previous = one;
    child(*one) = other;
    return one;
  }

  /// A row of neighbours, in pairs from the front, then all of them from the back.
  static TimerEntry* meldAll(TimerEntry* row) noexcept {
    TimerEntry* pairs = nullptr;
    while (row) {
      TimerEntry* one = row;
      TimerEntry* const other = one->next;
      row = other ? other->next : nullptr;
      one->next = one->previous = nullptr;
      if (other) {
        other->next = other->previous = nullptr;
        one = meld(one, other);
      }
      one->next = pairs;
      pairs = one;
    }
    TimerEntry* all = pairs;
    if (all) {
      pairs = all->next;
      all->next = nullptr;
    }
    while (pairs) {
      TimerEntry* const next = pairs->next;
      pairs->next = nullptr;
      all = meld(all, pairs);
      pairs = next;
    }
    return all;
  }

  static TimerEntry* above(TimerEntry* entry) noexcept {
    while (entry->previous && child(*entry->previous) != entry) entry = entry->previous;
    return entry->previous;
  }

  TimerEntry* root_ = nullptr;
};

}  // namespace hawser::detail
