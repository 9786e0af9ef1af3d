#pragma once

#include <hawser/defer/cancel_handle.h>
#include <hawser/defer/detail/abandonment.h>
#include <hawser/defer/detail/typed_node.h>
#include <hawser/defer/errors.h>

#include <concepts>
#include <cstdint>
#include <source_location>
#include <type_traits>
#include <utility>

namespace hawser {

namespace detail {
struct DeferredAccess;
}

/// The firing end of a Deferred: whoever does the work holds it, and says once how it ended.
///
/// Firing runs the handlers of the Deferred at once, before `callback` or `errback` returns; what
/// they throw goes down their own chain and never comes out here. A second firing throws
/// AlreadyCalledError. After the Deferred was cancelled, one late firing of a Resolver without a
/// canceller passes unnoticed, as in Twisted.
///
/// A Resolver that is destroyed unfired *abandons* its Deferred, which then fails with
/// AbandonedError: nothing waits for ever because somebody forgot. Handlers never run inside that
/// destructor while another handler or a reactor callback runs; they run when the outermost of
/// those returns.
///
/// Move-only. It belongs to the thread that made it: firing or destroying it on another one ends
/// the program with a message that names both places.
template <class T>
class Resolver {
 public:
  /// Stands for no Deferred.
  Resolver() noexcept = default;
  Resolver(Resolver&& other) noexcept : source_(std::exchange(other.source_, nullptr)) {}
  Resolver(const Resolver&) = delete;
  Resolver& operator=(Resolver&& other) noexcept {
    if (this != &other) {
      const Resolver old(std::move(*this));
      source_ = std::exchange(other.source_, nullptr);
    }
    return *this;
  }
  ~Resolver() {
    if (*this) detail::dropResolver(source_);
  }

  /// True until it was fired here or moved away. The Deferred may have been cancelled meanwhile.
  explicit operator bool() const noexcept {
    return reinterpret_cast<std::uintptr_t>(source_) > used;
  }

  /// Keeps the promise: fires the Deferred with a value.
  /// @throws AlreadyCalledError, EmptyDeferredError
  template <class V = detail::Stored<T>>
    requires(!std::is_void_v<T> && std::convertible_to<V &&, detail::Stored<T>>)
  void callback(V&& value, std::source_location where = std::source_location::current()) {
    static_assert(!detail::isFailure<V>, "fire with errback(failure), not callback(failure)");
    if (auto* source = take(where)) {
      try {
        source->prepareValue(std::forward<V>(value));
      } catch (...) {
        source->fired = false;
        source_ = source;
        throw;
      }
      fire(source, where);
    }
  }
  void callback(std::source_location where = std::source_location::current())
    requires std::is_void_v<T>
  {
    if (auto* source = take(where)) {
      source->prepareValue();
      fire(source, where);
    }
  }

  /// Breaks the promise: fires the Deferred with a Failure, or with an exception object as one.
  /// @throws AlreadyCalledError, EmptyDeferredError
  void errback(Failure why, std::source_location where = std::source_location::current()) {
    if (auto* source = take(where)) {
      --source->references;
      detail::failSource(source, std::move(why), where);
    }
  }

  /// Fires with either.
  void fire(Result<T> result, std::source_location where = std::source_location::current()) {
    if (!result)
      errback(std::move(result).failure(), where);
    else if constexpr (std::is_void_v<T>)
      callback(where);
    else
      callback(*std::move(result), where);
  }

  // Misuse: these compile as far as a sentence that says what to write.
  template <std::same_as<Resolver> R>
  Resolver(R& named);
  template <class... V>
  void callback(V&&...);
  template <class E>
    requires(!std::convertible_to<E &&, Failure>)
  void errback(E&& why, std::source_location where = std::source_location::current());

 private:
  template <class U>
  friend class Deferred;
  template <class U, class C>
  friend struct detail::SourceWithCanceller;
  friend struct detail::DeferredAccess;

  /// Takes over one of the source's references.
  explicit Resolver(detail::Source<T>* source) noexcept : source_(source) {}

  /// The source to fire now; null if one late firing is to pass unnoticed.
  detail::Source<T>* take(std::source_location where) {
    if (!*this) {
      if (source_) throw AlreadyCalledError();
      throw EmptyDeferredError("an empty Resolver was fired");
    }
    detail::prepareFiring(source_, "fired", where);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): never followed
    auto* const fired = reinterpret_cast<detail::Source<T>*>(used);
    detail::Source<T>* source = std::exchange(source_, fired);
    if (!source->fired) [[likely]] {
      // Before the value is made: that may run user code, which may cancel.
      source->fired = true;
      return source;
    }
    const bool unnoticed = source->has(detail::suppress);
    source->clear(detail::suppress);
    detail::releaseReference(source);
    if (!unnoticed) throw AlreadyCalledError();
    return nullptr;
  }

  static void fire(detail::Source<T>* source, std::source_location where) {
    // Before the result is there: what the canceller owned may drop or extend the chain.
    if (source->callable) source->dropCanceller();
    --source->references;
    source->arrive(detail::NodeState::value);
    detail::runFired(source, where);
  }

  /// In place of the source once that has been fired.
  static constexpr std::uintptr_t used = 1;

  detail::Source<T>* source_ = nullptr;
};

namespace detail {

template <class T, class Canceller>
void SourceWithCanceller<T, Canceller>::cancelSource(std::source_location where) {
  if (this->fired || this->has(inCanceller)) return;
  // A firing end of its own for the canceller. Should the canceller throw, and the real one be
  // gone, it abandons the Deferred as it goes.
  ++this->references;
  Resolver<T> resolver(this);
  struct Canceling {
    SourceWithCanceller* source;
    explicit Canceling(SourceWithCanceller* self) noexcept : source(self) {
      // What fires meanwhile leaves the canceller alone.
      source->callable = false;
      source->set(inCanceller);
      ++source->references;
    }
    ~Canceling() {
      source->clear(inCanceller);
      source->callable = true;
      if (source->fired) source->dropCanceller();
      releaseReference(source);
    }
  } const canceling(this);
  if constexpr (std::is_invocable_v<Canceller&, Resolver<T>&>)
    canceller(resolver);
  else
    canceller();
  if (!this->fired) failSource(this, Failure(CancelledError(), where), {});
}

}  // namespace detail
}  // namespace hawser
