#pragma once

#include <hawser/base/result.h>
#include <hawser/defer/detail/handler_traits.h>

#include <type_traits>
#include <utility>

/// The pairs of handlers that one link of a chain can hold. A link has two lanes, one for values
/// and one for failures; a lane without a handler passes its result on.
///
/// A pair for a chain of T says for each lane whether it passes, and otherwise calls the handler;
/// `U` is the type of the chain behind the link.
namespace hawser::detail {

template <class T, class F>
inline constexpr bool takesValue = [] {
  if constexpr (std::is_void_v<T>)
    return std::is_invocable_v<F&>;
  else
    return std::is_invocable_v<F&, T> || std::is_invocable_v<F&>;
}();

template <class T, class F>
decltype(auto) callWithValue(F& f, [[maybe_unused]] Stored<T>&& value) {
  if constexpr (std::is_void_v<T>)
    return f();
  else if constexpr (std::is_invocable_v<F&, T>)
    return f(std::move(value));
  else
    return f();
}

template <class T, class F>
using ReturnedForValue = decltype(callWithValue<T>(std::declval<F&>(), std::declval<Stored<T>>()));

/// What an errback is called for: the exception it catches, or the failure. Null: not for this one.
template <class F>
const void* caughtBy(const Failure& failure) noexcept {
  if constexpr (catchesType<F>)
    return failure.get<CaughtType<F>>();
  else
    return &failure;
}

/// `caught` is what `caughtBy` gave.
template <class F>
decltype(auto) callWithFailure(F& f, [[maybe_unused]] Failure&& failure,
                               [[maybe_unused]] const void* caught) {
  if constexpr (catchesType<F>)
    return f(*static_cast<const CaughtType<F>*>(caught));
  else
    return f(std::move(failure));
}

template <class F>
using ReturnedForFailure =
    decltype(callWithFailure(std::declval<F&>(), std::declval<Failure>(), nullptr));

/// Whether the failure is still there when the errback has returned.
template <class F>
inline constexpr bool leavesFailure =
    catchesType<F> || std::is_same_v<typename OnlyParameter<F>::type, const Failure&>;

template <class F>
inline constexpr bool isEmptyCallable = std::is_empty_v<F> || std::is_pointer_v<F>;

/// Wrappers of handlers say so if what they return may refer to what they wrap, as a coroutine
/// does, though it is not the coroutine itself.
template <class F>
inline constexpr bool keptWhileWaiting = requires { requires F::keptWhileWaiting; };

/// No handler at all: the link only waits.
template <class T>
struct PassBoth {
  using U = T;
  static constexpr bool passesValues = true, passesFailures = true;
  static constexpr bool returnsDeferred = false, storesArgument = false, isEmpty = true,
                        keeps = false;
};

template <class T, class F>
struct OnCallback {
  using R = ReturnedForValue<T, F>;
  using U = ValueOf<R, T>;
  static constexpr bool passesValues = false, passesFailures = true;
  static constexpr bool returnsDeferred = isDeferred<std::remove_cvref_t<R>>;
  static constexpr bool storesArgument =
      returnsDeferred && !std::is_void_v<T> && std::is_invocable_v<F&, T> && !takesByValue<F>;
  static constexpr bool isEmpty = isEmptyCallable<F>;
  static constexpr bool keeps = keptWhileWaiting<F>;

  F f;
  decltype(auto) onValue(Stored<T>&& value) { return callWithValue<T>(f, std::move(value)); }
};

template <class T, class F>
struct OnErrback {
  using R = ReturnedForFailure<F>;
  // An errback that returns nothing ends the chain of values as well.
  using U = std::conditional_t<std::is_void_v<ValueOf<R, T>>, void, T>;
  static constexpr bool passesValues = std::is_same_v<T, U>, passesFailures = false;
  static constexpr bool returnsDeferred = isDeferred<std::remove_cvref_t<R>>;
  static constexpr bool storesArgument = returnsDeferred && !takesByValue<F>;
  static constexpr bool isEmpty = isEmptyCallable<F>;
  static constexpr bool keeps = keptWhileWaiting<F>;

  F f;
  void onValue(Stored<T>&&) noexcept {}
  static constexpr bool keepsFailure = leavesFailure<F>;
  const void* caught(const Failure& failure) const noexcept { return caughtBy<F>(failure); }
  decltype(auto) onFailure(Failure&& failure, const void* caught) {
    return callWithFailure(f, std::move(failure), caught);
  }
};

template <class T, class F, class G>
struct OnEither {
  using R = ReturnedForValue<T, F>;
  using S = ReturnedForFailure<G>;
  using U = ValueOf<R, T>;
  static constexpr bool passesValues = false, passesFailures = false;
  static constexpr bool returnsDeferred =
      isDeferred<std::remove_cvref_t<R>> || isDeferred<std::remove_cvref_t<S>>;
  static constexpr bool storesArgument = returnsDeferred;
  static constexpr bool isEmpty = isEmptyCallable<F> && isEmptyCallable<G>;
  static constexpr bool keeps = keptWhileWaiting<F> || keptWhileWaiting<G>;

  F f;
  G g;
  decltype(auto) onValue(Stored<T>&& value) { return callWithValue<T>(f, std::move(value)); }
  static constexpr bool keepsFailure = leavesFailure<G>;
  const void* caught(const Failure& failure) const noexcept { return caughtBy<G>(failure); }
  decltype(auto) onFailure(Failure&& failure, const void* caught) {
    return callWithFailure(g, std::move(failure), caught);
  }
};

template <class T, class F>
inline constexpr bool takesResult = std::is_invocable_v<F&, Result<T>> || std::is_invocable_v<F&>;

template <class T, class F>
struct OnBoth {
  static decltype(auto) call(F& f, Result<T>&& result) {
    if constexpr (std::is_invocable_v<F&, Result<T>>)
      return f(std::move(result));
    else
      return f();
  }
  using R = decltype(call(std::declval<F&>(), std::declval<Result<T>>()));
  using U = ValueOf<R, T>;
  static constexpr bool passesValues = false, passesFailures = false;
  static constexpr bool returnsDeferred = isDeferred<std::remove_cvref_t<R>>;
  static constexpr bool storesArgument =
      returnsDeferred && std::is_invocable_v<F&, Result<T>> && !takesByValue<F>;
  static constexpr bool isEmpty = isEmptyCallable<F>;
  static constexpr bool keeps = keptWhileWaiting<F>;

  F f;
  decltype(auto) onResult(Result<T>&& result) { return call(f, std::move(result)); }
};

}  // namespace hawser::detail
