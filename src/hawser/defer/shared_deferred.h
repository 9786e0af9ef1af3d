#pragma once

#include <hawser/base/logging.h>
#include <hawser/base/result.h>
#include <hawser/defer/cancel_handle.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/detail/abandonment.h>
#include <hawser/defer/errors.h>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>

namespace hawser {

/// What becomes of shared work when the last of those who waited for it has cancelled.
enum class WhenUnwanted {
  goOn,   ///< it goes on: somebody may ask for its result yet
  cancel  ///< it is cancelled
};

namespace detail {

template <class T>
struct SharedState {
  using Waiting = std::list<Resolver<T>>;

  ~SharedState() {
    // As if the Deferred had been dropped that nobody asked for.
    if (result && !*result && !asked) reportUnhandled(result->failure());
  }

  void ended(Result<T>&& how) noexcept {
    try {
      result.emplace(std::move(how));
    } catch (...) {
      result.emplace(Failure::current());
    }
    // One by one: whoever is served, and copying for him, may cancel another or ask again.
    while (!waiting.empty()) {
      Result<T> own = copy();
      if (waiting.empty()) break;
      Resolver<T> next = std::move(waiting.front());
      waiting.pop_front();
      try {
        next.fire(std::move(own));
      } catch (...) {
        next.errback(Failure::current());
      }
    }
  }

  Result<T> copy() const noexcept {
    try {
      return *result;
    } catch (...) {
      return Failure::current();
    }
  }

  /// The work can never end. Whoever waits is told when the outermost handler returns.
  void abandon(std::source_location made) noexcept {
    abandoned = true;
    result.emplace(Failure(whyAbandoned(made)));
    const Waiting gone = std::exchange(waiting, {});
  }

  void leave(typename Waiting::iterator place, std::source_location where) {
    if (abandoned) return;
    waiting.erase(place);
    if (waiting.empty() && !result && whenUnwanted == WhenUnwanted::cancel) cancelWork(where);
  }

  void cancelWork(std::source_location where) noexcept {
    cancelled = asked = true;
    try {
      work.cancel(where);
    } catch (...) {
      logging::err(Failure::current(), "the canceller of shared work threw", where);
    }
  }

  Waiting waiting;
  std::optional<Result<T>> result;
  CancelHandle work;
  WhenUnwanted whenUnwanted = WhenUnwanted::goOn;
  bool cancelled = false;
  bool abandoned = false;
  bool asked = false;  // somebody knows of the work
};

/// The last handler of the work. It goes unused if the chain is freed before it has ended, as a
/// paused one may be, and if the value throws on its way here.
template <class T>
class SharedEnd {
 public:
  SharedEnd(std::shared_ptr<SharedState<T>> state, std::source_location made) noexcept
      : state_(std::move(state)), made_(made) {}
  SharedEnd(SharedEnd&&) noexcept = default;
  ~SharedEnd() {
    if (state_) state_->abandon(made_);
  }

  void operator()(Result<T> how) {
    const auto state = std::move(state_);
    state->ended(std::move(how));
  }

 private:
  std::shared_ptr<SharedState<T>> state_;
  std::source_location made_;
};

}  // namespace detail

/// One result that many wait for.
///
/// A Deferred has one chain: who adds a handler to it changes what the next one sees, and who
/// cancels it takes it from all. To share a result, give each a Deferred of his own:
///
///     SharedDeferred<Config> config(loadConfig());
///     config.get().addCallback(...);   // here
///     co_await config.get();           // and there
///
/// `get()` gives a new Deferred each time: ready if the result is there, else it fires when the
/// work ends, in the order of asking, inside the run of the work's chain. Each gets a **copy** of
/// the value, which is his to change; share a `std::shared_ptr<const X>` if X is large or cannot be
/// copied. A failure is shared by count.
///
/// **Owns** the work together with its copies, which stand for the same result. When the last of
/// them is gone the work goes on, and those who wait for it are served. A failure of work that
/// nobody ever asked for is reported as unhandled when the last copy is gone.
///
/// **Cancelling** one of the Deferreds fails it with CancelledError and removes it; the others
/// notice nothing. With `WhenUnwanted::cancel` the work is cancelled when the last who waited has
/// done that (what its canceller throws is logged). Dropping a Deferred is not cancelling it.
template <class T>
class SharedDeferred {
  static_assert(std::copy_constructible<detail::Stored<T>>,
                "SharedDeferred<T>: each who waits gets a copy, so T must be copyable; share a "
                "std::shared_ptr<const X>");

 public:
  /// Stands for nothing: it can be assigned to and asked whether it is empty.
  SharedDeferred() noexcept = default;
  explicit SharedDeferred(Deferred<T> work, WhenUnwanted whenUnwanted = WhenUnwanted::goOn,
                          std::source_location where = std::source_location::current())
      : state_(std::make_shared<State>()) {
    state_->whenUnwanted = whenUnwanted;
    Deferred<void> end = std::move(work).addBoth(detail::SharedEnd<T>(state_, where), where);
    if (!state_->result) state_->work = end.cancelHandle(where);
  }

  /// A Deferred of one's own for the result.
  /// @throws EmptyDeferredError
  [[nodiscard]] Deferred<T> get(
      std::source_location where = std::source_location::current()) const {
    State& state = held();
    state.asked = true;
    if (state.result) return Deferred<T>(state.copy(), where);
    state.waiting.emplace_back();
    const auto place = std::prev(state.waiting.end());
    try {
      auto [deferred, resolver] = makeDeferred<T>(
          [weak = std::weak_ptr<State>(state_), place, where] {
            if (const auto shared = weak.lock()) shared->leave(place, where);
          },
          where);
      *place = std::move(resolver);
      return std::move(deferred);
    } catch (...) {
      state.waiting.erase(place);
      throw;
    }
  }

  /// Asks the work itself to stop. All who wait get what it makes of that.
  /// @throws EmptyDeferredError
  void cancel(std::source_location where = std::source_location::current()) {
    const std::shared_ptr<State> kept = state_;
    if (!held().result) kept->cancelWork(where);
  }

  /// Whether the work was cancelled through here or because nobody wanted it any more. It may still
  /// take its time to end.
  bool cancelled() const noexcept { return state_ && state_->cancelled; }
  /// How many wait for the result.
  std::size_t waiting() const noexcept { return state_ ? state_->waiting.size() : 0; }

  DeferredState state() const noexcept {
    if (!state_) return DeferredState::empty;
    if (!state_->result) return DeferredState::pending;
    return *state_->result ? DeferredState::value : DeferredState::failure;
  }
  /// A look at the result; null if there is none of that kind.
  const detail::Stored<T>* peekValue() const noexcept {
    return state() == DeferredState::value ? &**state_->result : nullptr;
  }
  const Failure* peekFailure() const noexcept {
    return state() == DeferredState::failure ? &state_->result->failure() : nullptr;
  }

 private:
  using State = detail::SharedState<T>;

  State& held() const {
    if (!state_) throw EmptyDeferredError("a SharedDeferred that stands for nothing was used");
    return *state_;
  }

  std::shared_ptr<State> state_;
};

template <class T>
SharedDeferred(Deferred<T>) -> SharedDeferred<T>;

}  // namespace hawser
