#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/defer/detail/promise.h>

#include <concepts>
#include <coroutine>
#include <optional>
#include <utility>

namespace hawser {

template <class T>
class AsyncGenerator;

namespace detail {

/// Cancels what a generator awaits that has lost its owner; logs what cancellers throw.
void cancelOrphan(Node* generator) noexcept;

/// The promise of a generator. As with coroutines it is the first node of the chain of what
/// `next()` gives; but it is so again and again, for one `next()` after the other.
///
/// Its states:
///  * idle: not `busy`. The body is suspended at its beginning or at a `co_yield`.
///  * running, awaiting: `busy`, with `outcome` pending.
///  * delivering: `busy`, with an outcome. The result lies here until its consumer takes it, which
///    ends with `dispose()`.
/// It is freed as soon as it is neither running, awaiting nor delivering and has no `generator` or
/// has `ended`.
template <class T>
struct GeneratorPromise final : PromiseBase<std::optional<T>> {
  using Item = std::optional<T>;

  AsyncGenerator<T>* generator = nullptr;
  bool busy = false;
  bool ended = false;

  AsyncGenerator<T> get_return_object(
      std::source_location made = std::source_location::current()) noexcept {
    this->site = made;
    return AsyncGenerator<T>(this);
  }
  std::suspend_always initial_suspend() const noexcept { return {}; }
  std::suspend_always final_suspend() const noexcept { return {}; }

  template <class V = T>
    requires(std::convertible_to<V &&, T>)
  std::suspend_always yield_value(V&& value) {
    this->prepareValue(std::in_place, std::forward<V>(value));
    this->outcome = NodeState::value;
    return {};
  }
  template <class V>
  std::suspend_always yield_value(V&&) {
    static_assert(never<V>, "co_yield: the value does not fit the generator's type");
    return {};
  }
  void return_void() {
    this->prepareValue();
    this->outcome = NodeState::value;
    ended = true;
  }
  void unhandled_exception() {
    PromiseBase<Item>::unhandled_exception();
    ended = true;
  }

  Deferred<Item> next() {
    busy = true;
    handle().resume();
    if (this->outcome == NodeState::pending) return DeferredAccess::fromNode<Item>(this);
    // The frame may go at the end of this, also because the body has destroyed its generator.
    struct Rest {
      GeneratorPromise* promise;
      ~Rest() { promise->dispose(); }
    } const rest{this};
    this->publish();
    if (this->state == NodeState::failure) return Deferred<Item>(this->takeFailure());
    try {
      return Deferred<Item>(std::move(this->storedValue), this->site);
    } catch (...) {
      return Deferred<Item>(Failure::currentIn(SiteKind::coroutine, this->site, nullptr));
    }
  }

  /// What the body awaited has its result.
  Node* takeAdopted(Node*) override {
    this->clear(innerBarrier);
    handle().resume();
    if (this->outcome == NodeState::pending) return nullptr;
    this->publish();
    return this;
  }

  /// The result was taken or thrown away: the node is as new.
  void dispose() noexcept override {
    const bool failed = this->outcome == NodeState::failure;
    this->destroyResult();
    dropHandles(this);
    this->owner = nullptr;
    this->consumer = Consumer::owner;
    this->state = NodeState::pending;
    this->rare = 0;
    this->pauses = 0;
    this->outcome = NodeState::pending;
    busy = false;
    if (ended && generator) {
      generator->promise_ = nullptr;
      generator->ended_ = true;
      generator = nullptr;
    }
    if (generator) return;
    if (failed)
      destroyFailed(handle());
    else
      handle().destroy();
  }

  /// The AsyncGenerator goes away.
  void abandon() noexcept {
    generator = nullptr;
    if (!busy)
      handle().destroy();
    else if (this->outcome == NodeState::pending)
      cancelOrphan(this);
  }

 private:
  std::coroutine_handle<GeneratorPromise> handle() noexcept {
    return std::coroutine_handle<GeneratorPromise>::from_promise(*this);
  }
};

}  // namespace detail
}  // namespace hawser
