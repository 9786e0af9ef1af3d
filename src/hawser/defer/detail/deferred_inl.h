#pragma once

#include <hawser/defer/deferred.h>

#include <new>
#include <utility>

namespace hawser {

namespace detail {

template <class T>
inline bool NodeOf<T>::giveToOwner() noexcept {
  if constexpr (Deferred<T>::fitsInline) {
    auto* deferred = static_cast<Deferred<T>*>(owner);
    ::new (&deferred->value_) Value(std::move(storedValue));
    deferred->form_ = Deferred<T>::Form::value;
    storedValue.~Value();
    return true;
  }
  return false;
}

template <class T>
void NodeOf<T>::settle() noexcept {
  if (isJust(NodeState::value, Consumer::owner) && giveToOwner()) [[likely]]
    return recycle(this);
  if (has(pauseSeen) && pauses == 0) {
    clear(pauseSeen);
    return settle();
  }
  if (!isJust(NodeState::failure, Consumer::owner)) return keepForOwner();
  auto* deferred = static_cast<Deferred<T>*>(owner);
  ::new (&deferred->failure_) Failure(takeFailure());
  deferred->form_ = Deferred<T>::Form::failure;
  recycle(this);
}

template <class T>
void NodeOf<T>::keepForOwner() noexcept {
  if (state == NodeState::failure)
    set(marked);
  else
    clear(marked);
  if (!isCoroutine) return;
  // The result leaves the frame, so that the coroutine's parameters need not wait for whoever
  // takes it. Without the memory for that they do.
  Source<T>* rest = nullptr;
  try {
    rest = Source<T>::make(site);
    rest->fired = true;
    if (state == NodeState::value)
      rest->setValue(std::move(storedValue));
    else
      rest->setFailure(takeFailure());
  } catch (...) {
    if (rest) {
      rest->dispose();
      destroyResult();
      setFailure(Failure::current());
      set(marked);
    }
    return;
  }
  if (has(marked)) rest->set(marked);
  rest->setPauses(pauses);
  if (has(detail::pauseSeen)) rest->set(detail::pauseSeen);
  rest->owner = owner;
  static_cast<Deferred<T>*>(owner)->node_ = rest;
  moveHandles(this, rest);
  // What the end of the value and of the frame may touch is `rest`.
  destroyResult();
  recycle(this);
}

template <class T, class Lanes>
[[gnu::always_inline]] inline Node* Link<T, Lanes>::await(Deferred<U>&& returned) noexcept {
  if (!Lanes::keeps && DeferredAccess::isPlain(returned) &&
      !DeferredAccess::nodeOf(returned)->isCoroutine) [[likely]] {
    // Before anything waits, since destroying captures may fire what is to be waited for.
    destroyCallable();
    if (!needsDestruction || DeferredAccess::isPlain(returned)) {
      NodeOf<U>* const tail = DeferredAccess::nodeOf(returned);
      if (!waitsFor(tail, this)) [[likely]] {
        DeferredAccess::forgetNode(returned);
        if (DeferredAccess::splice(this, tail) || adopt(this, tail, false)) freeBlock();
        return nullptr;
      }
    }
  }
  return awaitOther(std::move(returned));
}

template <class T, class Lanes>
[[gnu::noinline]] Node* Link<T, Lanes>::awaitOther(Deferred<U>&& returned) noexcept {
  if (DeferredAccess::isReady(returned)) return awaitReady(std::move(returned));
  const bool keep = Lanes::keeps || DeferredAccess::waitsForCoroutine(returned);
  if (!keep && needsDestruction) {
    // Before anything waits, since destroying captures may fire what is to be waited for.
    destroyCallable();
    if (DeferredAccess::isReady(returned)) return awaitReady(std::move(returned));
  }
  Node* tail;
  try {
    tail = DeferredAccess::release(returned, "waited for");
  } catch (...) {
    return fail(Failure::current());
  }
  // A coroutine in the circle may be the handler's own. It still needs what this link holds, so
  // such a circle is not ended.
  if (waitsFor(tail, this) && !(keep && passesCoroutine(tail, this))) [[unlikely]] {
    detach(tail);
    return fail(Failure(SelfWaitError(), this->site));
  }
  if (adopt(this, tail, keep)) freeBlock();
  return nullptr;
}

template <class T, class Lanes>
Node* Link<T, Lanes>::awaitReady(Deferred<U>&& returned) noexcept {
  Deferred<U> ready(std::move(returned));
  destroyCallable();
  // The Deferred ends before anybody can see the result: its end may run user code.
  Failure failure = Failure::none();
  {
    Result<U> result = DeferredAccess::takeToEnd(std::move(ready));
    if (result) {
      try {
        this->prepareValue(*std::move(result));
      } catch (...) {
        failure = Failure::current();
      }
    } else {
      return fail(std::move(result).failure());
    }
  }
  if (failure) return fail(std::move(failure));
  this->state = NodeState::value;
  return this;
}

}  // namespace detail

template <class T>
template <class V>
  requires(std::same_as<std::remove_cvref_t<V>, detail::Stored<T>>)
Deferred<T>::Deferred(V&& value, [[maybe_unused]] std::source_location made) {
  if constexpr (fitsInline) {
    ::new (&value_) Value(std::forward<V>(value));
    form_ = Form::value;
  } else {
    auto* source = detail::Source<T>::make(made);
    source->fired = true;
    try {
      source->setValue(std::forward<V>(value));
    } catch (...) {
      source->dispose();
      throw;
    }
    source->owner = this;
    node_ = source;
    form_ = Form::node;
  }
}

template <class T>
Deferred<T>::Deferred(Failure failure) noexcept
    : failure_(failure ? std::move(failure) : detail::madeOfNothing({})), form_(Form::failure) {}

template <class T>
Deferred<T>::Deferred(Result<T> result, std::source_location made) : form_(Form::empty) {
  if (!result) {
    Deferred failed(std::move(result).failure());
    takeFrom(failed);
  } else {
    Deferred ready(Value(*std::move(result)), made);
    takeFrom(ready);
  }
}

template <class T>
[[gnu::always_inline]] inline void Deferred<T>::takeFrom(Deferred& other) noexcept {
  form_ = other.form_;
  if (form_ == Form::node) {
    node_ = other.node_;
    node_->owner = this;
    other.form_ = Form::empty;
  } else if (form_ != Form::empty) {
    other.form_ = Form::empty;
    takeValueFrom(other);
  }
}

template <class T>
void Deferred<T>::takeValueFrom(Deferred& other) noexcept {
  if (form_ == Form::value) {
    ::new (&value_) InlineValue(std::move(other.value_));
    other.value_.~InlineValue();
  } else if (form_ == Form::failure) {
    ::new (&failure_) Failure(std::move(other.failure_));
    other.failure_.~Failure();
  } else {
    run_ = other.run_;
    run_->self = this;
  }
}

template <class T>
[[gnu::always_inline]] inline Deferred<T>::Deferred(Deferred&& other) noexcept {
  takeFrom(other);
}

template <class T>
Deferred<T>& Deferred<T>::operator=(Deferred&& other) noexcept {
  if (this != &other) {
    // What this held goes last, since its end may run user code that looks at this object.
    Deferred old(std::move(*this));
    takeFrom(other);
  }
  return *this;
}

template <class T>
[[gnu::always_inline]] inline Deferred<T>::~Deferred() {
  if (form_ == Form::empty) return;
  if constexpr (std::is_trivially_destructible_v<InlineValue>)
    if (form_ == Form::value) return;
  clear();
}

template <class T>
void Deferred<T>::clear() noexcept {
  switch (std::exchange(form_, Form::empty)) {
    case Form::value:
      value_.~InlineValue();
      break;
    case Form::failure: {
      const Failure failure = std::move(failure_);
      failure_.~Failure();
      detail::reportUnhandled(failure);
      break;
    }
    case Form::node:
      detail::detach(node_);
      break;
    case Form::running:
      run_->self = nullptr;
      break;
    case Form::empty:
      break;
  }
}

template <class T>
detail::Stored<T> Deferred<T>::takeInlineValue() noexcept {
  form_ = Form::empty;
  if constexpr (!fitsInline) {
    __builtin_unreachable();
  } else {
    struct Destroy {
      InlineValue& value;
      ~Destroy() { value.~InlineValue(); }
    } const destroy{value_};
    return std::move(value_);
  }
}

template <class T>
Result<T> Deferred<T>::takeInline() noexcept {
  if (form_ == Form::failure) {
    form_ = Form::empty;
    Failure failure = std::move(failure_);
    failure_.~Failure();
    return failure;
  }
  if constexpr (std::is_void_v<T>) {
    form_ = Form::empty;
    return {};
  } else {
    return takeInlineValue();
  }
}

template <class T>
[[gnu::always_inline]] inline detail::NodeOf<T>* Deferred<T>::node(const char* act,
                                                                   std::source_location where) {
  return form_ == Form::node ? node_ : makeNode(act, where);
}

template <class T>
detail::NodeOf<T>* Deferred<T>::makeNode(const char* act, std::source_location where) {
  switch (form_) {
    case Form::running: {
      // A handler reaches for the Deferred it runs on: what it adds waits for its own result.
      if (!run_->node) {
        run_->node = detail::Link<T, detail::PassBoth<T>>::make(where);
        InlineRun* const run = run_;
        node_ = run->node;
        node_->owner = this;
        form_ = Form::node;
      }
      return node_;
    }
    case Form::value:
    case Form::failure: {
      auto* rest = detail::Source<T>::make(where);
      rest->fired = true;
      if (form_ == Form::failure) rest->set(detail::marked);
      rest->setResult(takeInline());
      rest->owner = this;
      node_ = rest;
      form_ = Form::node;
      return rest;
    }
    case Form::node:
    case Form::empty:
      break;
  }
  throw EmptyDeferredError(act);
}

template <class T>
detail::NodeOf<T>* Deferred<T>::releaseNode(const char* act) {
  detail::NodeOf<T>* result = node(act, {});
  form_ = Form::empty;
  return result;
}

template <class T>
void Deferred<T>::cancel(std::source_location where) {
  if (form_ == Form::empty) throw EmptyDeferredError("cancel() of a Deferred that was moved from");
  if (form_ == Form::node) detail::cancelChain(node_, where);
}

template <class T>
CancelHandle Deferred<T>::cancelHandle(std::source_location where) {
  detail::NodeOf<T>* tail = node("cancelHandle() of a Deferred that was moved from", where);
  if (tail->wasReturned) tail = detail::DeferredAccess::unsplice(*this);
  return CancelHandle(detail::makeHandle(tail));
}

template <class T>
void Deferred<T>::pause(std::source_location where) {
  detail::pauseChain(node("pause() of a Deferred that was moved from", where));
}

template <class T>
void Deferred<T>::unpause() {
  detail::unpauseChain(node("unpause() of a Deferred that was moved from", {}));
}

template <class T>
[[gnu::always_inline]] inline DeferredPair<T> makeDeferred(std::source_location made) {
  return detail::DeferredAccess::pair(detail::listed(detail::Source<T>::make(made, 1)));
}

template <class T, class Canceller>
  requires(!std::same_as<std::remove_cvref_t<Canceller>, std::source_location>)
DeferredPair<T> makeDeferred(Canceller canceller, std::source_location made) {
  static_assert(std::is_invocable_v<Canceller&, Resolver<T>&> || std::is_invocable_v<Canceller&>,
                "a canceller takes a Resolver<T>& or nothing");
  return detail::DeferredAccess::pair<T>(
      detail::listed(detail::SourceWithCanceller<T, Canceller>::make(std::move(canceller), made)));
}

inline Deferred<void> succeed() { return Deferred<void>(detail::Unit{}); }

}  // namespace hawser
