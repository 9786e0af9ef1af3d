#pragma once

#include <hawser/defer/errors.h>

#include <source_location>
#include <utility>

namespace hawser {

namespace detail {
struct Tokens;
}

/// The right to go on, given by `DeferredLock::scoped()` or `DeferredSemaphore::scoped()`: whoever
/// holds it holds the lock, or one token of the semaphore.
///
///     Deferred<void> store(DeferredLock& lock, Record record) {
///       const Permit permit = co_await lock.scoped();
///       co_await write(std::move(record));
///     }
///
/// It gives the token back when it is destroyed, wherever that happens: at the end of a scope, when
/// an exception passes, with the Deferred that brought it and was dropped. Whoever waits first is
/// served inside that call, as in `DeferredLock::release()`; so a Permit that is a member should be
/// the last one, destroyed while its object is still whole.
///
/// Move-only. It may live longer than the lock, and goes on serving those who wait for a Permit
/// too.
class Permit {
 public:
  /// Stands for nothing.
  Permit() noexcept = default;
  Permit(Permit&& other) noexcept : tokens_(std::exchange(other.tokens_, nullptr)) {}
  Permit& operator=(Permit&& other) noexcept {
    if (this != &other) {
      const Permit old(std::move(*this));
      tokens_ = std::exchange(other.tokens_, nullptr);
    }
    return *this;
  }
  ~Permit() {
    if (tokens_) giveBack({});
  }

  /// Gives the token back now. This Permit is empty afterwards.
  /// @throws NotHeldError if it was empty, or if somebody else's `release()` has given the token
  /// back already; the destructor ignores that
  void release(std::source_location where = std::source_location::current()) {
    if (!tokens_ || !giveBack(where)) throw NotHeldError();
  }

  /// True until it was released or moved away.
  explicit operator bool() const noexcept { return tokens_ != nullptr; }

 private:
  friend struct detail::Tokens;
  explicit Permit(detail::Tokens* tokens) noexcept : tokens_(tokens) {}
  bool giveBack(std::source_location where) noexcept;

  detail::Tokens* tokens_ = nullptr;
};

}  // namespace hawser
