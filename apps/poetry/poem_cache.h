#pragma once

#include <hawser/base/clock.h>
#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace poetry {

/// Keeps a poem that is slow to get, so that only the first who asks has to wait for it.
///
///     auto cache = std::make_shared<PoemCache>(reactor, 2h, [=] { return getPoem(upstream); });
///     cache->get().addCallback(...)
///
/// Many may ask while the poem is being fetched: it is fetched **once**, and each of them has a
/// Deferred of his own. Twisted's first lesson on caching is that they cannot share one: a handler
/// that changes the poem would change it for the others. Whoever loses his patience cancels his own
/// Deferred, and the others notice nothing.
///
/// A failure goes to all who wait, and is not kept: whoever asks next starts a new fetch. How long
/// a fetch may take is up to the function that does it. If the cache dies first, those who wait get
/// an AbandonedError.
class PoemCache : public std::enable_shared_from_this<PoemCache> {
 public:
  using Fetch = hawser::unique_function<hawser::Deferred<std::string>()>;

  /// A poem is kept for `timeToLive` after it arrived; with 0, only for those who already wait.
  /// @param clock outlives the cache
  PoemCache(hawser::Clock& clock, hawser::Clock::Duration timeToLive, Fetch fetch);

  /// The poem: at once if there is a fresh one, else when it has been fetched.
  hawser::Deferred<std::string> get();

  /// How many wait for the fetch that is under way, those who cancelled included.
  std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  bool fresh() const noexcept;
  void fetch();
  void arrived(const std::string& poem);
  void failed(const hawser::Failure& why);

  hawser::Clock& clock_;
  hawser::Clock::Duration timeToLive_;
  Fetch fetch_;
  std::string poem_;
  std::optional<hawser::Clock::TimePoint> arrivedAt_;
  // Not empty exactly while a fetch is under way.
  std::vector<hawser::Resolver<std::string>> waiting_;
};

}  // namespace poetry
