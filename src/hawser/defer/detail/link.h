#pragma once

#include <hawser/defer/detail/handler_traits.h>
#include <hawser/defer/detail/lanes.h>
#include <hawser/defer/detail/typed_node.h>

#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

namespace hawser::detail {

/// Holds what a handler was called with where that must outlive the call.
template <class T, bool holds>
struct ArgumentStorage {};
template <class T>
struct ArgumentStorage<T, true> {
  union {
    Result<T> argument;
  };
  bool holdsArgument = false;
  ArgumentStorage() noexcept {}
  ~ArgumentStorage() {}
};

/// One step of a chain: takes a result of T, runs the handler of its lane, and has a result of U.
///
/// If the handler returned a Deferred, the link waits for it. While it waits for a coroutine (or
/// the callable says that it wraps what may have started one) it keeps the callable and the
/// argument, which the coroutine may refer to; otherwise both go as soon as the handler has
/// returned.
///
/// The link counts as pending until callable and argument are gone, since their destructors may
/// drop the chain or add to it.
template <class T, class Lanes>
struct Link final : NodeOf<typename Lanes::U>, ArgumentStorage<T, Lanes::storesArgument> {
  using U = typename Lanes::U;
  static constexpr bool takesResult = requires { &Lanes::onResult; };
  static constexpr bool needsDestruction =
      !std::is_trivially_destructible_v<Lanes> || Lanes::storesArgument;

  union {
    Lanes lanes;
  };

  template <class... F>
  explicit Link(std::source_location where,
                F&&... f) noexcept(noexcept(Lanes{std::forward<F>(f)...}))
      : NodeOf<U>(NodeKind::link, sizeof(Link), where), lanes{std::forward<F>(f)...} {
    this->callable = true;
    if constexpr (!takesResult && !needsDestruction) this->skipsFailures = Lanes::passesFailures;
  }

  /// Of the callables of `Lanes`, or of a whole one.
  template <class... F>
  static Link* make(std::source_location where, F&&... f) {
    void* block = poolAllocate(sizeof(Link));
    try {
      return ::new (block) Link(where, std::forward<F>(f)...);
    } catch (...) {
      poolFree(block, sizeof(Link));
      throw;
    }
  }

  Node* take(Node* from) override {
    this->inner = nullptr;
    if constexpr (std::is_same_v<Lanes, PassBoth<U>>) {
      return this;  // only ever adopts
    } else {
      auto* previous = static_cast<NodeOf<T>*>(from);
      if constexpr (takesResult)
        return enterResult([&] { return takenResult(previous); });
      else
        return enterValue([&] { return taken(previous); });
    }
  }

  Node* takeFailed(Node* from) override {
    this->inner = nullptr;
    if constexpr (std::is_same_v<Lanes, PassBoth<U>>) {
      return this;
    } else {
      auto* previous = static_cast<NodeOf<T>*>(from);
      if constexpr (takesResult)
        return enterResult([&] { return takenResult(previous); });
      else
        return enterFailure(takenFailure(previous));
    }
  }

  Node* takeAdopted(Node* from) override {
    auto* previous = static_cast<NodeOf<U>*>(from);
    this->clear(adopting | innerBarrier);
    this->inner = nullptr;
    if (previous->state == NodeState::failure) [[unlikely]]
      return takeAdoptedFailure(previous);
    try {
      this->prepareValue(taken(previous));
    } catch (...) {
      return fail(raisedByHandler(this->site, nullptr));
    }
    return succeed();
  }
  [[gnu::noinline]] Node* takeAdoptedFailure(NodeOf<U>* previous) {
    return pass(takenFailure(previous));
  }

  /// Runs the link on a value that `get` gives, or fails it with what `get` throws.
  template <class Get>
  Node* enterValue(Get get) {
    if constexpr (Lanes::passesValues) {
      return conclude(nullptr, [&]() -> U {
        if constexpr (std::is_void_v<U>)
          get();
        else
          return get();
      });
    } else {
      return conclude(nullptr, [&]() -> decltype(auto) {
        if constexpr (Lanes::storesArgument)
          return lanes.onValue(*std::move(storeValue(get())));
        else
          return lanes.onValue(get());
      });
    }
  }

  Node* enterFailure(Failure&& failure) {
    if constexpr (!Lanes::passesFailures) {
      if (const void* caught = lanes.caught(failure)) {
        if constexpr (Lanes::storesArgument) {
          const Failure original = failure;
          return conclude(&original, [&]() -> decltype(auto) {
            return lanes.onFailure(std::move(store(std::move(failure)).failure()), caught);
          });
        } else if constexpr (Lanes::keepsFailure) {
          return conclude(&failure, [&]() -> decltype(auto) {
            return lanes.onFailure(std::move(failure), caught);
          });
        } else {
          const Failure original = failure;
          return conclude(&original, [&]() -> decltype(auto) {
            return lanes.onFailure(std::move(failure), caught);
          });
        }
      }
    }
    return pass(std::move(failure));
  }

  template <class Get>
  Node* enterResult(Get get) {
    return conclude(nullptr, [&]() -> decltype(auto) {
      if constexpr (Lanes::storesArgument)
        return lanes.onResult(std::move(store(get())));
      else
        return lanes.onResult(get());
    });
  }

  /// Takes the result of what the handler returned, now or later. Null if it is not there yet.
  Node* await(Deferred<U>&& returned) noexcept;
  Node* awaitOther(Deferred<U>&& returned) noexcept;
  Node* awaitReady(Deferred<U>&& returned) noexcept;

  void dispose() noexcept override {
    this->destroyResult();
    dropHandles(this);
    destroyCallable();
    freeBlock();
  }

 private:
  ~Link() {}
  [[gnu::always_inline]] void freeBlock() noexcept { poolFree(this, sizeof(Link)); }

  template <class V>
  static Stored<V> taken(NodeOf<V>* node) {
    const Recycle after{node};
    return node->takeValue();
  }
  template <class V>
  static Failure takenFailure(NodeOf<V>* node) noexcept {
    const Recycle after{node};
    return node->takeFailure();
  }
  template <class V>
  static Result<V> takenResult(NodeOf<V>* node) {
    const Recycle after{node};
    return node->takeResult();
  }

  Result<T>& store(Result<T>&& result) {
    ::new (&this->argument) Result<T>(std::move(result));
    this->holdsArgument = true;
    return this->argument;
  }

  Result<T>& storeValue([[maybe_unused]] Stored<T>&& value) {
    if constexpr (std::is_void_v<T>)
      return store({});
    else
      return store(std::move(value));
  }

  void destroyCallable() noexcept {
    if constexpr (!needsDestruction) return;
    if (!this->callable) return;
    this->callable = false;
    lanes.~Lanes();
    if constexpr (Lanes::storesArgument)
      if (std::exchange(this->holdsArgument, false)) this->argument.~Result<T>();
  }

  template <class Call>
  Node* conclude(const Failure* original, Call call) {
    using R = decltype(call());
    try {
      if constexpr (isDeferred<std::remove_cvref_t<R>>) {
        if constexpr (std::is_void_v<U> && !std::is_void_v<typename R::value_type>)
          return await(call().addCallback([] {}));
        else
          return await(call());
      } else if constexpr (isFailure<R>) {
        return fail(call());
      } else if constexpr (isResult<std::remove_cvref_t<R>>) {
        if (Result<U> result = call())
          this->prepareValue(*std::move(result));
        else
          return fail(std::move(result).failure());
      } else if constexpr (std::is_void_v<R>) {
        call();
        this->prepareValue();
      } else {
        this->prepareValue(call());
      }
    } catch (...) {
      return fail(raisedByHandler(this->site, original));
    }
    return succeed();
  }

  /// The value is in its place.
  Node* succeed() noexcept {
    destroyCallable();
    // What the run would do next, without the way there.
    if (this->isJust(NodeState::pending, Consumer::owner) && this->giveToOwner()) {
      recycle(this);
      return nullptr;
    }
    this->arrive(NodeState::value);
    return this;
  }

  Node* pass(Failure&& failure) noexcept {
    destroyCallable();
    failure.addSite(SiteKind::passed, this->site);
    this->setHeldFailure(std::move(failure));
    return this;
  }

  Node* fail(Failure failure) noexcept {
    destroyCallable();
    this->setFailure(std::move(failure));
    return this;
  }
};

}  // namespace hawser::detail
