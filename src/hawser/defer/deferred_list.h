#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/defer/detail/list_source.h>
#include <hawser/defer/errors.h>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace hawser {

namespace detail {

template <class T>
struct CollectAll : ListKind {
  using Output = std::vector<Result<T>>;

  explicit CollectAll(std::size_t size) {
    results.reserve(size);
    for (std::size_t i = 0; i < size; ++i) results.emplace_back(Failure::none());
  }
  template <std::size_t>
  void keep(std::size_t index, Stored<T>&& value) {
    if constexpr (std::is_void_v<T>)
      results[index] = Result<void>();
    else
      results[index] = std::move(value);
  }
  void keepFailure(std::size_t index, const Failure& why) { results[index] = why; }
  Output complete() noexcept { return std::move(results); }

  std::vector<Result<T>> results;
};

}  // namespace detail

/// A Deferred for the results of many, good and bad (Twisted's `DeferredList`).
///
///     auto results = co_await deferredList(std::move(poems), consumeErrors);
///
/// It fires when each member has its result, with the results in the order of the members; an empty
/// list fires at once. It never fails, unless with
///
/// * `fireOnOneErrback`: the first failure among them fails it at once with FirstError, which says
///   which member that was. The others go on, unobserved.
/// * `consumeErrors`: a member's failure counts as handled. Without it each is also reported as
///   "Unhandled error in Deferred" at the moment it comes, as if its Deferred had been dropped.
///
/// `deferredList(std::move(members), consumeErrors | fireOnOneErrback)` does both.
///
/// **Owns** the members: nobody can add to them any more, and when the list is dropped they go on,
/// unobserved. **Cancelling** an unfired list cancels each member; what their cancellers throw is
/// logged. It fires when they have. A list that has fired ignores `cancel`, even while it waits for
/// what one of its handlers returned.
template <class T>
Deferred<std::vector<Result<T>>> deferredList(
    std::vector<Deferred<T>> members, ListOptions options = {},
    std::source_location where = std::source_location::current()) {
  using Kind = detail::CollectAll<T>;
  Kind kind(members.size());
  return detail::ListSource<Kind>::start(std::move(kind), std::move(members), options, where);
}

/// The same for members that stand in the call, in which no place but that of a member can be
/// recorded: `deferredList(consumeErrors, std::move(a), std::move(b))`.
template <class T, std::same_as<T>... More>
Deferred<std::vector<Result<T>>> deferredList(ListOptions options, Deferred<T> first,
                                              Deferred<More>... more) {
  using Kind = detail::CollectAll<T>;
  return detail::ListSource<Kind>::startPack(Kind(1 + sizeof...(More)), options, first, more...);
}
template <class T, std::same_as<T>... More>
Deferred<std::vector<Result<T>>> deferredList(Deferred<T> first, Deferred<More>... more) {
  return deferredList(ListOptions(), std::move(first), std::move(more)...);
}

// Misuse: a sentence says what to write.
template <class T>
Deferred<std::vector<Result<T>>> deferredList(std::initializer_list<Deferred<T>>,
                                              ListOptions = {}) {
  detail::refuseBracedList<T>();
  return succeed(std::vector<Result<T>>());
}

/// What came first.
template <class T>
struct FirstValue {
  std::size_t index;  ///< which of them it was, from 0
  detail::Stored<T> value;
};

/// The first success of a list, or all results if there was none.
template <class T>
using FirstCallback = std::variant<FirstValue<T>, std::vector<Result<T>>>;

namespace detail {

template <class T>
struct CollectFirst : CollectAll<T> {
  using Output = FirstCallback<T>;
  static constexpr bool firstOnly = true;

  using CollectAll<T>::CollectAll;
  Output first(std::size_t index, Stored<T>&& value) {
    return FirstValue<T>{index, std::move(value)};
  }
  Output complete() noexcept { return std::move(this->results); }
};

}  // namespace detail

/// A Deferred for the first success among many (Twisted's `DeferredList` with
/// `fireOnOneCallback=True`). The other members go on, unobserved; to have them cancelled, use
/// `race`. If all fail, it fires with the list of their failures. Options, ownership and cancelling
/// are as with `deferredList`.
/// @throws std::invalid_argument if there are no members: it could never fire
template <class T>
Deferred<FirstCallback<T>> fireOnOneCallback(
    std::vector<Deferred<T>> members, ListOptions options = {},
    std::source_location where = std::source_location::current()) {
  if (members.empty())
    throw std::invalid_argument("fireOnOneCallback: a list without members would never fire");
  using Kind = detail::CollectFirst<T>;
  Kind kind(members.size());
  return detail::ListSource<Kind>::start(std::move(kind), std::move(members), options, where);
}
/// The same for members that stand in the call.
template <class T, std::same_as<T>... More>
Deferred<FirstCallback<T>> fireOnOneCallback(ListOptions options, Deferred<T> first,
                                             Deferred<More>... more) {
  using Kind = detail::CollectFirst<T>;
  return detail::ListSource<Kind>::startPack(Kind(1 + sizeof...(More)), options, first, more...);
}
template <class T, std::same_as<T>... More>
Deferred<FirstCallback<T>> fireOnOneCallback(Deferred<T> first, Deferred<More>... more) {
  return fireOnOneCallback(ListOptions(), std::move(first), std::move(more)...);
}

}  // namespace hawser
