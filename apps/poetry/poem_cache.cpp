#include <poetry/poem_cache.h>

#include <utility>

namespace poetry {

using namespace hawser;

PoemCache::PoemCache(Clock& clock, Clock::Duration timeToLive, Fetch fetch)
    : poems_(clock, {.timeToLive = timeToLive, .maxEntries = 1},
             [fetch = std::move(fetch)](std::monostate) mutable { return fetch(); }) {}

}  // namespace poetry
