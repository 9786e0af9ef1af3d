#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/defer/detail/run_node.h>
#include <hawser/defer/permit.h>

#include <cstddef>
#include <source_location>
#include <type_traits>
#include <utility>

namespace hawser {

/// Lets one at a time use something, for steps that take longer than one call (Twisted's
/// `DeferredLock`).
///
/// There are no threads here: code that does not wait needs no lock. But whoever reads, waits, and
/// writes back can be overtaken while waiting. With a lock those steps go one after another:
///
///     lock.run([&] { return readBalance().addCallback(writeBalancePlusOne); });
///
/// `run` and `scoped` release by themselves; `acquire` is manual.
///
/// **Order.** Whoever asked first is served first, inside the `release()` that makes it possible:
/// the next one's handlers have run, as far as they go, when `release()` returns. (After 256
/// releases inside one another, further ones are served when the innermost of these returns, so
/// that any number may wait.)
///
/// **Cancelling** who waits takes him out of the row; he fails with CancelledError. Cancelling who
/// has the lock cancels what he does.
///
/// **Lifetime.** The lock may die before those who wait. Waiters of `acquire()` could never release
/// it, and fail with AbandonedError. Those of `run` and `scoped` go on to be served as long as one
/// of them, or a Permit, holds the lock; if none does, they fail with AbandonedError too. They hear
/// of it as after the end of a Resolver: at once, or when the outermost handler that runs returns.
///
/// It belongs to one thread.
class DeferredLock {
 public:
  DeferredLock() : tokens_(detail::Tokens::make(1)) {}
  DeferredLock(const DeferredLock&) = delete;
  DeferredLock& operator=(const DeferredLock&) = delete;
  ~DeferredLock() { tokens_->loseLock(); }

  /// Fires when the caller has the lock, who must release it: at once if it is free. A Deferred
  /// that is dropped while it waits takes the lock all the same, for ever.
  [[nodiscard]] Deferred<void> acquire(
      std::source_location where = std::source_location::current()) {
    return tokens_->acquire(where);
  }

  /// Gives the lock to who waits first, whose handlers run inside this call, or frees it. The lock
  /// may be destroyed meanwhile.
  /// @throws NotHeldError if it is free
  void release(std::source_location where = std::source_location::current()) {
    if (!tokens_->giveBack(where)) throw NotHeldError();
  }

  /// The same as `acquire()` with a Permit, which releases the lock when it is destroyed. So does a
  /// Deferred that is dropped.
  [[nodiscard]] Deferred<Permit> scoped(
      std::source_location where = std::source_location::current()) {
    return tokens_->scoped(where);
  }

  /// Acquires, calls `f(args...)` as `maybeDeferred` does, and releases when what that returned has
  /// ended, one way or the other. Gives its result. Handlers that are added to the result run after
  /// the release. `f` and `args` are copied or moved, and live until what `f` returned has ended.
  ///
  /// Cancelling takes it out of the row, or cancels what `f` returned. If somebody else has
  /// released the lock meanwhile, the result is NotHeldError. While the result is paused, the
  /// function is not called, though it may be its turn; dropped in that state it keeps the lock for
  /// ever.
  template <class F>
  auto run(F f, std::source_location where = std::source_location::current()) {
    static_assert(std::is_invocable_v<F&>, "run: the function cannot be called without arguments");
    return detail::runHolding(tokens_, std::move(f), where);
  }
  template <class F, class First, class... Args>
  auto run(F f, First first, Args... args) {
    static_assert(std::is_invocable_v<F&, First, Args...>,
                  "run: the function cannot be called with these arguments");
    return detail::runHolding(tokens_,
                              detail::WithArguments<F, First, Args...>{
                                  std::move(f), {std::move(first), std::move(args)...}},
                              std::source_location::current());
  }

  /// Whether somebody has it.
  bool locked() const noexcept { return tokens_->free == 0; }
  /// How many wait for it.
  std::size_t waiting() const noexcept { return tokens_->size(); }

 private:
  detail::Tokens* tokens_;
};

}  // namespace hawser
