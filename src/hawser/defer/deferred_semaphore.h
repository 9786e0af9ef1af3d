#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/defer/detail/run_node.h>
#include <hawser/defer/permit.h>

#include <cstddef>
#include <source_location>
#include <type_traits>
#include <utility>

namespace hawser {

/// Lets a limited number at a time use something (Twisted's `DeferredSemaphore`).
///
///     DeferredSemaphore atMostTen(10);
///     for (const std::string& url : urls)
///       pages.push_back(atMostTen.run(getPage, url));
///
/// It has `limit()` tokens; a DeferredLock is one with a single token, and what is said there about
/// order, cancelling and lifetime holds here.
class DeferredSemaphore {
 public:
  /// @throws std::invalid_argument if `tokens` is 0
  explicit DeferredSemaphore(std::size_t tokens) : tokens_(detail::Tokens::make(tokens)) {}
  DeferredSemaphore(const DeferredSemaphore&) = delete;
  DeferredSemaphore& operator=(const DeferredSemaphore&) = delete;
  ~DeferredSemaphore() { tokens_->loseLock(); }

  /// Fires when the caller has a token, who must release it: at once if one is free. A Deferred
  /// that is dropped while it waits takes a token all the same, for ever.
  [[nodiscard]] Deferred<void> acquire(
      std::source_location where = std::source_location::current()) {
    return tokens_->acquire(where);
  }

  /// Gives a token to who waits first, whose handlers run inside this call, or frees it. The
  /// semaphore may be destroyed meanwhile.
  /// @throws NotHeldError if all are free
  void release(std::source_location where = std::source_location::current()) {
    if (!tokens_->giveBack(where)) throw NotHeldError();
  }

  /// The same as `acquire()` with a Permit, which releases the token when it is destroyed. So does
  /// a Deferred that is dropped.
  [[nodiscard]] Deferred<Permit> scoped(
      std::source_location where = std::source_location::current()) {
    return tokens_->scoped(where);
  }

  /// Acquires, calls `f(args...)` as `maybeDeferred` does, and releases when what that returned has
  /// ended, one way or the other. Gives its result. Everything else is as in `DeferredLock::run`.
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

  /// How many tokens are free, and how many there are.
  std::size_t tokens() const noexcept { return tokens_->free; }
  std::size_t limit() const noexcept { return tokens_->limit; }
  /// How many wait for one.
  std::size_t waiting() const noexcept { return tokens_->size(); }

 private:
  detail::Tokens* tokens_;
};

}  // namespace hawser
