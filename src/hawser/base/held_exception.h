#pragma once

#include <hawser/base/failure.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <typeinfo>

namespace hawser::detail {

inline bool isShared(const std::atomic<std::uint32_t>& references) noexcept {
  return references.load(std::memory_order_acquire) != 1;
}
/// Gives one reference back; true if that was the last.
inline bool isLast(std::atomic<std::uint32_t>& references) noexcept {
  return !isShared(references) || references.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

/// The exception of Failures, counted; any thread may use it.
///
/// One that a Failure was made of lies behind this header, in the room that was made for it, and is
/// copied into an exception of the language only if somebody wants to throw it. For one that was
/// caught, or came as a std::exception_ptr, that pointer lies there instead.
struct HeldException {
  std::atomic<std::uint32_t> references{1};
  const std::type_info* type;
  const ExceptionOps* ops;  // null: a std::exception_ptr lies in the room
  /// What is thrown, in the room or in a block of its own; null before anybody asked.
  std::atomic<std::exception_ptr*> thrown{nullptr};

  HeldException(const std::type_info* heldType, const ExceptionOps* heldOps) noexcept
      : type(heldType), ops(heldOps) {}
  /// @throws std::bad_alloc
  static HeldException* of(std::exception_ptr exception);
  static HeldException* ofRoom(void* room) noexcept {
    return static_cast<HeldException*>(room) - 1;
  }

  void* room() noexcept { return this + 1; }
  void release() noexcept {
    if (isLast(references)) destroy();
  }
  /// What a catch clause of type `wanted` would bind to, or null. Pointers match their very type
  /// only.
  const void* find(const std::type_info& wanted) noexcept;
  /// @throws std::bad_alloc
  const std::exception_ptr& pointer();

 private:
  friend void freeRoom(void* room) noexcept;
  std::size_t bytes() const noexcept;
  void destroy() noexcept;
};

}  // namespace hawser::detail
