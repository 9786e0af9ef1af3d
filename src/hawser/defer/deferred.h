#pragma once

#include <hawser/base/result.h>
#include <hawser/defer/cancel_handle.h>
#include <hawser/defer/deferred_state.h>
#include <hawser/defer/detail/deferred_access.h>
#include <hawser/defer/detail/link.h>
#include <hawser/defer/errors.h>
#include <hawser/defer/resolver.h>

#include <concepts>
#include <cstdint>
#include <source_location>
#include <type_traits>
#include <utility>

namespace hawser {

class Clock;

namespace detail {
template <class T>
struct Promise;
template <class T>
struct AsResult;
}  // namespace detail

/// What all Deferreds have in common.
class DeferredBase {
 protected:
  DeferredBase() noexcept = default;
  ~DeferredBase() = default;
};

/// A value that does not exist yet (Twisted's `Deferred`; T may be void): the consumer's end.
///
/// A function that cannot answer at once returns a Deferred and keeps the Resolver, the other end.
/// The caller adds handlers: *callbacks* for the promise kept, *errbacks* for the promise broken.
/// They form one chain. Each handler gets what the one before it gave, so the lanes can change at
/// every step: a callback that throws goes on at the next errback, an errback that returns a value
/// goes on at the next callback.
///
///     getPoem(server)
///         .addCallback([](std::string poem) { return summaryOf(poem); })
///         .addErrback([](const ConnectionRefusedError&) { return std::string("no poem today"); })
///         .addCallback([](std::string text) { print(text); })
///         .addErrback(logging::err);
///
/// **When handlers run.** Synchronously, in the order in which they were added: when the Deferred
/// is fired, or at once if it was fired before. Handlers of one chain never nest. Everything
/// happens on the thread that made the Deferred.
///
/// **What handlers take and give.** A callback takes T (or T&&, const T&, or nothing), an errback a
/// Failure or a `const E&`, which lets other failures pass. Either may return a value, nothing, a
/// Failure, a Result<U> or a Deferred<U>, and may throw. After a handler returned a Deferred, the
/// chain waits for that one and goes on with its result.
///
/// **Who owns what.** The chain owns its handlers, and frees each when it has run. A Deferred that
/// is dropped detaches: its chain runs on, and if it ends in a Failure, that is logged as
/// "Unhandled error in Deferred" at that moment, with its traceback.
///
/// **Expressions.** `addCallback` and its like consume the Deferred and return the next one:
/// `d = std::move(d).addCallback(f)` or a chain of calls on a temporary. On an lvalue,
/// `d.addErrback(f)` extends `d` in place; that is allowed where the type stays the same.
template <class T>
class Deferred : public DeferredBase {
  static_assert(!std::is_reference_v<T>,
                "Deferred<T&>: a Deferred owns its value; use a pointer or std::reference_wrapper");
  static_assert(!detail::isFailure<T>,
                "Deferred<Failure>: a failure travels in the errback lane of a Deferred<T>");
  static_assert(!detail::isResult<T>,
                "Deferred<Result<U>>: a Deferred<U> already is a value or a failure");
  static_assert(!detail::isDeferred<T>,
                "Deferred<Deferred<U>>: a handler that returns a Deferred<U> gives a Deferred<U>");
  using Value = detail::Stored<T>;

 public:
  using value_type = T;
  using promise_type = detail::Promise<T>;

  /// One that has a result already. Implicit, so that the branches of a handler that returns a
  /// Deferred may return a value, a Failure or a Result as well.
  template <class V>
    requires(std::same_as<std::remove_cvref_t<V>, Value>)
  Deferred(V&& value, std::source_location made = std::source_location::current());
  Deferred(Failure failure) noexcept;
  Deferred(Result<T> result, std::source_location made = std::source_location::current());

  Deferred(Deferred&& other) noexcept;
  Deferred& operator=(Deferred&& other) noexcept;
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;
  ~Deferred();

  /// Adds a handler for values; failures pass.
  template <class F>
  auto addCallback(F f, std::source_location where = std::source_location::current()) &&;
  template <class F>
  Deferred& addCallback(F f, std::source_location where = std::source_location::current()) &;

  /// Adds a handler for failures, or for those of type E if it takes a `const E&`; values pass.
  /// What it returns must fit T. An errback that returns nothing ends the values of the chain as
  /// well: it gives a Deferred<void>.
  template <class F>
  auto addErrback(F f, std::source_location where = std::source_location::current()) &&;
  template <class F>
  Deferred& addErrback(F f, std::source_location where = std::source_location::current()) &;

  /// Adds one handler for each lane, side by side: `g` does not see what `f` throws. The type of
  /// `f` decides; what `g` returns must fit it.
  template <class F, class G>
  auto addCallbacks(F f, G g, std::source_location where = std::source_location::current()) &&;
  template <class F, class G>
  Deferred& addCallbacks(F f, G g, std::source_location where = std::source_location::current()) &;

  /// Adds one handler for both lanes; it takes a Result<T>, or nothing.
  template <class F>
  auto addBoth(F f, std::source_location where = std::source_location::current()) &&;
  template <class F>
  Deferred& addBoth(F f, std::source_location where = std::source_location::current()) &;

  /// Runs `f()` on either lane and keeps the result, waiting for what f returns if that is a
  /// Deferred. If f fails, its failure replaces the result; a failed result becomes its cause.
  template <class F>
  Deferred addFinally(F f, std::source_location where = std::source_location::current()) &&;
  template <class F>
  Deferred& addFinally(F f, std::source_location where = std::source_location::current()) &;

  /// Cancels the chain and fails it with TimeoutError if it has no result after `duration`. Defined
  /// in <hawser/defer/timeout.h>, where the details are.
  template <class Duration>
  Deferred addTimeout(Duration duration, Clock& clock,
                      std::source_location where = std::source_location::current()) &&;
  template <class Duration, class F>
  Deferred addTimeout(Duration duration, Clock& clock, F onTimeoutCancel,
                      std::source_location where = std::source_location::current()) &&;

  /// Hands the result on to another chain, whatever it is; this one goes on without a value. If the
  /// other was fired by then, AlreadyCalledError goes down this chain. The other's handlers run
  /// inside this one's: a very long row of chains that are chained so needs as much stack. A chain
  /// that waits for its own target waits for ever, since it owns the only Resolver.
  Deferred<void> chainDeferred(Resolver<T> target,
                               std::source_location where = std::source_location::current()) &&;

  /// Asks whoever works on this to stop, and fails the chain with CancelledError unless the
  /// canceller decides otherwise (Twisted's `cancel`). If the chain waits for a Deferred that a
  /// handler returned, that one is cancelled instead. With a result there already: does nothing.
  /// Handlers run before it returns.
  /// @throws whatever the canceller throws; the chain then stays unfired
  void cancel(std::source_location where = std::source_location::current());

  /// A handle for whoever may have to cancel this without owning it.
  [[nodiscard]] CancelHandle cancelHandle(
      std::source_location where = std::source_location::current());

  /// Keeps the result from going further until as many `unpause()` have followed. A handler that is
  /// running, and those that follow it in the same run, are not stopped.
  /// @throws std::length_error after 1,023
  void pause(std::source_location where = std::source_location::current());
  /// @throws NotPausedError
  void unpause();

  /// For coroutines: `co_await std::move(d).asResult()` gives a Result<T> and never throws. C++
  /// does not allow `co_await` inside a `catch` block, so trying again after a failure needs this.
  [[nodiscard]] detail::AsResult<T> asResult() &&;

  DeferredState state() const noexcept {
    switch (form_) {
      case Form::value:
        return DeferredState::value;
      case Form::failure:
        return DeferredState::failure;
      case Form::running:
        return DeferredState::pending;
      case Form::empty:
        return DeferredState::empty;
      case Form::node:
        break;
    }
    return detail::stateOf(node_);
  }
  /// A look at the result that waits here; null if there is none of that kind.
  const Value* peekValue() const noexcept {
    if constexpr (fitsInline)
      if (form_ == Form::value) [[likely]]
        return &value_;
    return state() == DeferredState::value ? &node_->storedValue : nullptr;
  }
  const Failure* peekFailure() const noexcept {
    if (form_ == Form::failure) return &failure_;
    return state() == DeferredState::failure ? &node_->storedFailure : nullptr;
  }

  // What a Deferred that has a name does not do: these compile as far as a sentence that says what
  // to write.
  template <std::same_as<Deferred> D>
  Deferred(D& named);
  template <class U>
  Deferred<void> chainDeferred(Resolver<U> target) &;
  template <class... A>
  Deferred addTimeout(A&&...) &;
  template <class... A>
  Deferred addTimeout(Clock& clock, A&&...) &&;
  template <class U = T>
  detail::AsResult<U> asResult() &;

 private:
  template <class U>
  friend class Deferred;
  friend struct detail::DeferredAccess;
  friend struct detail::NodeOf<T>;

  enum class Form : std::uint8_t { empty, value, failure, node, running };
  static constexpr bool fitsInline =
      sizeof(Value) <= 64 && std::is_nothrow_move_constructible_v<Value>;
  using InlineValue = std::conditional_t<fitsInline, Value, detail::Unit>;

  /// Stands on the stack while a handler runs on a value that lay in the Deferred itself; the
  /// Deferred keeps it current as it is moved, extended or destroyed by that handler.
  struct InlineRun {
    Deferred* self;
    detail::NodeOf<T>* node;
  };

  explicit Deferred(detail::NodeOf<T>* tail) noexcept : node_(tail), form_(Form::node) {
    tail->owner = this;
  }
  void takeFrom(Deferred& other) noexcept;
  void takeValueFrom(Deferred& other) noexcept;
  void clear() noexcept;
  bool isInline() const noexcept { return form_ == Form::value || form_ == Form::failure; }
  Value takeInlineValue() noexcept;
  Result<T> takeInline() noexcept;
  /// This chain's last node, which is made if there is none yet.
  detail::NodeOf<T>* node(const char* act, std::source_location where);
  detail::NodeOf<T>* makeNode(const char* act, std::source_location where);
  detail::NodeOf<T>* releaseNode(const char* act);

  /// `f` are the callables of `Lanes`.
  template <class Lanes, class... F>
  Deferred<typename Lanes::U> then(std::source_location where, F&&... f);
  template <class Lanes, class... F>
  Deferred<typename Lanes::U> addLink(std::source_location where, F&&... f);
  static Deferred ofRun(detail::Node* tail, detail::NodeOf<T>* link);
  template <class Lanes, class... F>
  Deferred& extend(std::source_location where, F&&... f);
  template <class Lanes>
  Deferred& extendInline(Lanes&& lanes, std::source_location where);
  template <class Lanes>
  Deferred<typename Lanes::U> enter(Lanes&& lanes, std::source_location where);
  template <class Lanes>
  Deferred<typename Lanes::U> enterFailure(Lanes& lanes, std::source_location where);
  template <class Lanes>
  Deferred<typename Lanes::U> enterThroughLink(Lanes&& lanes, std::source_location where);
  template <class Call>
  static Deferred invoke(Call call, std::source_location where, const Failure* original);

  union {
    InlineValue value_;
    Failure failure_;
    detail::NodeOf<T>* node_;
    InlineRun* run_;
  };
  Form form_;
};

/// A new pair: `auto [deferred, resolver] = makeDeferred<int>();`
template <class T>
struct DeferredPair {
  Deferred<T> deferred;
  Resolver<T> resolver;
};

template <class T>
DeferredPair<T> makeDeferred(std::source_location made = std::source_location::current());

/// With a canceller: a callable that takes a `Resolver<T>&` or nothing. It runs when the chain is
/// cancelled before it has fired, and stops the work. It may fire the Resolver it is given with
/// what it likes; if it does not, the Deferred fails with CancelledError when it returns. If it
/// throws, the exception leaves `cancel()` and the Deferred stays unfired and cancellable. It is
/// destroyed once the Deferred has fired.
template <class T, class Canceller>
  requires(!std::same_as<std::remove_cvref_t<Canceller>, std::source_location>)
DeferredPair<T> makeDeferred(Canceller canceller,
                             std::source_location made = std::source_location::current());

/// A Deferred that has a value already.
template <class V>
Deferred<std::decay_t<V>> succeed(V&& value,
                                  std::source_location made = std::source_location::current()) {
  return Deferred<std::decay_t<V>>(std::decay_t<V>(std::forward<V>(value)), made);
}
inline Deferred<void> succeed();

/// A Deferred that has failed already.
template <class T>
Deferred<T> fail(Failure why) noexcept {
  return Deferred<T>(std::move(why));
}

}  // namespace hawser

#include <hawser/defer/coroutine.h>
#include <hawser/defer/detail/deferred_inl.h>
#include <hawser/defer/detail/guidance_inl.h>
#include <hawser/defer/detail/handlers_inl.h>
