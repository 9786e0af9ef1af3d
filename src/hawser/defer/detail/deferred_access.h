#pragma once

#include <hawser/base/result.h>
#include <hawser/defer/deferred_state.h>
#include <hawser/defer/detail/link.h>
#include <hawser/defer/errors.h>

#include <source_location>
#include <utility>

namespace hawser {

template <class T>
class Deferred;
template <class T>
struct DeferredPair;

namespace detail {

/// Gives the machinery (coroutines, lists) what the public face of Deferred hides.
struct DeferredAccess {
  template <class T>
  static Deferred<T> fromNode(NodeOf<T>* tail) noexcept {
    return Deferred<T>(tail);
  }
  template <class T>
  static DeferredPair<T> pair(Source<T>* source) noexcept {
    return {Deferred<T>(source), Resolver<T>(source)};
  }
  template <class T>
  static NodeOf<T>* release(Deferred<T>& deferred, const char* act) {
    return deferred.releaseNode(act);
  }
  /// The value that lies in the Deferred itself, or null.
  template <class T>
  static Stored<T>* inlineValue(Deferred<T>& deferred) noexcept {
    if constexpr (Deferred<T>::fitsInline)
      if (deferred.form_ == Deferred<T>::Form::value) return &deferred.value_;
    return nullptr;
  }
  /// The last node of the Deferred's chain, or null if there is none.
  template <class T>
  static NodeOf<T>* nodeOf(const Deferred<T>& deferred) noexcept {
    return deferred.form_ == Deferred<T>::Form::node ? deferred.node_ : nullptr;
  }
  /// The Deferred gives up its chain, which it is known to have.
  template <class T>
  static void forgetNode(Deferred<T>& deferred) noexcept {
    deferred.form_ = Deferred<T>::Form::empty;
  }
  template <class T>
  static bool isInline(const Deferred<T>& deferred) noexcept {
    return deferred.isInline();
  }
  template <class T>
  static Result<T> takeInline(Deferred<T>& deferred) noexcept {
    return deferred.takeInline();
  }
  template <class T>
  static bool isReady(const Deferred<T>& deferred) noexcept {
    using Form = typename Deferred<T>::Form;
    if (deferred.form_ != Form::node) return deferred.form_ != Form::running;
    const Node* tail = deferred.node_;
    if (!tail->hasResult() && !tail->has(pauseSeen)) [[likely]]
      return false;
    return stateOf(tail) != DeferredState::pending || isPaused(tail);
  }
  template <class T>
  static bool holdsValue(const Deferred<T>& deferred) noexcept {
    return deferred.form_ == Deferred<T>::Form::value;
  }
  template <class T>
  static T takeHeldValue(Deferred<T>& deferred) noexcept {
    if constexpr (std::is_void_v<T>)
      deferred.form_ = Deferred<T>::Form::empty;
    else
      return deferred.takeInlineValue();
  }
  /// The result of a Deferred that is ready, or what keeps it from ever coming.
  template <class T>
  static Result<T> takeNow(Deferred<T>& deferred) {
    if (deferred.isInline()) return deferred.takeInline();
    if (deferred.state() == DeferredState::empty)
      return Failure(EmptyDeferredError("a Deferred that was moved from cannot be waited for"));
    if (isPaused(deferred.node_)) return Failure(PausedError());
    NodeOf<T>* tail = deferred.node_;
    deferred.form_ = Deferred<T>::Form::empty;
    dropHandles(tail);
    const Recycle after{tail};
    return tail->takeResult();
  }
  template <class T>
  static bool waitsForCoroutine(const Deferred<T>& deferred) noexcept {
    return deferred.form_ == Deferred<T>::Form::node && deferred.node_->isCoroutine &&
           !deferred.node_->hasResult();
  }

  /// The same, and the end of the Deferred, before anybody sees the result.
  template <class T>
  static Result<T> takeToEnd(Deferred<T>&& deferred) noexcept {
    Deferred<T> ending(std::move(deferred));
    try {
      return takeNow(ending);
    } catch (...) {
      return Failure::current();
    }
  }

  /// A pending chain with which nothing is rare.
  template <class T>
  static bool isPlain(const Deferred<T>& deferred) noexcept {
    return deferred.form_ == Deferred<T>::Form::node &&
           deferred.node_->isJust(NodeState::pending, Consumer::owner);
  }
  /// What is behind `link` goes on behind `tail`, the end of a plain chain, for which it would do
  /// nothing but wait. False if that would be noticed.
  template <class T>
  [[gnu::always_inline]] static bool splice(Node* link, NodeOf<T>* tail) noexcept {
    if (link->wasReturned || tail->wasReturned || (link->rare & ~boundary) != 0) return false;
    if (link->consumer == Consumer::owner) [[likely]] {
      auto* const deferred = static_cast<Deferred<T>*>(link->owner);
      deferred->node_ = tail;
      tail->owner = deferred;
    } else if (link->consumer == Consumer::next) {
      attach(tail, link->waiter, Consumer::next);
    } else {
      return false;
    }
    // A mere source has no chain before it. One with a callable may become a link: that of a lock's
    // `run` does.
    if (!tail->isSource || tail->callable) tail->set(boundary);
    tail->wasReturned = true;
    tail->returnedBy = link->site;
    return true;
  }

  /// Undoes that, so that the last node has room for handles.
  template <class T>
  [[gnu::noinline]] static NodeOf<T>* unsplice(Deferred<T>& deferred) {
    NodeOf<T>* const tail = deferred.node_;
    if (tail->hasResult()) {
      tail->wasReturned = false;  // a failure knows the place already
      tail->handles = nullptr;
      return tail;
    }
    auto* const link = Link<T, PassBoth<T>>::make(tail->returnedBy);
    tail->wasReturned = false;
    tail->handles = nullptr;
    link->setPauses(tail->pauses);
    tail->setPauses(0);
    if (tail->has(pauseSeen)) link->set(pauseSeen);
    tail->clear(pauseSeen | boundary);
    attach(tail, link, Consumer::adopter);
    link->set(adopting);
    link->owner = &deferred;
    return deferred.node_ = link;
  }

  /// What a handler returned, as the Deferred of the chain behind the handler. A returned chain is
  /// used as it is; only if others hold handles that must not reach further does a node stand
  /// between.
  template <class T>
  static Deferred<T> returned(Deferred<T>&& inner, std::source_location where) {
    if (inner.isInline()) [[likely]]
      return std::move(inner);
    if (inner.form_ == Deferred<T>::Form::node) {
      NodeOf<T>* tail = inner.node_;
      if (!tail->has(handled) && !tail->hasResult() && !tail->has(pauseSeen)) {
        tail->set(boundary);
        return std::move(inner);
      }
    }
    auto* link = Link<T, PassBoth<T>>::make(where);
    Deferred<T> result(link);
    if (link->await(std::move(inner))) run(link);
    return result;
  }
};

}  // namespace detail
}  // namespace hawser
