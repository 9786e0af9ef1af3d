#pragma once

#include <hawser/defer/deferred.h>

#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

namespace hawser {

namespace detail {

/// `std::invoke`, without what else <functional> brings.
template <class F, class... Args>
decltype(auto) invoke(F&& f, Args&&... args) {
  return std::apply(std::forward<F>(f), std::forward_as_tuple(std::forward<Args>(args)...));
}

template <class F, class... Args>
using MaybeDeferredOf = Deferred<ValueOf<std::invoke_result_t<F, Args...>, void>>;

}  // namespace detail

/// Calls `f(args...)` now and makes a Deferred of how that ended (Twisted's `maybeDeferred`).
///
/// For functions that are only sometimes asynchronous, or that may throw: a value, a Failure, a
/// Result and an exception become a Deferred that has fired; a Deferred is passed through as it is.
template <class F, class... Args>
  requires std::is_invocable_v<F, Args...>
detail::MaybeDeferredOf<F, Args...> maybeDeferred(F&& f, Args&&... args) {
  using R = std::invoke_result_t<F, Args...>;
  using D = detail::MaybeDeferredOf<F, Args...>;
  try {
    if constexpr (std::is_void_v<R>) {
      detail::invoke(std::forward<F>(f), std::forward<Args>(args)...);
      return succeed();
    } else if constexpr (detail::isDeferred<R> || detail::isResult<std::remove_cvref_t<R>> ||
                         detail::isFailure<R>) {
      return D(detail::invoke(std::forward<F>(f), std::forward<Args>(args)...));
    } else {
      return D(std::decay_t<R>(detail::invoke(std::forward<F>(f), std::forward<Args>(args)...)));
    }
  } catch (...) {
    return D(Failure::current());
  }
}

/// The same for functions that are never asynchronous (Twisted's `execute`).
template <class F, class... Args>
  requires std::is_invocable_v<F, Args...>
detail::MaybeDeferredOf<F, Args...> execute(F&& f, Args&&... args) {
  static_assert(!detail::isDeferred<std::remove_cvref_t<std::invoke_result_t<F, Args...>>>,
                "execute: this function returns a Deferred; use maybeDeferred");
  return maybeDeferred(std::forward<F>(f), std::forward<Args>(args)...);
}

}  // namespace hawser
