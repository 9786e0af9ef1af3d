#pragma once

#include <hawser/base/clock.h>
#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/single_flight.h>

#include <cstddef>
#include <iterator>
#include <list>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace hawser {

/// How long, and how much, a DeferredCache keeps.
struct CacheLimits {
  /// From the moment a value arrived. With 0 it is given only to those who wait for it already.
  Clock::Duration timeToLive;
  /// Beyond this the value goes that was not asked for for the longest time.
  std::size_t maxEntries = 1024;
};

/// Remembers what is slow to get, so that only the first who asks has to wait for it.
///
///     DeferredCache<std::string, Poem> poems(reactor, {.timeToLive = 1h}, getPoem);
///     poems.get("ecstasy").addCallback(...)
///
/// `get` gives a copy of the value at once if it is there and fresh. Else it is fetched, **once**
/// for all who ask meanwhile (this is a SingleFlight that keeps what it gets), and each of them has
/// a Deferred of his own. A failure goes to all who wait, and is not kept: whoever asks next tries
/// again. What is too old is never served, not even instead of a failure.
///
/// **Cancelling** the Deferred of one leaves the others alone, and the fetch goes on, for whoever
/// asks next; with `WhenUnwanted::cancel` it is cancelled when nobody waits for it any more.
/// **Destroying** the cache stops no fetch: who waits is served, and nothing is kept. So what the
/// function that fetches refers to lives until its last Deferred has fired.
///
/// No timer runs: what is too old goes when it is asked for, or when there is no room.
template <class Key, class T, class Hash = std::hash<Key>, class Equal = std::equal_to<Key>>
class DeferredCache {
 public:
  using Fetch = unique_function<Deferred<T>(const Key&)>;

  /// @param clock outlives the cache
  /// @throws std::invalid_argument if the limits are negative, or `fetch` is empty
  DeferredCache(Clock& clock, CacheLimits limits, Fetch fetch,
                WhenUnwanted whenUnwanted = WhenUnwanted::goOn)
      : flights_(whenUnwanted),
        state_(std::make_shared<State>(clock, limits)),
        fetch_(std::make_shared<Fetch>(std::move(fetch))) {
    if (limits.timeToLive < Clock::Duration::zero() || !*fetch_)
      throw std::invalid_argument("DeferredCache: a negative time to live, or nothing to fetch by");
  }
  DeferredCache(DeferredCache&&) noexcept = default;
  DeferredCache& operator=(DeferredCache&&) noexcept = default;

  [[nodiscard]] Deferred<T> get(const Key& key,
                                std::source_location where = std::source_location::current()) {
    if (const T* value = state_->fresh(key)) return Deferred<T>(T(*value), where);
    return flights_.run(
        key, [fetch = fetch_, key] { return (*fetch)(key); },
        [weak = std::weak_ptr<State>(state_)](const Key& fetched, const T& value) {
          if (const auto state = weak.lock()) state->keep(fetched, value);
        },
        where);
  }

  /// What is kept for `key` is wrong, and so is what is just being fetched: whoever asks next has
  /// it fetched anew.
  void forget(const Key& key) {
    flights_.forget(key);
    state_->forget(key);
  }

  /// How many values are kept, old ones included.
  std::size_t size() const noexcept { return state_->byKey.size(); }
  /// How many wait for what is being fetched for `key`.
  std::size_t waiting(const Key& key) const { return flights_.waiting(key); }

 private:
  struct Entry {
    Key key;
    T value;
    Clock::TimePoint arrived;
  };
  using Entries = std::list<Entry>;

  struct State {
    State(Clock& itsClock, CacheLimits itsLimits) noexcept : clock(itsClock), limits(itsLimits) {}

    const T* fresh(const Key& key) {
      const auto found = byKey.find(key);
      if (found == byKey.end()) return nullptr;
      if (clock.now() - found->second->arrived >= limits.timeToLive) {
        remove(found);
        return nullptr;
      }
      entries.splice(entries.begin(), entries, found->second);
      return &found->second->value;
    }

    void keep(const Key& key, const T& value) {
      if (limits.timeToLive == Clock::Duration::zero() || limits.maxEntries == 0) return;
      forget(key);
      Entries added;
      added.push_back({key, value, clock.now()});
      byKey.emplace(key, added.begin());
      entries.splice(entries.begin(), added);
      if (byKey.size() > limits.maxEntries) forget(Key(entries.back().key));
    }

    void forget(const Key& key) {
      const auto found = byKey.find(key);
      if (found != byKey.end()) remove(found);
    }

    void remove(
        typename std::unordered_map<Key, typename Entries::iterator, Hash, Equal>::iterator found) {
      // Their destructors may ask this cache: they see it without what they belong to.
      Entries gone;
      gone.splice(gone.begin(), entries, found->second);
      const auto goneToo = byKey.extract(found);
    }

    Clock& clock;
    CacheLimits limits;
    Entries entries;  // the last that was asked for first
    std::unordered_map<Key, typename Entries::iterator, Hash, Equal> byKey;
  };

  SingleFlight<Key, T, Hash, Equal> flights_;
  std::shared_ptr<State> state_;
  std::shared_ptr<Fetch> fetch_;
};

}  // namespace hawser
