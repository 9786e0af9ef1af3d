#include <hawser/base/failure.h>

#include <hawser/base/held_exception.h>
#include <hawser/base/pool.h>

#include <cxxabi.h>
#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <ostream>
#include <stdexcept>
#include <utility>

namespace hawser {

namespace detail {

/// The first `kept` places stay; later ones go round in the rest, so that both ends of a long way
/// are there. Places that were not added yet hold nothing, not even zeros.
struct FailureBlock {
  static constexpr std::uint32_t capacity = 32;
  static constexpr std::uint32_t kept = 16;

  std::atomic<std::uint32_t> references{1};
  std::uint32_t siteCount = 0;  // how many were added, also those that were overwritten
  HeldException* exception;
  Failure cause{static_cast<FailureBlock*>(nullptr)};
  union {
    std::source_location sites[capacity];
  };
  SiteKind kinds[capacity];

  FailureBlock(HeldException* held, SiteKind kind, std::source_location where) noexcept
      : exception(held) {
    add(kind, where);
  }
  /// Takes part in the exception and the way of `other`.
  explicit FailureBlock(const FailureBlock& other) noexcept
      : siteCount(other.siteCount), exception(other.exception), cause(other.cause) {
    exception->references.fetch_add(1, std::memory_order_relaxed);
    std::memcpy(static_cast<void*>(sites), other.sites, sizeof sites);
    std::memcpy(kinds, other.kinds, sizeof kinds);
  }
  ~FailureBlock() {}

  void add(SiteKind kind, std::source_location where) noexcept {
    const std::uint32_t place = placeOf(siteCount++);
    sites[place] = where;
    kinds[place] = kind;
  }
  static std::uint32_t placeOf(std::uint32_t index) noexcept {
    return index < capacity ? index : kept + (index - kept) % (capacity - kept);
  }
};

namespace {

/// Stands for running out of memory where no block can be had; it is never freed.
struct OutOfMemory {
  struct alignas(std::max_align_t) {
    HeldException header{&typeid(std::bad_alloc), &exceptionOps<std::bad_alloc>};
    std::bad_alloc error;
  } held;
  FailureBlock block{&held.header, SiteKind::raised, {}};
  OutOfMemory() noexcept {
    block.references = 1u << 30;
    block.siteCount = 0;
  }
};

OutOfMemory& outOfMemory() noexcept {
  static OutOfMemory instance;
  return instance;
}
FailureBlock* outOfMemoryBlock() noexcept {
  FailureBlock& block = outOfMemory().block;
  block.references.fetch_add(1, std::memory_order_relaxed);
  return &block;
}
bool isOutOfMemory(const FailureBlock& block) noexcept { return &block == &outOfMemory().block; }

FailureBlock* makeBlock(HeldException* held, SiteKind kind, std::source_location where) noexcept {
  try {
    return ::new (poolAllocate(sizeof(FailureBlock))) FailureBlock(held, kind, where);
  } catch (const std::bad_alloc&) {
    held->release();
    return outOfMemoryBlock();
  }
}

FailureBlock* makeBlock(std::exception_ptr exception, SiteKind kind,
                        std::source_location where) noexcept {
  try {
    return makeBlock(HeldException::of(std::move(exception)), kind, where);
  } catch (const std::bad_alloc&) {
    return outOfMemoryBlock();
  }
}

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> readable(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
  return readable ? readable.get() : name;
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
    case SiteKind::job:
      return "left the job asked for at";
    case SiteKind::awaited:
    case SiteKind::thread:
      break;
  }
  return "awaited at";
}

// A number takes the room of a place.
static_assert(std::is_trivially_copyable_v<std::source_location> &&
              sizeof(std::source_location) >= sizeof(std::uint32_t));
std::source_location siteOf(std::uint32_t number) noexcept {
  std::source_location site;
  std::memcpy(static_cast<void*>(&site), &number, sizeof number);
  return site;
}
std::uint32_t numberIn(const std::source_location& site) noexcept {
  std::uint32_t number;
  std::memcpy(&number, static_cast<const void*>(&site), sizeof number);
  return number;
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
    if (block.kinds[place] == SiteKind::thread) {
      text += fmt::format("  in thread {}\n", numberIn(block.sites[place]));
      continue;
    }
    const std::source_location& where = block.sites[place];
    if (where.line() == 0) continue;
    text +=
        fmt::format("  {} {}:{}\n", phrase(block.kinds[place]), where.file_name(), where.line());
  }
}

/// What an exception carries below it without a Failure's help, or one that holds nothing.
Failure nestedIn(const Failure& failure) {
  const auto* nested = failure.get<std::nested_exception>();
  std::exception_ptr below = nested ? nested->nested_ptr() : nullptr;
  return below ? Failure::at(SiteKind::raised, {}, std::move(below)) : Failure::none();
}

/// Calls `visit` with a failure and then with each of its causes.
template <class Visit>
void forEachCause(const Failure& first, Visit visit) {
  Failure nested = Failure::none();
  for (const Failure* failure = &first; failure;) {
    visit(*failure);
    if (const Failure* cause = failure->cause()) {
      failure = cause;
    } else {
      nested = nestedIn(*failure);
      failure = nested ? &nested : nullptr;
    }
  }
}

}  // namespace
}  // namespace detail

using detail::FailureBlock;
using detail::HeldException;
using detail::SiteKind;

Failure Failure::held(void* room, std::source_location where) noexcept {
  if (!room) return Failure(detail::outOfMemoryBlock());
  return Failure(detail::makeBlock(static_cast<HeldException*>(room) - 1, SiteKind::raised, where));
}

Failure::Failure(std::exception_ptr exception, std::source_location where) : block_(nullptr) {
  if (!exception) throw std::invalid_argument("Failure: the exception_ptr is null");
  block_ = detail::makeBlock(std::move(exception), SiteKind::raised, where);
}

Failure Failure::at(SiteKind kind, std::source_location where,
                    std::exception_ptr exception) noexcept {
  return Failure(detail::makeBlock(std::move(exception), kind, where));
}

Failure Failure::current(std::source_location where) {
  return currentIn(SiteKind::raised, where, nullptr);
}

// What unwinds the stack of a thread that ends is no object: g++'s sanitizer takes it for a null
// reference.
__attribute__((no_sanitize("null"))) Failure Failure::currentIn(SiteKind kind,
                                                                std::source_location where,
                                                                const Failure* original) {
  if (std::exception_ptr exception = std::current_exception()) {
    if (!original || !original->holds(exception))
      return Failure(detail::makeBlock(std::move(exception), kind, where));
    Failure result = *original;
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
  while (block && detail::isLast(block->references)) {
    FailureBlock* const cause = std::exchange(block->cause.block_, nullptr);
    HeldException* const exception = block->exception;
    block->~FailureBlock();
    detail::poolFree(block, sizeof(FailureBlock));
    exception->release();
    block = cause;
  }
}

FailureBlock& Failure::block() const {
  if (!block_) throw EmptyFailureError();
  return *block_;
}

bool Failure::holds(const std::exception_ptr& exception) const noexcept {
  if (!block_) return false;
  const std::exception_ptr* const thrown =
      block_->exception->thrown.load(std::memory_order_acquire);
  return thrown && *thrown == exception;
}

const void* Failure::find(const std::type_info& type) const noexcept {
  return block_ ? block_->exception->find(type) : nullptr;
}

FailureBlock* Failure::own() {
  FailureBlock& shared = block();
  if (detail::isShared(shared.references) && !detail::isOutOfMemory(shared)) {
    auto* copy = ::new (detail::poolAllocate(sizeof(FailureBlock))) FailureBlock(shared);
    release(std::exchange(block_, copy));
  }
  return block_;
}

void Failure::addSite(SiteKind kind, std::source_location where) noexcept {
  if (!block_) return;
  if (detail::isShared(block_->references)) [[unlikely]]
    return addSiteToCopy(kind, where);
  block_->add(kind, where);
}

void Failure::addThread(std::uint32_t number) noexcept {
  addSite(SiteKind::thread, detail::siteOf(number));
}

void Failure::addSiteToCopy(SiteKind kind, std::source_location where) noexcept {
  try {
    if (!detail::isOutOfMemory(*block_)) own()->add(kind, where);
  } catch (const std::bad_alloc&) {
    // A traceback with a line missing is better than a failure that cannot be delivered.
    return;
  }
}

void Failure::raise() const { std::rethrow_exception(block().exception->pointer()); }

std::exception_ptr Failure::exception() const { return block().exception->pointer(); }

std::source_location Failure::raisedAt() const noexcept {
  const bool known =
      block_ && block_->siteCount != 0 && block_->kinds[0] != detail::SiteKind::thread;
  return known ? block_->sites[0] : std::source_location();
}

std::string Failure::typeName() const {
  const std::type_info* const type = block().exception->type;
  return type ? detail::demangled(type->name()) : "an exception without a type";
}

std::string Failure::getErrorMessage() const {
  block();
  if (const auto* error = get<std::exception>()) return error->what();
  if (const auto* text = get<std::string>()) return *text;
  if (const auto* text = get<const char*>()) return *text ? *text : "a null pointer to characters";
  if (const auto* number = get<int>()) return fmt::format("the integer {}", *number);
  return fmt::format("an exception of type {}", typeName());
}

std::string Failure::getTraceback() const {
  std::string text;
  detail::forEachCause(*this, [&](const Failure& failure) {
    if (!text.empty()) text += "caused by ";
    text += fmt::format("{}: {}\n", failure.typeName(), failure.getErrorMessage());
    detail::appendSites(text, failure.block());
  });
  return text;
}

std::string Failure::getBriefTraceback() const {
  std::string text;
  detail::forEachCause(*this, [&](const Failure& failure) {
    if (!text.empty()) text += ", caused by ";
    text += fmt::format("{}: {}", failure.typeName(), failure.getErrorMessage());
    const std::source_location where = failure.raisedAt();
    if (where.line() != 0) text += fmt::format(" ({}:{})", where.file_name(), where.line());
  });
  return text;
}

void Failure::printTraceback() const {
  const std::string text = getTraceback();
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void Failure::printTraceback(std::ostream& to) const { to << getTraceback(); }

std::ostream& operator<<(std::ostream& to, const Failure& failure) {
  return to << (failure ? failure.getBriefTraceback() : "no failure");
}

const Failure* Failure::cause() const noexcept {
  return block_ && block_->cause ? &block_->cause : nullptr;
}

Failure Failure::withCause(Failure cause) const {
  Failure result = *this;
  // A loop, as in `release`.
  for (Failure* last = &result;;) {
    FailureBlock* const block = last->own();
    if (detail::isOutOfMemory(*block)) return result;
    if (!block->cause) {
      block->cause = std::move(cause);
      return result;
    }
    last = &block->cause;
  }
}

}  // namespace hawser
