#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/defer/detail/failing.h>

#include <coroutine>
#include <new>
#include <source_location>
#include <utility>

/// Coroutines that return a Deferred. The promise in the coroutine's frame is the first node of its
/// Deferred's chain, so a coroutine costs one block.
namespace hawser::detail {

template <class T>
struct AsResult {
  Deferred<T> deferred;
};

/// Takes what a coroutine waits for out of a Deferred that is ready, or out of the node that was.
template <class T>
struct AwaiterBase {
  Deferred<T>& deferred;  // the operand of co_await, which lives as long as the expression
  Node* coroutine;
  std::source_location where;

  bool await_ready() const noexcept { return DeferredAccess::isReady(deferred); }

  template <class P>
  void await_suspend(std::coroutine_handle<P> handle) {
    Node* tail = DeferredAccess::release(deferred, "awaited");
    if (waitsFor(tail, &handle.promise())) {
      detach(tail);
      throw SelfWaitError();
    }
    attach(tail, &handle.promise(), Consumer::adopter);
  }

 protected:
  Result<T> take() {
    if (!coroutine->inner) return DeferredAccess::takeNow(deferred);
    NodeOf<T>* node = released();
    const Recycle after{node};
    return node->takeResult();
  }

  NodeOf<T>* released() noexcept {
    return static_cast<NodeOf<T>*>(std::exchange(coroutine->inner, nullptr));
  }
};

/// In a coroutine whose promise is a `P`.
template <class T, class P>
struct Awaiter : AwaiterBase<T> {
  T await_resume() {
    if (this->coroutine->inner) {
      if (this->coroutine->inner->state == NodeState::value) [[likely]] {
        return takeReleased();
      }
    } else if (DeferredAccess::holdsValue(this->deferred)) [[likely]] {
      return DeferredAccess::takeHeldValue(this->deferred);
    }
    return takeOther();
  }

 private:
  // Out of the coroutine's body, which would have to make room in its frame for every step of it.
  [[gnu::noinline]] T takeReleased() {
    NodeOf<T>* node = this->released();
    const Recycle after{node};
    if constexpr (!std::is_void_v<T>) return node->takeValue();
  }
  [[gnu::noinline]] T takeOther() {
    Result<T> result = this->take();
    if (!result) [[unlikely]] {
      Failure& raised = static_cast<P*>(this->coroutine)->raised;
      raised = std::move(result).failure();
      raised.addSite(SiteKind::awaited, this->where);
      raised.raise();
    }
    if constexpr (!std::is_void_v<T>) return *std::move(result);
  }
};

template <class T>
struct ResultAwaiter : AwaiterBase<T> {
  Result<T> await_resume() {
    Result<T> result = this->take();
    if (!result) result.failure().addSite(SiteKind::awaited, this->where);
    return result;
  }
};

/// Stands for what cannot be awaited, so that the compiler has one thing to say about it. Its
/// result would fit anywhere.
struct NotAwaitable : std::suspend_never {
  struct Anything {
    template <class U>
    operator U() const;
  };
  Anything await_resume() const noexcept { return {}; }
};

template <class T>
struct PromiseBase : NodeOf<T> {
  PromiseBase() noexcept : NodeOf<T>(NodeKind::coroutine, 0, {}) {}

  static void* operator new(std::size_t bytes) { return poolAllocate(bytes); }
  static void operator delete(void* block, std::size_t bytes) noexcept { poolFree(block, bytes); }

  Deferred<T> get_return_object(
      std::source_location made = std::source_location::current()) noexcept {
    this->site = made;
    return DeferredAccess::fromNode<T>(this);
  }

  std::suspend_never initial_suspend() const noexcept { return {}; }

  struct Ended {
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) const noexcept {
      P& promise = handle.promise();
      promise.publish();
      // Resumed by a chain that runs: that one goes on with the result. Else the coroutine has
      // ended before it ever waited, and its Deferred takes the result here.
      if (!promise.resumed) run(&promise);
    }
    void await_resume() const noexcept {}
  };
  Ended final_suspend() const noexcept { return {}; }

  void unhandled_exception() {
    if (outcome == NodeState::value) this->storedValue.~Stored<T>();
    raised = Failure::currentIn(SiteKind::coroutine, this->site, &raised);
    fail();
  }

  template <class U>
  Awaiter<U, PromiseBase> await_transform(
      Deferred<U>&& deferred, std::source_location where = std::source_location::current()) {
    return {{deferred, this, where}};
  }
  template <class U>
  ResultAwaiter<U> await_transform(AsResult<U>&& deferred,
                                   std::source_location where = std::source_location::current()) {
    return {{deferred.deferred, this, where}};
  }
  template <class A>
  NotAwaitable await_transform(A&&) {
    static_assert(!isDeferred<std::remove_cvref_t<A>>,
                  "co_await takes the Deferred over: write co_await std::move(deferred)");
    static_assert(isDeferred<std::remove_cvref_t<A>>,
                  "a coroutine that returns a Deferred can co_await only Deferreds");
    return {};
  }

  /// The frame's locals are destroyed after `co_return`, and may drop the chain or add to it: it
  /// has its result only when they are gone.
  void publish() noexcept {
    if (outcome == NodeState::failure) {
      --failing.frames;
      this->setFailure(std::move(raised));
    } else {
      this->arrive(outcome);
    }
  }

  bool resumed = false;
  NodeState outcome = NodeState::pending;
  /// What the last co_await raised, so that it keeps its traceback should it leave the coroutine;
  /// in the end, what the coroutine has failed with.
  Failure raised = Failure::none();

 protected:
  ~PromiseBase() = default;

  /// It has failed with `raised`; a local variable may yet fail, too, as it is destroyed.
  void fail() noexcept {
    if (std::exchange(outcome, NodeState::failure) != NodeState::failure) ++failing.frames;
  }

  template <class P>
  static Node* resume(P* promise) {
    promise->clear(innerBarrier);
    promise->resumed = true;
    std::coroutine_handle<P>::from_promise(*promise).resume();
    // What the run would do next, without the way there.
    if (promise->isJust(NodeState::value, Consumer::owner) && promise->giveToOwner()) {
      std::coroutine_handle<P>::from_promise(*promise).destroy();
      return nullptr;
    }
    return promise->hasResult() ? promise : nullptr;
  }
  template <class P>
  static void destroy(P* promise) noexcept {
    promise->destroyResult();
    dropHandles(promise);
    const auto handle = std::coroutine_handle<P>::from_promise(*promise);
    if (promise->outcome == NodeState::failure) [[unlikely]]
      return destroyFailed(handle);
    handle.destroy();
  }
};

template <class T>
struct Promise final : PromiseBase<T> {
  template <class V = T>
    requires(std::convertible_to<V &&, T>)
  void return_value(V&& value) {
    this->prepareValue(std::forward<V>(value));
    this->outcome = NodeState::value;
  }
  void return_value(Failure failure) noexcept {
    this->raised = std::move(failure);
    this->fail();
  }

  Node* takeAdopted(Node*) override { return this->resume(this); }
  void dispose() noexcept override { this->destroy(this); }
};

template <>
struct Promise<void> final : PromiseBase<void> {
  void return_void() {
    this->prepareValue();
    this->outcome = NodeState::value;
  }

  Node* takeAdopted(Node*) override { return this->resume(this); }
  void dispose() noexcept override { this->destroy(this); }
};

}  // namespace hawser::detail

namespace hawser {

template <class T>
detail::AsResult<T> Deferred<T>::asResult() && {
  return {std::move(*this)};
}

}  // namespace hawser
