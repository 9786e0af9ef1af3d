#include <hawser/base/held_exception.h>

#include <hawser/base/pool.h>

#include <cxxabi.h>

#include <cstring>
#include <new>
#include <utility>

namespace hawser::detail {

static_assert(sizeof(HeldException) % alignof(std::max_align_t) == 0);

namespace {

#if defined(__GLIBCXX__)
const std::type_info* typeOf(const std::exception_ptr& exception) noexcept {
  return exception.__cxa_exception_type();
}
void* objectOf(const std::exception_ptr& exception) noexcept {
  static_assert(sizeof(exception) == sizeof(void*));
  void* object;
  // A std::exception_ptr of libstdc++ is one counted pointer to the exception.
  std::memcpy(&object, static_cast<const void*>(&exception), sizeof object);
  return object;
}

/// The only base class of `type`, if that is public and at the same address; else null.
const std::type_info* onlyBaseOf(const std::type_info& type) noexcept {
  if (&typeid(type) != &typeid(abi::__si_class_type_info)) return nullptr;
  return static_cast<const abi::__si_class_type_info&>(type).__base_type;
}

const void* caughtAs(const std::type_info& wanted, const std::type_info* type,
                     void* object) noexcept {
  if (!type) return nullptr;
  // Nearly all exceptions have one base after the other. The way up to them is short; asking the
  // runtime takes hundreds of instructions.
  const std::type_info* last = type;
  for (auto* base = type; base; base = onlyBaseOf(*base)) {
    if (base->name() == wanted.name()) return object;
    last = base;
  }
  const bool isWhole = &typeid(*last) == &typeid(abi::__class_type_info) || type->__is_pointer_p();
  if (!isWhole) return wanted.__do_catch(type, &object, 1) ? object : nullptr;
  // Shared libraries may have the same name at different addresses.
  for (auto* base = type; base; base = onlyBaseOf(*base))
    if (*base == wanted) return object;
  return nullptr;
}
#else
#error "Failure looks at exceptions through libstdc++'s exception_ptr; port this file first"
#endif

HeldException* make(const std::type_info* type, const ExceptionOps* ops, std::size_t bytes) {
  return ::new (poolAllocate(sizeof(HeldException) + bytes)) HeldException(type, ops);
}

}  // namespace

HeldException* HeldException::of(std::exception_ptr exception) {
  HeldException* const held = make(typeOf(exception), nullptr, sizeof exception);
  held->thrown = ::new (held->room()) std::exception_ptr(std::move(exception));
  return held;
}

void* roomForException(const ExceptionOps& ops) noexcept {
  try {
    return make(ops.type, &ops, ops.size)->room();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void freeRoom(void* room) noexcept {
  if (!room) return;
  HeldException* const held = HeldException::ofRoom(room);
  poolFree(held, held->bytes());
}

std::size_t HeldException::bytes() const noexcept {
  return sizeof(HeldException) + (ops ? ops->size : sizeof(std::exception_ptr));
}

void HeldException::destroy() noexcept {
  if (std::exception_ptr* const pointer = thrown.load(std::memory_order_acquire)) {
    pointer->~exception_ptr();
    if (ops) poolFree(pointer, sizeof *pointer);
  }
  if (ops) ops->destroy(room());
  poolFree(this, bytes());
}

const std::exception_ptr& HeldException::pointer() {
  std::exception_ptr* existing = thrown.load(std::memory_order_acquire);
  if (existing) return *existing;
  std::exception_ptr copy = ops->copy(room());  // may throw, so it comes first
  void* const place = poolAllocate(sizeof(std::exception_ptr));
  auto* const made = ::new (place) std::exception_ptr(std::move(copy));
  // Another thread may have asked at the same time: the first one's copy is thrown by all.
  if (thrown.compare_exchange_strong(existing, made, std::memory_order_acq_rel)) return *made;
  made->~exception_ptr();
  poolFree(place, sizeof *made);
  return *existing;
}

const void* HeldException::find(const std::type_info& wanted) noexcept {
  const std::exception_ptr* const pointer = thrown.load(std::memory_order_acquire);
  return caughtAs(wanted, type, pointer ? objectOf(*pointer) : room());
}

}  // namespace hawser::detail
