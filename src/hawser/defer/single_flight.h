#pragma once

#include <hawser/base/logging.h>
#include <hawser/base/result.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/maybe_deferred.h>
#include <hawser/defer/shared_deferred.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace hawser {

namespace detail {

struct KeepNothing {
  template <class Key, class Value>
  void operator()(const Key&, const Value&) const noexcept {}
};

}  // namespace detail

/// Calls that are asked for many times at once, and made once for all.
///
///     SingleFlight<std::string, Address> lookups;
///     lookups.run(host, [&] { return lookUp(host); }).addCallback(...);
///
/// While the call for one key is under way, whoever asks for the same key waits for that one and
/// gets a copy of its result, as with SharedDeferred. When it has ended nothing is kept, neither a
/// value nor a failure: the next to ask starts a call of his own, also if he asks out of a handler
/// that has just got the result. To keep values, use DeferredCache.
///
/// A call counts as under way while its function runs: a function that asks for its own key, and
/// waits for that, waits for ever.
///
/// **Cancelling** one who waits leaves the others alone. With `WhenUnwanted::cancel` the call is
/// cancelled when nobody waits for it any more; whoever asks then, while it is still ending, starts
/// a new one. **Destroying** the SingleFlight stops nothing: who waits is served.
///
/// As many calls are under way as there are keys asked for; to have less at a time, let the
/// functions take a DeferredSemaphore.
template <class Key, class T, class Hash = std::hash<Key>, class Equal = std::equal_to<Key>>
class SingleFlight {
 public:
  explicit SingleFlight(WhenUnwanted whenUnwanted = WhenUnwanted::goOn)
      : state_(std::make_shared<State>()), whenUnwanted_(whenUnwanted) {}
  SingleFlight(SingleFlight&&) noexcept = default;
  SingleFlight& operator=(SingleFlight&&) noexcept = default;

  /// The result of `f()`, or of the call for `key` that is under way. `f` may return a T, a Result
  /// or a Deferred of one, and may throw; it is called before `run` returns, or not at all.
  template <class F>
  [[nodiscard]] Deferred<T> run(Key key, F f,
                                std::source_location where = std::source_location::current()) {
    return run(std::move(key), std::move(f), detail::KeepNothing(), where);
  }

  /// The same; `keep(key, value)` sees the value before anybody who waits, unless the call was
  /// forgotten meanwhile.
  template <class F, class Keep>
  [[nodiscard]] Deferred<T> run(Key key, F f, Keep keep,
                                std::source_location where = std::source_location::current()) {
    static_assert(std::is_same_v<detail::MaybeDeferredOf<F&>, Deferred<T>>,
                  "SingleFlight: the function gives a T or a Deferred<T>");
    const auto found = state_->flights.find(key);
    if (found != state_->flights.end() && found->second.canBeJoined())
      return found->second.shared.get(where);
    const std::uint64_t number = ++state_->last;
    // It starts when all can see it, since it may ask for itself.
    auto [started, start] = makeDeferred<void>(where);
    SharedDeferred<T> shared(
        std::move(started)
            .addCallback([f = std::move(f)]() mutable -> Deferred<T> { return maybeDeferred(f); },
                         where)
            .addBoth(Ended<Keep>{state_, key, number, std::move(keep)}, where),
        whenUnwanted_, where);
    Deferred<T> result = shared.get(where);
    state_->flights.insert_or_assign(std::move(key), Flight{number, shared});
    start.callback(where);
    return result;
  }

  /// Whoever asks next for `key` starts a new call. Who waits now gets the result of the old one.
  void forget(const Key& key) { const auto gone = state_->flights.extract(key); }

  /// For how many keys a call is under way.
  std::size_t size() const noexcept { return state_->flights.size(); }
  /// How many wait for the call for `key`.
  std::size_t waiting(const Key& key) const {
    const auto found = state_->flights.find(key);
    return found == state_->flights.end() ? 0 : found->second.shared.waiting();
  }

 private:
  struct Flight {
    std::uint64_t number;
    SharedDeferred<T> shared;

    /// Not if it was abandoned either: then nobody has taken it out of the table.
    bool canBeJoined() const noexcept {
      return shared.state() == DeferredState::pending && !shared.cancelled();
    }
  };
  struct State {
    std::unordered_map<Key, Flight, Hash, Equal> flights;
    std::uint64_t last = 0;
  };

  /// Takes the call out of the table before anybody hears of its end.
  template <class Keep>
  struct Ended {
    std::weak_ptr<State> flying;
    Key key;
    std::uint64_t number;
    Keep keep;

    Result<T> operator()(Result<T> result) {
      const auto state = flying.lock();
      if (!state) return result;
      const auto found = state->flights.find(key);
      if (found == state->flights.end() || found->second.number != number) return result;
      const auto gone = state->flights.extract(found);
      if (!result) return result;
      try {
        keep(key, *result);
      } catch (...) {
        logging::err(Failure::current(), "what a call gave could not be kept");
      }
      return result;
    }
  };

  std::shared_ptr<State> state_;
  WhenUnwanted whenUnwanted_;
};

}  // namespace hawser
