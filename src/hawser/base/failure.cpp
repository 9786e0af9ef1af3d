#include <hawser/base/failure.h>
#include <hawser/base/pool.h>

#include <cxxabi.h>
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

namespace hawser {

namespace detail {

/// The first `kept` places stay; later ones go round in the rest, so that both ends of a long way
/// are there.
struct FailureBlock {
  static constexpr std::uint32_t capacity = 32;
  static constexpr std::uint32_t kept = 16;

  std::atomic<std::uint32_t> references{1};
  std::uint32_t siteCount = 0;  // how many were added, also those that were overwritten
  const std::type_info* type = nullptr;
  const void* object = nullptr;
  std::exception_ptr exception;
  Failure cause{static_cast<FailureBlock*>(nullptr)};
  std::source_location sites[capacity];
  SiteKind kinds[capacity];

  static std::uint32_t placeOf(std::uint32_t index) noexcept {
    return index < capacity ? index : kept + (index - kept) % (capacity - kept);
  }
};

namespace {

#if defined(__GLIBCXX__)
const std::type_info* typeOf(const std::exception_ptr& exception) noexcept {
  return exception.__cxa_exception_type();
}
const void* objectOf(const std::exception_ptr& exception) noexcept {
  static_assert(sizeof(exception) == sizeof(void*));
  void* object;
  // A std::exception_ptr of libstdc++ is one counted pointer to the exception.
  std::memcpy(&object, static_cast<const void*>(&exception), sizeof object);
  return object;
}
/// What a catch clause of type `wanted` would bind to, or null.
const void* caughtAs(const std::type_info& wanted, const FailureBlock& block) noexcept {
  void* object = const_cast<void*>(block.object);
  if (!block.type || !wanted.__do_catch(block.type, &object, 1)) return nullptr;
  return object;
}
#else
#error "Failure looks at exceptions through libstdc++'s exception_ptr; port failure.cpp first"
#endif

/// Stands for running out of memory where no block can be had; it is never freed.
struct OutOfMemory {
  std::bad_alloc error;
  FailureBlock block;
  OutOfMemory() noexcept {
    block.references = 1u << 30;
    block.type = &typeid(std::bad_alloc);
    block.object = &error;
  }
};

FailureBlock* outOfMemory() noexcept {
  static OutOfMemory instance;
  instance.block.references.fetch_add(1, std::memory_order_relaxed);
  return &instance.block;
}

bool isShared(const FailureBlock& block) noexcept {
  return block.references.load(std::memory_order_acquire) != 1;
}

FailureBlock* makeBlock(std::exception_ptr exception) noexcept {
  try {
    auto* block = ::new (poolAllocate(sizeof(FailureBlock))) FailureBlock;
    block->type = typeOf(exception);
    block->object = objectOf(exception);
    block->exception = std::move(exception);
    return block;
  } catch (const std::bad_alloc&) {
    return outOfMemory();
  }
}

std::string demangled(const char* name) {
  int status = 0;
  char* readable = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string text = readable ? readable : name;
  std::free(readable);
  return text;
}

const char* phrase(SiteKind kind) noexcept {
  switch (kind) {
    case SiteKind::raised:
      return "raised at";
    case SiteKind::handler:
      return "raised in the handler added at";
    case SiteKind::coroutine:
      return "left the coroutine at";
    case SiteKind::made:
      return "in the Deferred made at";
    case SiteKind::passed:
      return "passed the handler added at";
    case SiteKind::fired:
      return "fired at";
    case SiteKind::awaited:
      return "awaited at";
  }
  return "at";
}

void appendSites(std::string& text, const FailureBlock& block) {
  constexpr std::uint32_t capacity = FailureBlock::capacity;
  constexpr std::uint32_t kept = FailureBlock::kept;
  const std::uint32_t left = block.siteCount > capacity ? block.siteCount - capacity : 0;
  for (std::uint32_t i = 0; i < block.siteCount; ++i) {
    if (left != 0 && i == kept) {
      text += fmt::format("  ... {} more\n", left);
      i += left;
    }
    const std::uint32_t place = FailureBlock::placeOf(i);
    const std::source_location& where = block.sites[place];
    text +=
        fmt::format("  {} {}:{}\n", phrase(block.kinds[place]), where.file_name(), where.line());
  }
}

}  // namespace
}  // namespace detail

using detail::FailureBlock;
using detail::SiteKind;

Failure::Failure(std::exception_ptr exception, std::source_location where) : block_(nullptr) {
  if (!exception) throw std::invalid_argument("Failure: the exception_ptr is null");
  block_ = detail::makeBlock(std::move(exception));
  addSite(SiteKind::raised, where);
}

Failure Failure::at(SiteKind kind, std::source_location where,
                    std::exception_ptr exception) noexcept {
  Failure result(detail::makeBlock(std::move(exception)));
  result.addSite(kind, where);
  return result;
}

Failure Failure::current(std::source_location where) {
  return currentIn(SiteKind::raised, where, nullptr);
}

Failure Failure::currentIn(SiteKind kind, std::source_location where, const Failure* original) {
  if (std::exception_ptr exception = std::current_exception()) {
    Failure result = original && original->block_ && original->block_->exception == exception
                         ? *original
                         : Failure(detail::makeBlock(std::move(exception)));
    result.addSite(kind, where);
    return result;
  }
  // The first word of the runtime's globals is the stack of caught exceptions (Itanium C++ ABI,
  // exception handling, 2.2.2).
  if (*reinterpret_cast<void**>(abi::__cxa_get_globals()) == nullptr)
    throw std::logic_error("Failure::current() was called outside of a catch block");
  try {
    throw;
  } catch (abi::__forced_unwind&) {
    throw;
  } catch (...) {
    return Failure(ForeignError(), where);
  }
}

Failure::Failure(const Failure& other) noexcept : block_(other.block_) {
  if (block_) block_->references.fetch_add(1, std::memory_order_relaxed);
}

void Failure::release(FailureBlock* block) noexcept {
  // A loop, since a Failure may have a cause that has a cause, a hundred thousand times.
  while (block) {
    if (detail::isShared(*block) && block->references.fetch_sub(1, std::memory_order_acq_rel) != 1)
      return;
    FailureBlock* cause = std::exchange(block->cause.block_, nullptr);
    block->~FailureBlock();
    detail::poolFree(block, sizeof(FailureBlock));
    block = cause;
  }
}

FailureBlock& Failure::held() const {
  if (!block_) throw EmptyFailureError();
  return *block_;
}

const void* Failure::find(const std::type_info& type) const noexcept {
  return block_ ? detail::caughtAs(type, *block_) : nullptr;
}

FailureBlock* Failure::own() {
  FailureBlock& shared = held();
  if (detail::isShared(shared) && shared.exception) {
    auto* copy = ::new (detail::poolAllocate(sizeof(FailureBlock))) FailureBlock;
    copy->siteCount = shared.siteCount;
    copy->type = shared.type;
    copy->object = shared.object;
    copy->exception = shared.exception;
    copy->cause = shared.cause;
    std::memcpy(copy->sites, shared.sites, sizeof copy->sites);
    std::memcpy(copy->kinds, shared.kinds, sizeof copy->kinds);
    release(std::exchange(block_, copy));
  }
  return block_;
}

void Failure::addSite(SiteKind kind, std::source_location where) noexcept {
  if (!block_ || !block_->exception) return;
  try {
    FailureBlock* block = own();
    const std::uint32_t place = FailureBlock::placeOf(block->siteCount++);
    block->sites[place] = where;
    block->kinds[place] = kind;
  } catch (const std::bad_alloc&) {
    // A traceback with a line missing is better than a failure that cannot be delivered.
    return;
  }
}

void Failure::raise() const {
  const FailureBlock& block = held();
  if (!block.exception) throw std::bad_alloc();
  std::rethrow_exception(block.exception);
}

std::exception_ptr Failure::exception() const {
  const FailureBlock& block = held();
  return block.exception ? block.exception : std::make_exception_ptr(std::bad_alloc());
}

std::source_location Failure::raisedAt() const noexcept {
  return block_ && block_->siteCount != 0 ? block_->sites[0] : std::source_location();
}

std::string Failure::typeName() const { return detail::demangled(held().type->name()); }

std::string Failure::getErrorMessage() const {
  held();
  if (const auto* error = get<std::exception>()) return error->what();
  if (const auto* text = get<std::string>()) return *text;
  if (const auto* number = get<int>()) return fmt::format("the integer {}", *number);
  try {
    raise();
  } catch (const char* text) {
    return text ? text : "a null pointer to characters";
  } catch (...) {
    return fmt::format("an exception of type {}", typeName());
  }
}

std::string Failure::getTraceback() const {
  std::string text;
  for (const Failure* failure = this; failure; failure = failure->cause()) {
    if (failure != this) text += "caused by ";
    text += fmt::format("{}: {}\n", failure->typeName(), failure->getErrorMessage());
    detail::appendSites(text, failure->held());
  }
  return text;
}

const Failure* Failure::cause() const noexcept {
  return block_ && block_->cause ? &block_->cause : nullptr;
}

Failure Failure::withCause(Failure cause) const {
  Failure result = *this;
  FailureBlock* block = result.own();
  if (!block->exception) return result;
  block->cause = block->cause ? block->cause.withCause(std::move(cause)) : std::move(cause);
  return result;
}

}  // namespace hawser
