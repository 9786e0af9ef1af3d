#pragma once

#include <hawser/defer/deferred.h>

/// What the compiler says about misuse that no other check would explain in one sentence.
namespace hawser {

namespace detail {

/// False, but known to be so only when the template around it is used.
template <class...>
inline constexpr bool never = false;

/// For functions on many Deferreds, called with `{...}`: it can only copy what it holds.
template <class T>
constexpr void refuseBracedList() {
  static_assert(never<T>,
                "a braced list cannot hold Deferreds, which are only moved; leave out the braces, "
                "as in gather(std::move(a), std::move(b))");
}

}  // namespace detail

template <class T>
template <std::same_as<Deferred<T>> D>
Deferred<T>::Deferred(D&) {
  static_assert(detail::never<D>,
                "a Deferred cannot be copied; write std::move(deferred), as in return "
                "std::move(deferred).addCallback(...)");
}

template <class T>
template <class U>
Deferred<void> Deferred<T>::chainDeferred(Resolver<U>) & {
  static_assert(detail::never<U>,
                "chainDeferred: it uses the Deferred up; write "
                "std::move(deferred).chainDeferred(...)");
  return succeed();
}

template <class T>
template <class... A>
Deferred<T> Deferred<T>::addTimeout(A&&...) & {
  static_assert(
      detail::never<A...>,
      "addTimeout: it uses the Deferred up; write std::move(deferred).addTimeout(...) and "
      "use what it returns");
  return std::move(*this);
}

template <class T>
template <class... A>
Deferred<T> Deferred<T>::addTimeout(Clock&, A&&...) && {
  static_assert(detail::never<A...>,
                "addTimeout: the duration comes first, as in addTimeout(10s, clock)");
  return std::move(*this);
}

template <class T>
template <class U>
detail::AsResult<U> Deferred<T>::asResult() & {
  static_assert(detail::never<U>,
                "asResult: it uses the Deferred up; write co_await std::move(deferred).asResult()");
  return std::move(*this).asResult();
}

template <class T>
template <std::same_as<Resolver<T>> R>
Resolver<T>::Resolver(R&) {
  static_assert(detail::never<R>, "a Resolver cannot be copied; write std::move(resolver)");
}

template <class T>
template <class... V>
void Resolver<T>::callback(V&&...) {
  constexpr bool isFailure = (... || detail::isFailure<V>);
  static_assert(!isFailure, "fire with errback(failure), not callback(failure)");
  if constexpr (!isFailure && std::is_void_v<T>)
    static_assert(detail::never<V...>, "callback: a Resolver<void> is fired with nothing");
  else if constexpr (!isFailure)
    static_assert(detail::never<V...>,
                  "callback: a Resolver<T> is fired with one value that converts to T");
}

template <class T>
template <class E>
  requires(!std::convertible_to<E &&, Failure>)
void Resolver<T>::errback(E&&, std::source_location) {
  static_assert(detail::never<E>,
                "errback: takes a Failure or an exception derived from std::exception; "
                "Failure::of(...) holds anything else");
}

}  // namespace hawser
