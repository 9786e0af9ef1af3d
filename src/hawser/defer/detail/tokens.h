#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/defer/detail/wait_list.h>
#include <hawser/defer/permit.h>

#include <cstddef>
#include <source_location>

namespace hawser::detail {

/// The state of a lock or a semaphore, which may live longer than it.
///
/// It is kept by the lock, by each Permit and by each `run` that has its turn: by all who can still
/// give a token back. Who waits does not keep it. While anybody waits, no token is free.
struct Tokens : WaitList {
  /// @throws std::invalid_argument if `count` is 0
  static Tokens* make(std::size_t count);

  Deferred<void> acquire(std::source_location where);
  Deferred<Permit> scoped(std::source_location where);
  /// False if all tokens are free.
  bool giveBack(std::source_location where);

  /// Takes a token, which must be free, for somebody who keeps this until endHolding().
  void beginHolding() noexcept {
    --free;
    ++references;
  }
  /// Gives that token back. False if somebody else has done so.
  bool endHolding(std::source_location where);
  static Permit permit(Tokens* held) noexcept { return Permit(held); }

  /// The lock goes. Whoever waits for a mere token would need it for the release, and is abandoned;
  /// so are the others if there is nobody to serve them.
  void loseLock() noexcept { lose(true); }
  /// Somebody goes without giving back the token he holds.
  void loseHolder() noexcept { lose(false); }

  std::size_t free;
  const std::size_t limit;
  std::size_t references = 1;

 private:
  explicit Tokens(std::size_t count) noexcept : free(count), limit(count) {}
  Node* pass() noexcept;
  void release() noexcept;
  void lose(bool lock) noexcept;
};

}  // namespace hawser::detail
