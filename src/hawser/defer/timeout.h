#pragma once

#include <hawser/base/clock.h>
#include <hawser/base/durations.h>
#include <hawser/defer/deferred.h>

#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace hawser {

namespace detail {

template <class Duration>
inline constexpr bool isDuration = std::is_convertible_v<Duration, std::chrono::nanoseconds>;

/// "timed out after 1.5 s"
std::string timeoutMessage(std::chrono::nanoseconds duration);

/// The handler that stops the timer, or turns what the timer did into something else.
template <class T, class F>
struct EndTimeout {
  using Returned = typename OnBoth<T, F>::R;
  using Output = std::conditional_t<isDeferred<Returned>, Deferred<T>, Result<T>>;
  static constexpr bool keptWhileWaiting = true;

  DelayedCall timer;
  std::shared_ptr<bool> timedOut;
  F convert;

  Output operator()(Result<T>&& result) {
    if (timer.active()) timer.cancel();
    if (!*timedOut) return std::move(result);
    if constexpr (std::is_void_v<Returned>) {
      OnBoth<T, F>::call(convert, std::move(result));
      return Output();
    } else {
      return OnBoth<T, F>::call(convert, std::move(result));
    }
  }
};

template <class T>
struct CancelledToTimeout {
  std::chrono::nanoseconds duration;
  std::source_location where;

  Result<T> operator()(Result<T> result) const {
    if (result || !result.failure().template check<CancelledError>()) return result;
    return Failure(TimeoutError(timeoutMessage(duration)), where)
        .withCause(std::move(result).failure());
  }
};

}  // namespace detail

/// Cancels the chain if it has no result `duration` from now on `clock`, and turns the resulting
/// CancelledError into a TimeoutError (Twisted's `addTimeout`).
///
/// The time covers the handlers that were added before it: their result stops the timer, so those
/// added after it are not timed. A chain that is cancelled by somebody else stays cancelled; one
/// whose canceller fires with a result of its own keeps that.
///
/// The timer runs on `clock`'s thread, which must be the chain's. Should the canceller throw then,
/// the exception goes to the clock: a Reactor logs it.
template <class T>
template <class Duration>
Deferred<T> Deferred<T>::addTimeout(Duration duration, Clock& clock,
                                    std::source_location where) && {
  static_assert(detail::isDuration<Duration>,
                "addTimeout: the first argument is a duration, as in addTimeout(10s, clock)");
  if constexpr (detail::isDuration<Duration>)
    return std::move(*this).addTimeout(duration, clock,
                                       detail::CancelledToTimeout<T>{duration, where}, where);
  else
    return std::move(*this);
}

/// The same with a conversion of one's own: if the timer did the cancelling, `onTimeoutCancel` gets
/// the Result<T> and gives the new one, as a handler of `addBoth` would.
template <class T>
template <class Duration, class F>
Deferred<T> Deferred<T>::addTimeout(Duration duration, Clock& clock, F onTimeoutCancel,
                                    std::source_location where) && {
  static_assert(detail::isDuration<Duration>,
                "addTimeout: the first argument is a duration, as in addTimeout(10s, clock)");
  static_assert(detail::takesResult<T, F>, "addTimeout: onTimeoutCancel takes a Result<T>");
  using Returned = typename detail::OnBoth<T, F>::R;
  static_assert(detail::fitsChain<Returned, T>,
                "addTimeout: what onTimeoutCancel returns must fit the Deferred's type");
  if (isInline()) return std::move(*this);
  auto timedOut = std::make_shared<bool>(false);
  DelayedCall timer = clock.callLater(
      duration,
      [handle = cancelHandle(where), timedOut, where] {
        *timedOut = true;
        handle.cancel(where);
      },
      where);
  return std::move(*this).addBoth(
      detail::EndTimeout<T, F>{timer, timedOut, std::move(onTimeoutCancel)}, where);
}

}  // namespace hawser
