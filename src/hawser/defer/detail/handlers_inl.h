#pragma once

#include <hawser/defer/deferred.h>

#include <utility>

namespace hawser {

/// Adds a link. A result that lies in the Deferred itself goes through the handler at once.
template <class T>
template <class Lanes, class... F>
[[gnu::always_inline]] inline Deferred<typename Lanes::U> Deferred<T>::then(
    std::source_location where, F&&... f) {
  if (form_ == Form::node || !isInline()) [[likely]]
    return addLink<Lanes>(where, std::forward<F>(f)...);
  return enter(Lanes{std::forward<F>(f)...}, where);
}

template <class T>
template <class Lanes, class... F>
inline Deferred<typename Lanes::U> Deferred<T>::addLink(std::source_location where, F&&... f) {
  detail::NodeOf<T>* tail = node("a handler was added to a Deferred that was moved from", where);
  auto* link = detail::Link<T, Lanes>::make(where, std::forward<F>(f)...);
  form_ = Form::empty;
  if (detail::append(tail, link)) [[unlikely]]
    return Deferred<typename Lanes::U>::ofRun(tail, link);
  return Deferred<typename Lanes::U>(link);
}

/// Runs what was appended to `tail`, and gives the Deferred that `link` ends.
template <class T>
Deferred<T> Deferred<T>::ofRun(detail::Node* tail, detail::NodeOf<T>* link) {
  Deferred result(link);
  detail::run(tail);
  return result;
}

template <class T>
template <class Lanes, class... F>
inline Deferred<T>& Deferred<T>::extend(std::source_location where, F&&... f) {
  if (isInline()) [[unlikely]]
    return extendInline(Lanes{std::forward<F>(f)...}, where);
  detail::NodeOf<T>* tail = node("a handler was added to a Deferred that was moved from", where);
  auto* link = detail::Link<T, Lanes>::make(where, std::forward<F>(f)...);
  node_ = link;
  link->owner = this;
  if (detail::append(tail, link)) [[unlikely]]
    detail::run(tail);
  return *this;
}

template <class T>
template <class Lanes>
Deferred<T>& Deferred<T>::extendInline(Lanes&& lanes, std::source_location where) {
  Deferred before(std::move(*this));
  InlineRun run{this, nullptr};
  run_ = &run;
  form_ = Form::running;
  struct Restore {
    InlineRun& run;
    Deferred& before;
    // Only when there was no memory for a link: nothing has run.
    ~Restore() {
      if (before.form_ == Form::empty || !run.self) return;
      run.self->form_ = Form::empty;
      run.self->takeFrom(before);
    }
  } const restore{run, before};
  Deferred after = before.enter(std::forward<Lanes>(lanes), where);
  if (run.node) {
    // What the handler added, and paused, belongs to the run that it was part of.
    auto* link = static_cast<detail::Link<T, detail::PassBoth<T>>*>(run.node);
    if (link->await(std::move(after))) detail::run(link, false);
  } else if (run.self) {
    run.self->form_ = Form::empty;
    run.self->takeFrom(after);
  }
  return *this;
}

template <class T>
template <class Lanes>
[[gnu::always_inline]] inline Deferred<typename Lanes::U> Deferred<T>::enter(
    Lanes&& lanes, std::source_location where) {
  using U = typename Lanes::U;
  constexpr bool throughLink = Lanes::returnsDeferred && (!Lanes::isEmpty || Lanes::storesArgument);
  if constexpr (requires { &Lanes::onResult; }) {
    if constexpr (throughLink) {
      return enterThroughLink(std::forward<Lanes>(lanes), where);
    } else {
      const detail::HandlerScope scope;
      Result<T> result = takeInline();
      return Deferred<U>::invoke(
          [&]() -> decltype(auto) { return lanes.onResult(std::move(result)); }, where, nullptr);
    }
  } else {
    if (form_ == Form::failure) [[unlikely]]
      return enterFailure(lanes, where);
    if constexpr (Lanes::passesValues) {
      return std::move(*this);
    } else if constexpr (throughLink) {
      return enterThroughLink(std::forward<Lanes>(lanes), where);
    } else {
      const detail::HandlerScope scope;
      Value value = takeInlineValue();
      return Deferred<U>::invoke(
          [&]() -> decltype(auto) { return lanes.onValue(std::move(value)); }, where, nullptr);
    }
  }
}

template <class T>
template <class Lanes>
Deferred<typename Lanes::U> Deferred<T>::enterFailure(Lanes& lanes, std::source_location where) {
  using U = typename Lanes::U;
  const detail::HandlerScope scope;
  if constexpr (!Lanes::passesFailures) {
    if (const void* caught = lanes.caught(failure_)) {
      if constexpr (Lanes::returnsDeferred && (!Lanes::isEmpty || Lanes::storesArgument)) {
        return enterThroughLink(std::move(lanes), where);
      } else {
        const Failure original = failure_;
        Failure failure = takeInline().failure();
        return Deferred<U>::invoke(
            [&]() -> decltype(auto) { return lanes.onFailure(std::move(failure), caught); }, where,
            &original);
      }
    }
  }
  Failure failure = takeInline().failure();
  failure.addSite(detail::SiteKind::passed, where);
  return Deferred<U>(std::move(failure));
}

/// The handler's callable and argument move into a link first: a coroutine that it starts may refer
/// to them.
template <class T>
template <class Lanes>
Deferred<typename Lanes::U> Deferred<T>::enterThroughLink(Lanes&& lanes,
                                                          std::source_location where) {
  using U = typename Lanes::U;
  const detail::HandlerScope scope;
  auto* link = detail::Link<T, Lanes>::make(where, std::forward<Lanes>(lanes));
  Deferred<U> result(link);
  const detail::RunSitesScope nowhere(nullptr);
  detail::Node* done;
  if constexpr (requires { &Lanes::onResult; }) {
    done = link->enterResult([&] { return takeInline(); });
  } else if (form_ == Form::failure) {
    done = link->enterFailure(takeInline().failure());
  } else {
    done = link->enterValue([&]() -> Value { return *takeInline(); });
  }
  if (done) detail::run(done);
  return result;
}

/// Calls a handler and makes a Deferred of how it ended. T is the type of the chain behind it.
template <class T>
template <class Call>
inline Deferred<T> Deferred<T>::invoke(Call call, std::source_location where,
                                       const Failure* original) {
  using R = decltype(call());
  try {
    if constexpr (detail::isDeferred<std::remove_cvref_t<R>>) {
      if constexpr (std::is_void_v<T> && !std::is_void_v<typename R::value_type>)
        return detail::DeferredAccess::returned<T>(call().addCallback([] {}), where);
      else
        return detail::DeferredAccess::returned<T>(call(), where);
    } else if constexpr (detail::isFailure<R> || detail::isResult<std::remove_cvref_t<R>>) {
      return Deferred<T>(call());
    } else if constexpr (std::is_void_v<R>) {
      call();
      return Deferred<T>(detail::Unit{});
    } else {
      return Deferred<T>(Value(call()), where);
    }
  } catch (...) {
    return Deferred<T>(Failure::currentIn(detail::SiteKind::handler, where, original));
  }
}

template <class T>
template <class F>
[[gnu::always_inline]] inline auto Deferred<T>::addCallback(F f, std::source_location where) && {
  static_assert(detail::takesValue<T, F>,
                "addCallback: a callback on a Deferred<T> takes T, T&&, const T& or nothing");
  if constexpr (!detail::takesValue<T, F>)
    return std::move(*this);
  else
    return then<detail::OnCallback<T, F>>(where, std::move(f));
}

template <class T>
template <class F>
inline Deferred<T>& Deferred<T>::addCallback(F f, std::source_location where) & {
  static_assert(detail::takesValue<T, F>,
                "addCallback: a callback on a Deferred<T> takes T, T&&, const T& or nothing");
  if constexpr (detail::takesValue<T, F>) {
    constexpr bool keepsType = std::is_same_v<typename detail::OnCallback<T, F>::U, T>;
    static_assert(keepsType,
                  "addCallback: this callback changes the type of the Deferred; write "
                  "std::move(deferred).addCallback(...) and use what it returns");
    if constexpr (keepsType) extend<detail::OnCallback<T, F>>(where, std::move(f));
  }
  return *this;
}

template <class T>
template <class F>
[[gnu::always_inline]] inline auto Deferred<T>::addErrback(F f, std::source_location where) && {
  static_assert(detail::takesFailure<F>, "addErrback: an errback takes a Failure or a const E&");
  if constexpr (!detail::takesFailure<F>) {
    return std::move(*this);
  } else {
    using R = detail::ReturnedForFailure<F>;
    constexpr bool fits = std::is_void_v<detail::ValueOf<R, T>> || detail::fitsChain<R, T>;
    static_assert(fits, "addErrback: what the errback returns does not fit the Deferred's type");
    if constexpr (!fits)
      return std::move(*this);
    else
      return then<detail::OnErrback<T, F>>(where, std::move(f));
  }
}

template <class T>
template <class F>
inline Deferred<T>& Deferred<T>::addErrback(F f, std::source_location where) & {
  static_assert(detail::takesFailure<F>, "addErrback: an errback takes a Failure or a const E&");
  if constexpr (detail::takesFailure<F>) {
    constexpr bool fits = detail::fitsChain<detail::ReturnedForFailure<F>, T>;
    static_assert(fits,
                  "addErrback: what the errback returns does not fit the Deferred's type; write "
                  "std::move(deferred).addErrback(...) if it returns nothing");
    if constexpr (fits) extend<detail::OnErrback<T, F>>(where, std::move(f));
  }
  return *this;
}

template <class T>
template <class F, class G>
[[gnu::always_inline]] inline auto Deferred<T>::addCallbacks(F f, G g,
                                                             std::source_location where) && {
  static_assert(detail::takesValue<T, F>,
                "addCallbacks: a callback on a Deferred<T> takes T, T&&, const T& or nothing");
  static_assert(detail::takesFailure<G>, "addCallbacks: an errback takes a Failure or a const E&");
  if constexpr (!detail::takesValue<T, F> || !detail::takesFailure<G>) {
    return std::move(*this);
  } else {
    using Lanes = detail::OnEither<T, F, G>;
    constexpr bool fits = detail::fitsChain<typename Lanes::S, typename Lanes::U>;
    static_assert(fits,
                  "addCallbacks: what the errback returns must fit the type the callback gives");
    if constexpr (!fits)
      return std::move(*this);
    else
      return then<Lanes>(where, std::move(f), std::move(g));
  }
}

template <class T>
template <class F, class G>
inline Deferred<T>& Deferred<T>::addCallbacks(F f, G g, std::source_location where) & {
  static_assert(detail::takesValue<T, F>,
                "addCallbacks: a callback on a Deferred<T> takes T, T&&, const T& or nothing");
  static_assert(detail::takesFailure<G>, "addCallbacks: an errback takes a Failure or a const E&");
  if constexpr (detail::takesValue<T, F> && detail::takesFailure<G>) {
    using Lanes = detail::OnEither<T, F, G>;
    constexpr bool keepsType = std::is_same_v<typename Lanes::U, T>;
    static_assert(keepsType,
                  "addCallbacks: this callback changes the type of the Deferred; write "
                  "std::move(deferred).addCallbacks(...) and use what it returns");
    if constexpr (keepsType) {
      constexpr bool fits = detail::fitsChain<typename Lanes::S, T>;
      static_assert(fits,
                    "addCallbacks: what the errback returns must fit the type the callback gives");
      if constexpr (fits) extend<Lanes>(where, std::move(f), std::move(g));
    }
  }
  return *this;
}

template <class T>
template <class F>
[[gnu::always_inline]] inline auto Deferred<T>::addBoth(F f, std::source_location where) && {
  static_assert(detail::takesResult<T, F>,
                "addBoth: a handler for both lanes takes a Result<T> or nothing");
  if constexpr (!detail::takesResult<T, F>)
    return std::move(*this);
  else
    return then<detail::OnBoth<T, F>>(where, std::move(f));
}

template <class T>
template <class F>
inline Deferred<T>& Deferred<T>::addBoth(F f, std::source_location where) & {
  static_assert(detail::takesResult<T, F>,
                "addBoth: a handler for both lanes takes a Result<T> or nothing");
  if constexpr (detail::takesResult<T, F>) {
    constexpr bool keepsType = std::is_same_v<typename detail::OnBoth<T, F>::U, T>;
    static_assert(keepsType,
                  "addBoth: this handler changes the type of the Deferred; write "
                  "std::move(deferred).addBoth(...) and use what it returns");
    if constexpr (keepsType) extend<detail::OnBoth<T, F>>(where, std::move(f));
  }
  return *this;
}

namespace detail {

/// What addFinally adds: runs f between a result's coming and its going on.
template <class T, class F>
struct Finally {
  static constexpr bool keptWhileWaiting = true;

  F f;
  std::source_location where;

  auto operator()(Result<T> result) {
    if constexpr (isDeferred<std::invoke_result_t<F&>>) {
      using X = typename std::invoke_result_t<F&>::value_type;
      return call().addBoth([kept = std::move(result)](Result<X> ended) mutable {
        if (!ended) return after(std::move(kept), std::move(ended).failure());
        return std::move(kept);
      });
    } else {
      try {
        if constexpr (isFailure<std::invoke_result_t<F&>>) return after(std::move(result), f());
        f();
      } catch (...) {
        return after(std::move(result), raisedByHandler(where, nullptr));
      }
      return result;
    }
  }

 private:
  auto call() -> std::invoke_result_t<F&> {
    try {
      return f();
    } catch (...) {
      return raisedByHandler(where, nullptr);
    }
  }
  static Result<T> after(Result<T>&& result, Failure failure) {
    if (result) return failure;
    return failure.withCause(std::move(result).failure());
  }
};

}  // namespace detail

template <class T>
template <class F>
Deferred<T> Deferred<T>::addFinally(F f, std::source_location where) && {
  static_assert(std::is_invocable_v<F&>, "addFinally: the handler takes nothing");
  if constexpr (!std::is_invocable_v<F&>) {
    return std::move(*this);
  } else {
    // Should it run at once: what it throws has nothing to do with a chain that runs meanwhile.
    const detail::RunSitesScope nowhere(nullptr);
    return std::move(*this).addBoth(detail::Finally<T, F>{std::move(f), where}, where);
  }
}

template <class T>
template <class F>
Deferred<T>& Deferred<T>::addFinally(F f, std::source_location where) & {
  static_assert(std::is_invocable_v<F&>, "addFinally: the handler takes nothing");
  if constexpr (std::is_invocable_v<F&>) {
    // Should it run at once: what it throws has nothing to do with a chain that runs meanwhile.
    const detail::RunSitesScope nowhere(nullptr);
    addBoth(detail::Finally<T, F>{std::move(f), where}, where);
  }
  return *this;
}

template <class T>
Deferred<void> Deferred<T>::chainDeferred(Resolver<T> target, std::source_location where) && {
  return std::move(*this).addBoth(
      [target = std::move(target), where](Result<T> result) mutable {
        target.fire(std::move(result), where);
      },
      where);
}

}  // namespace hawser
