#pragma once

#include <hawser/base/clock.h>
#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred_cache.h>

#include <cstddef>
#include <string>
#include <variant>

namespace poetry {

/// Keeps one poem that is slow to get, so that only the first who asks has to wait for it.
///
///     PoemCache cache(reactor, 2h, [=] { return getPoem(upstream); });
///     cache.get().addCallback(...)
///
/// How it treats those who ask at the same time, those who lose patience, and failures, is said at
/// hawser::DeferredCache: this is one with a single key. How long a fetch may take is up to the
/// function that does it.
class PoemCache {
 public:
  using Fetch = hawser::unique_function<hawser::Deferred<std::string>()>;

  /// A poem is kept for `timeToLive` after it arrived; with 0, only for those who already wait.
  /// @param clock outlives the cache
  PoemCache(hawser::Clock& clock, hawser::Clock::Duration timeToLive, Fetch fetch);

  /// The poem: at once if there is a fresh one, else when it has been fetched.
  [[nodiscard]] hawser::Deferred<std::string> get() { return poems_.get({}); }

  /// How many wait for the fetch that is under way.
  std::size_t waiting() const { return poems_.waiting({}); }

 private:
  hawser::DeferredCache<std::monostate, std::string> poems_;
};

}  // namespace poetry
