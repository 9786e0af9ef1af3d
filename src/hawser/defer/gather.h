#pragma once

#include <hawser/defer/deferred_list.h>
#include <hawser/defer/detail/gather_kinds.h>

#include <initializer_list>
#include <source_location>
#include <tuple>
#include <utility>
#include <vector>

namespace hawser {

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
  using Kind = detail::GatherVector<T>;
  Kind kind(members.size());
  return detail::ListSource<Kind>::start(std::move(kind), std::move(members),
                                         options | fireOnOneErrback, where);
}

/// The same under keys: a std::map or std::unordered_map of Deferreds becomes one of their values.
/// FirstError names the key, if it is text or a number or has a `to_string`; its index is the
/// position in the map.
template <class Map>
  requires requires { typename detail::GatheredMap<Map>::Type; }
Deferred<typename detail::GatheredMap<Map>::Type> gatherResults(
    Map members, ListOptions options = {},
    std::source_location where = std::source_location::current()) {
  using Kind = detail::GatherMap<Map>;
  std::vector<Deferred<typename Kind::T>> deferreds;
  Kind kind(std::move(members), deferreds);
  return detail::ListSource<Kind>::start(std::move(kind), std::move(deferreds),
                                         options | fireOnOneErrback, where);
}

/// The same for members of any types that stand in the call: a tuple of their values, with
/// std::monostate for those without one. As the place where it was made it has that of a member.
template <class T, class... More>
Deferred<std::tuple<detail::InTuple<T>, detail::InTuple<More>...>> gatherResults(
    ListOptions options, Deferred<T> first, Deferred<More>... more) {
  using Kind = detail::GatherTuple<T, More...>;
  return detail::ListSource<Kind>::startPack(Kind(), options | fireOnOneErrback, first, more...);
}
template <class T, class... More>
Deferred<std::tuple<detail::InTuple<T>, detail::InTuple<More>...>> gatherResults(
    Deferred<T> first, Deferred<More>... more) {
  return gatherResults(ListOptions(), std::move(first), std::move(more)...);
}

/// `gatherResults` with `consumeErrors`: whoever gets the first failure has handled them all.
///
///     auto [user, rights] = co_await gather(loadUser(id), loadRights(id));
template <class T>
Deferred<detail::Gathered<T>> gather(std::vector<Deferred<T>> members,
                                     std::source_location where = std::source_location::current()) {
  return gatherResults(std::move(members), consumeErrors, where);
}
template <class Map>
  requires requires { typename detail::GatheredMap<Map>::Type; }
Deferred<typename detail::GatheredMap<Map>::Type> gather(
    Map members, std::source_location where = std::source_location::current()) {
  return gatherResults(std::move(members), consumeErrors, where);
}
template <class T, class... More>
Deferred<std::tuple<detail::InTuple<T>, detail::InTuple<More>...>> gather(Deferred<T> first,
                                                                          Deferred<More>... more) {
  return gatherResults(consumeErrors, std::move(first), std::move(more)...);
}

// Misuse: a sentence says what to write.
template <class T>
Deferred<detail::Gathered<T>> gather(std::initializer_list<Deferred<T>>) {
  detail::refuseBracedList<T>();
  return gather(std::vector<Deferred<T>>());
}

}  // namespace hawser
