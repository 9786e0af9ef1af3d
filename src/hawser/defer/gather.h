#pragma once

#include <hawser/defer/deferred_list.h>

#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace hawser {

namespace detail {

template <class T>
using Gathered = std::conditional_t<std::is_void_v<T>, void, std::vector<Stored<T>>>;

}  // namespace detail

/// A Deferred for the values of many, or for the first failure among them (Twisted's
/// `gatherResults`).
///
/// It fires with the values in the order of the members when all have succeeded; of members without
/// values, with nothing. The first failure fails it at once with FirstError. Without
/// `consumeErrors` the members' failures are reported as unhandled as well. Ownership and
/// cancelling are as with `deferredList`.
template <class T>
Deferred<detail::Gathered<T>> gatherResults(
    std::vector<Deferred<T>> members, ListOptions options = {},
    std::source_location where = std::source_location::current()) {
  return deferredList(std::move(members), options | fireOnOneErrback, where)
      .addCallback(
          []([[maybe_unused]] std::vector<Result<T>> results) -> detail::Gathered<T> {
            if constexpr (!std::is_void_v<T>) {
              std::vector<T> values;
              values.reserve(results.size());
              for (Result<T>& result : results) values.push_back(*std::move(result));
              return values;
            }
          },
          where);
}

/// `gatherResults` with `consumeErrors`: whoever gets the first failure has handled them all.
template <class T>
Deferred<detail::Gathered<T>> gather(std::vector<Deferred<T>> members,
                                     std::source_location where = std::source_location::current()) {
  return gatherResults(std::move(members), consumeErrors, where);
}

}  // namespace hawser
