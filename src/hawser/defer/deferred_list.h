#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/defer/detail/list_source.h>
#include <hawser/defer/errors.h>

#include <cstddef>
#include <source_location>
#include <utility>
#include <variant>
#include <vector>

namespace hawser {

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
  return detail::ListSource<T, detail::CollectAll<T>>::start(std::move(members), options, where);
}

/// What came first.
template <class T>
struct FirstValue {
  std::size_t index;
  detail::Stored<T> value;
};

/// The first success of a list, or all results if there was none.
template <class T>
using FirstCallback = std::variant<FirstValue<T>, std::vector<Result<T>>>;

/// A Deferred for the first success among many (Twisted's `DeferredList` with
/// `fireOnOneCallback=True`). The other members go on, unobserved; to have them cancelled, use
/// `race`. If all fail, it fires with the list of their failures. Options, ownership and cancelling
/// are as with `deferredList`.
/// @throws std::invalid_argument if there are no members: it could never fire
template <class T>
Deferred<FirstCallback<T>> fireOnOneCallback(
    std::vector<Deferred<T>> members, ListOptions options = {},
    std::source_location where = std::source_location::current()) {
  return detail::ListSource<T, detail::CollectFirst<T>>::start(std::move(members), options, where);
}

}  // namespace hawser
