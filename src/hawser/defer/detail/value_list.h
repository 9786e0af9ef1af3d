#pragma once

#include <hawser/base/pool.h>

#include <cstddef>
#include <new>
#include <utility>

namespace hawser::detail {

/// Values in a row, each in a pool block of its own: an empty row costs nothing, and a full one is
/// never moved. What it calls of T may call it back.
template <class T>
class ValueList {
  struct Place {
    Place* next;
    T value;
  };
  static_assert(alignof(Place) <= alignof(std::max_align_t),
                "a DeferredQueue cannot hold an over-aligned type: put it into a std::unique_ptr");

 public:
  ValueList() noexcept = default;
  ValueList(const ValueList&) = delete;
  ValueList& operator=(const ValueList&) = delete;
  ~ValueList() {
    while (first_) end(unlinkFirst());
  }

  std::size_t size() const noexcept { return size_; }

  template <class V>
  void append(V&& value) {
    void* block = poolAllocate(sizeof(Place));
    Place* place;
    try {
      place = ::new (block) Place{nullptr, std::forward<V>(value)};
    } catch (...) {
      poolFree(block, sizeof(Place));
      throw;
    }
    *end_ = place;
    end_ = &place->next;
    ++size_;
  }

  /// If the move throws, the value is lost.
  T takeFirst() {
    struct End {
      Place* place;
      ~End() { end(place); }
    } const after{unlinkFirst()};
    return std::move(after.place->value);
  }

 private:
  Place* unlinkFirst() noexcept {
    Place* place = first_;
    first_ = place->next;
    if (!first_) end_ = &first_;
    --size_;
    return place;
  }
  static void end(Place* place) noexcept {
    place->~Place();
    poolFree(place, sizeof(Place));
  }

  Place* first_ = nullptr;
  Place** end_ = &first_;
  std::size_t size_ = 0;
};

}  // namespace hawser::detail
