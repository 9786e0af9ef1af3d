#pragma once

#include <hawser/base/result.h>
#include <hawser/defer/detail/listing.h>
#include <hawser/defer/detail/node.h>

#include <cstddef>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

namespace hawser {

template <class T>
class Resolver;

namespace detail {

/// A node whose result is a T or a Failure.
template <class T>
struct NodeOf : Node {
  using Value = Stored<T>;
  static_assert(alignof(Value) <= alignof(std::max_align_t),
                "a Deferred cannot carry an over-aligned type: put it into a std::unique_ptr");

  union {
    Value storedValue;
  };

  NodeOf(NodeKind nodeKind, std::size_t bytes, std::source_location where) noexcept
      : Node(nodeKind, bytes, where) {}

  template <class... Args>
  void setValue(Args&&... args) {
    prepareValue(std::forward<Args>(args)...);
    arrive(NodeState::value);
  }
  /// The value is in its place, but the node still counts as pending: for when user code (the
  /// destructors of captures and locals) has to run before the chain may go on.
  template <class... Args>
  void prepareValue(Args&&... args) {
    ::new (&storedValue) Value(std::forward<Args>(args)...);
  }
  void setResult(Result<T>&& result) {
    if (result)
      setValue(*std::move(result));
    else
      setFailure(std::move(result).failure());
  }
  // Once a result has been taken, all that may follow is `recycle`.
  Value takeValue() {
    if constexpr (std::is_trivially_copyable_v<Value>) {
      return storedValue;
    } else {
      struct Destroy {
        Value& value;
        ~Destroy() { value.~Value(); }
      } const destroy{storedValue};
      return std::move(storedValue);
    }
  }
  Result<T> takeResult() {
    if (state == NodeState::failure) return takeFailure();
    if constexpr (std::is_void_v<T>)
      return {};
    else
      return takeValue();
  }
  void destroyResult() noexcept {
    if (state == NodeState::value) {
      state = NodeState::pending;
      storedValue.~Value();
    } else if (state == NodeState::failure) {
      const Failure gone = takeFailure();
    }
  }

  /// Sources: ends what they hold. False if the block is still needed, which the last reference
  /// frees then.
  bool letGo() noexcept {
    destroyResult();
    dropHandles(this);
    if (references != 0) state = NodeState::taken;
    return references == 0;
  }

  // Sources wait for nobody, coroutines never within their own chain.
  Node* take(Node*) override { return nullptr; }
  Node* takeAdopted(Node*) override { return nullptr; }
  void settle() noexcept override;
  /// The same for a value, if nothing is rare: true if it lies in the owner now, and only freeing
  /// is left to do.
  bool giveToOwner() noexcept;
  /// Of what `settle` does: the rare part.
  void keepForOwner() noexcept;

 protected:
  ~NodeOf() {}
};

/// A chain's first node: fired by a Resolver, or made with its result to hold it for a Deferred.
template <class T>
struct Source : NodeOf<T> {
  explicit Source(std::source_location where, std::uint8_t resolvers,
                  std::size_t bytes = sizeof(Source)) noexcept
      : NodeOf<T>(NodeKind::source, bytes, where) {
    this->thread = &runState;
    this->references = resolvers;
  }

  static Source* make(std::source_location where, std::uint8_t resolvers = 0) {
    return makeSource(sizeof(Source),
                      [=](void* at) noexcept { return ::new (at) Source(where, resolvers); });
  }

  void dispose() noexcept override {
    if (!this->letGo()) return;
    this->dropCanceller();
    freeBlock();
  }

 protected:
  virtual void freeBlock() noexcept { freeSource(this, sizeof(Source)); }
  ~Source() {}
};

/// A source with what to do when the chain is cancelled before it has fired.
template <class T, class Canceller>
struct SourceWithCanceller final : Source<T> {
  union {
    Canceller canceller;
  };

  template <class C>
  SourceWithCanceller(C&& act, std::source_location where)
      : Source<T>(where, 1, sizeof(SourceWithCanceller)), canceller(std::forward<C>(act)) {
    this->callable = true;
  }

  template <class C>
  static SourceWithCanceller* make(C&& act, std::source_location where) {
    return makeSource(sizeof(SourceWithCanceller), [&](void* at) {
      return ::new (at) SourceWithCanceller(std::forward<C>(act), where);
    });
  }

  void dropCanceller() noexcept override {
    if (!this->callable) return;
    this->callable = false;
    canceller.~Canceller();
  }

  void cancelSource(std::source_location where) override;

 private:
  void freeBlock() noexcept override { freeSource(this, sizeof(SourceWithCanceller)); }
  ~SourceWithCanceller() {}
};

}  // namespace detail
}  // namespace hawser
