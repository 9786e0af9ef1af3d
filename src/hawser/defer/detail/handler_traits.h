#pragma once

#include <hawser/base/failure.h>
#include <hawser/base/result.h>

#include <type_traits>

/// What handlers take and give, worked out from their types.
namespace hawser {

template <class T>
class Deferred;

namespace detail {

template <class T>
inline constexpr bool isDeferred = false;
template <class T>
inline constexpr bool isDeferred<Deferred<T>> = true;

template <class T>
inline constexpr bool isResult = false;
template <class T>
inline constexpr bool isResult<Result<T>> = true;

/// The T of the chain behind a handler that returns R; `Same` if R says nothing about it.
template <class R, class Same>
struct ValueOfReturned {
  using type = std::decay_t<R>;
};
template <class Same>
struct ValueOfReturned<void, Same> {
  using type = void;
};
template <class Same>
struct ValueOfReturned<Failure, Same> {
  using type = Same;
};
template <class U, class Same>
struct ValueOfReturned<Result<U>, Same> {
  using type = U;
};
template <class U, class Same>
struct ValueOfReturned<Deferred<U>, Same> {
  using type = U;
};
template <class R, class Same>
using ValueOf = typename ValueOfReturned<std::remove_cvref_t<R>, Same>::type;

/// Whether what a handler returned can be the result of a chain of U.
template <class R, class U>
inline constexpr bool fitsChain =
    isFailure<R> || std::is_same_v<std::remove_cvref_t<R>, Result<U>> ||
    std::is_same_v<std::remove_cvref_t<R>, Deferred<U>> ||
    (std::is_void_v<U> ? std::is_void_v<R>
                       : !std::is_void_v<R> && std::is_convertible_v<R, Stored<U>>);

/// The only parameter of a callable whose type can be told: a function, or an object with one
/// `operator()` that is no template. `void` where it cannot.
template <class F>
struct OnlyParameter {
  template <class C, class R, class A>
  static A of(R (C::*)(A));
  template <class C, class R, class A>
  static A of(R (C::*)(A) const);
  template <class C, class R, class A>
  static A of(R (C::*)(A) noexcept);
  template <class C, class R, class A>
  static A of(R (C::*)(A) const noexcept);
  template <class G>
  static auto find(int) -> std::type_identity<decltype(of(&G::operator()))>;
  template <class G>
  static auto find(long) -> std::type_identity<void>;
  using type = typename decltype(find<F>(0))::type;
};
template <class R, class A>
struct OnlyParameter<R (*)(A)> {
  using type = A;
};
template <class R, class A>
struct OnlyParameter<R (*)(A) noexcept> {
  using type = A;
};
template <class F>
  requires requires { typename F::Wrapped; }
struct OnlyParameter<F> : OnlyParameter<typename F::Wrapped> {};

/// Callables that take their argument by value need no storage for it beside the call.
template <class F>
inline constexpr bool takesByValue = !std::is_void_v<typename OnlyParameter<F>::type> &&
                                     !std::is_reference_v<typename OnlyParameter<F>::type>;

template <class F>
using CaughtType = std::remove_cvref_t<typename OnlyParameter<F>::type>;

/// An errback on `const E&`, which runs only for failures of type E.
template <class F>
inline constexpr bool catchesType = !std::is_invocable_v<F&, Failure> && [] {
  if constexpr (std::is_void_v<typename OnlyParameter<F>::type>)
    return false;
  else
    return std::is_invocable_v<F&, const CaughtType<F>&>;
}();

template <class F>
inline constexpr bool takesFailure = std::is_invocable_v<F&, Failure> || catchesType<F>;

}  // namespace detail
}  // namespace hawser
