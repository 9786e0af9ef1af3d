#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/defer/detail/tokens.h>
#include <hawser/defer/errors.h>

#include <cstdint>
#include <new>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

namespace hawser::detail {

template <class F>
using RunOf = ValueOf<std::invoke_result_t<F&>, void>;

/// Calls what `run` was given, and says how that ended.
template <class F>
Result<RunOf<F>> callForResult(F& f, std::source_location where) {
  using R = std::invoke_result_t<F&>;
  try {
    if constexpr (std::is_void_v<R>) {
      f();
      return {};
    } else if constexpr (isFailure<R> || isResult<std::remove_cvref_t<R>>) {
      return f();
    } else {
      return Result<RunOf<F>>(std::decay_t<R>(f()));
    }
  } catch (...) {
    return raisedByHandler(where, nullptr);
  }
}

/// A token on its way to a `run` that is paused. If that is dropped meanwhile, the token is lost,
/// as it is in Twisted.
struct HeldToken {
  Tokens* tokens;

  HeldToken(Tokens* held) noexcept : tokens(held) {}
  HeldToken(HeldToken&& other) noexcept : tokens(std::exchange(other.tokens, nullptr)) {}
  ~HeldToken() {
    if (tokens) tokens->loseHolder();
  }
};

/// The first node of what `run` returns. It waits in the row for a token, calls the function, waits
/// for what that returned, gives the token back, and has the result.
///
/// Valid states:
/// * a source in the row; a source that was cancelled or abandoned there;
/// * a link that waits for a source with a HeldToken: it was its turn while it was paused;
/// * a link without `inner` while user code runs: the function, the end of its captures, and those
///   who are served next, inside the release;
/// * a link that has adopted the chain which the function returned.
template <class F>
struct RunNode final : NodeOf<RunOf<F>>, WaitLink {
  using U = RunOf<F>;
  using R = std::invoke_result_t<F&>;

  union {
    F f;
  };

  static RunNode* make(F&& function, Tokens* tokens, std::source_location where) {
    return makeSource(sizeof(RunNode), [&](void* at) {
      return ::new (at) RunNode(std::move(function), tokens, where);
    });
  }

  Node* take(Node* from) override {
    this->become(NodeKind::link);
    if (from) {
      this->inner = nullptr;
      auto* source = static_cast<NodeOf<HeldToken>*>(from);
      source->storedValue.tokens = nullptr;  // held here from now on
      source->destroyResult();
      recycle(source);
    } else if (this->pauses != 0 && !this->has(boundary)) [[unlikely]] {
      return waitForUnpause();
    }
    if constexpr (isDeferred<std::remove_cvref_t<R>>) {
      // What others do inside the release is not to run in a catch block.
      Failure why = Failure::none();
      try {
        return await(f());
      } catch (...) {
        why = raisedByHandler(this->site, nullptr);
      }
      return conclude([&]() -> Result<U> { return std::move(why); });
    } else {
      return conclude([&] { return callForResult(f, this->site); });
    }
  }

  Node* takeAdopted(Node* from) override {
    this->clear(adopting | innerBarrier);
    this->inner = nullptr;
    return concludeWith(static_cast<NodeOf<U>*>(from));
  }

  void cancelSource(std::source_location where) override {
    if (this->fired) return;
    if (previous) list->remove(this);
    failSource(this, Failure(CancelledError(), where), {});
  }
  void dropCanceller() noexcept override { destroyCallable(); }

  void dispose() noexcept override {
    if (!this->letGo()) return;
    destroyCallable();
    freeSource(this, sizeof(RunNode));
  }

 private:
  RunNode(F&& function, Tokens* tokens, std::source_location where)
      : NodeOf<U>(NodeKind::source, sizeof(RunNode), where),
        WaitLink(this, tokens, Wants::run),
        f(std::move(function)) {
    this->thread = &runState;
    this->callable = true;
  }
  ~RunNode() {}

  Tokens* tokens() noexcept { return static_cast<Tokens*>(list); }

  void destroyCallable() noexcept {
    if (!this->callable) return;
    this->callable = false;
    f.~F();
  }

  /// As Twisted's Deferred of `acquire()` would: it has what it waited for, and keeps it.
  Node* waitForUnpause() noexcept {
    Failure why = Failure::none();
    try {
      auto* source = Source<HeldToken>::make(this->site);
      source->fired = true;
      source->setValue(tokens());
      source->setPauses(this->pauses);
      this->setPauses(0);
      source->set(pauseSeen);
      attach(source, this, Consumer::next);
      return source;  // where the pause keeps it, or ends it if nobody is left to unpause
    } catch (...) {
      why = Failure::current();
    }
    destroyCallable();
    tokens()->endHolding({});
    this->become(NodeKind::source);
    return publish(std::move(why));
  }

  /// Takes the result of what the function returned, now or later.
  Node* await(Deferred<U>&& returned) noexcept {
    const bool keep = keptWhileWaiting<F> || DeferredAccess::waitsForCoroutine(returned);
    // Before anything waits, since destroying captures may fire what is to be waited for.
    if (!keep) destroyCallable();
    if (DeferredAccess::isInline(returned))
      return conclude([&] { return DeferredAccess::takeToEnd(std::move(returned)); });
    Node* tail = nullptr;
    Failure why = Failure::none();
    try {
      tail = DeferredAccess::release(returned, "an empty Deferred cannot be waited for");
    } catch (...) {
      why = Failure::current();
    }
    if (!tail) [[unlikely]]
      return conclude([&]() -> Result<U> { return std::move(why); });
    if (tail->hasResult() || tail->has(pauseSeen)) [[unlikely]] {
      Deferred<U> again = DeferredAccess::fromNode(static_cast<NodeOf<U>*>(tail));
      if (DeferredAccess::isReady(again))
        return conclude([&] { return DeferredAccess::takeToEnd(std::move(again)); });
      DeferredAccess::release(again, "waited for");
    }
    const bool circular =
        tail == this || (waitsFor(tail, this) && !(keep && passesCoroutine(tail, this)));
    if (circular) [[unlikely]] {
      detach(tail);
      return conclude([&]() -> Result<U> { return Failure(SelfWaitError(), this->site); });
    }
    attach(tail, this, Consumer::adopter);
    this->set(adopting);
    return nullptr;
  }

  /// What the function returned has ended.
  Node* concludeWith(NodeOf<U>* from) noexcept {
    destroyCallable();
    const bool released = tokens()->endHolding({});
    if constexpr (std::is_nothrow_move_constructible_v<Stored<U>>) {
      if (released && from->state == NodeState::value) [[likely]] {
        this->prepareValue(std::move(from->storedValue));
        from->destroyResult();
        recycle(from);
        this->state = NodeState::value;
        return this;
      }
    }
    Failure failure = released ? Failure::none() : Failure(NotHeldError(), this->site);
    if (released && from->state == NodeState::failure) {
      failure = from->takeFailure();
      failure.addSite(SiteKind::passed, this->site);
    } else {
      if (released) failure = keepValue(std::move(from->storedValue));
      from->destroyResult();
    }
    recycle(from);
    return publish(std::move(failure));
  }

  /// The function has ended with what `get` gives: ends it all but the chain behind.
  template <class Get>
  Node* conclude(Get get) noexcept {
    Failure failure = Failure::none();
    {
      Result<U> ended = get();
      destroyCallable();
      if (!tokens()->endHolding({}))
        failure = Failure(NotHeldError(), this->site);
      else if (!ended)
        failure = std::move(ended).failure();
      else
        failure = keepValue(*std::move(ended));
    }
    return publish(std::move(failure));
  }

  /// No user code runs any more: the node has its result, which is the value that is in its place
  /// if there is no failure.
  Node* publish(Failure failure) noexcept {
    if (failure)
      this->setFailure(std::move(failure));
    else
      this->state = NodeState::value;
    return this;
  }

  Failure keepValue(Stored<U>&& value) noexcept {
    try {
      this->prepareValue(std::move(value));
      return Failure::none();
    } catch (...) {
      return Failure::current();
    }
  }
};

/// Runs `f` when it gets a token, and gives the token back when that has ended.
template <class F>
Deferred<RunOf<F>> runHolding(Tokens* tokens, F f, std::source_location where) {
  using U = RunOf<F>;
  if (tokens->free == 0) {
    auto* node = listed(RunNode<F>::make(std::move(f), tokens, where));
    tokens->append(node);
    return DeferredAccess::fromNode<U>(node);
  }
  const HandlerScope scope;
  const RunSitesScope nowhere(nullptr);
  if constexpr (isDeferred<std::remove_cvref_t<std::invoke_result_t<F&>>>) {
    auto* node = RunNode<F>::make(std::move(f), tokens, where);
    tokens->beginHolding();
    node->fired = true;
    Deferred<U> result = DeferredAccess::fromNode<U>(node);
    if (Node* done = node->take(nullptr)) run(done, false);
    return result;
  } else {
    tokens->beginHolding();
    Result<U> ended = callForResult(f, where);
    if (!tokens->endHolding({})) return Failure(NotHeldError(), where);
    return Deferred<U>(std::move(ended), where);
  }
}

/// A callable with arguments, which live as long as it does.
template <class F, class... Args>
struct WithArguments {
  static constexpr bool keptWhileWaiting = detail::keptWhileWaiting<F>;

  F f;
  std::tuple<Args...> args;

  decltype(auto) operator()() {
    return std::apply([this](Args&... each) -> decltype(auto) { return f(std::move(each)...); },
                      args);
  }
};

}  // namespace hawser::detail
