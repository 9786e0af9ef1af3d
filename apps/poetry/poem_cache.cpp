#include <poetry/poem_cache.h>

#include <hawser/defer/bind_weak.h>
#include <hawser/defer/maybe_deferred.h>

#include <utility>

namespace poetry {

using namespace hawser;

PoemCache::PoemCache(Clock& clock, Clock::Duration timeToLive, Fetch fetch)
    : clock_(clock), timeToLive_(timeToLive), fetch_(std::move(fetch)) {}

Deferred<std::string> PoemCache::get() {
  if (fresh()) return poem_;
  auto [poem, resolver] = makeDeferred<std::string>();
  waiting_.push_back(std::move(resolver));
  if (waiting_.size() == 1) fetch();
  return std::move(poem);
}

bool PoemCache::fresh() const noexcept {
  return arrivedAt_ && clock_.now() - *arrivedAt_ < timeToLive_;
}

void PoemCache::fetch() {
  maybeDeferred(fetch_).addCallbacks(bindWeak(weak_from_this(), &PoemCache::arrived),
                                     bindWeak(weak_from_this(), &PoemCache::failed));
}

void PoemCache::arrived(const std::string& poem) {
  poem_ = poem;
  arrivedAt_ = clock_.now();
  // What a callback does now may ask us again: the list of those who waited is no longer ours.
  for (auto& waiter : std::exchange(waiting_, {})) waiter.callback(poem);
}

void PoemCache::failed(const Failure& why) {
  for (auto& waiter : std::exchange(waiting_, {})) waiter.errback(why);
}

}  // namespace poetry
