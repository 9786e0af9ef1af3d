#pragma once

#include <hawser/base/result.h>
#include <hawser/defer/deferred.h>
#include <hawser/reactor/reactor.h>

#include <concepts>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace hawser {

/// The firing end of a Deferred for another thread.
///
/// A chain belongs to one thread, and so does its Resolver. `reactor.remote(std::move(resolver))`
/// leaves the Resolver with its reactor and gives this in exchange, which may go to any thread:
///
///     auto [deferred, resolver] = makeDeferred<int>();
///     std::thread([remote = reactor.remote(std::move(resolver))]() mutable {
///       remote.callback(expensiveSum());
///     }).detach();
///
/// Firing sends the result to the reactor's thread, as `callFromThread` does, where the chain runs
/// in the first step of a turn. Destroying it unfired abandons the Deferred there. Neither takes
/// memory, so neither can fail for want of it. If the reactor ends first, the Deferred is abandoned
/// then, and what is fired later is dropped.
///
/// Move-only. One thread at a time may use it; it may outlive the reactor.
template <class T>
class RemoteResolver {
 public:
  RemoteResolver() noexcept = default;
  RemoteResolver(RemoteResolver&& other) noexcept
      : calls_(std::move(other.calls_)),
        slot_(std::move(other.slot_)),
        used_(std::exchange(other.used_, false)) {}
  RemoteResolver& operator=(RemoteResolver&& other) noexcept {
    if (this != &other) {
      abandon();
      calls_ = std::move(other.calls_);
      slot_ = std::move(other.slot_);
      where_ = other.where_;
      used_ = std::exchange(other.used_, false);
    }
    return *this;
  }
  ~RemoteResolver() { abandon(); }

  /// True until it was fired or moved away.
  explicit operator bool() const noexcept { return slot_ != nullptr; }

  /// The value is made here and moved to the reactor's thread.
  /// @throws AlreadyCalledError, EmptyDeferredError
  template <class V = T>
    requires(!std::is_void_v<T> && std::convertible_to<V &&, T>)
  void callback(V&& value) {
    fire(Result<T>(T(std::forward<V>(value))));
  }
  void callback()
    requires std::is_void_v<T>
  {
    fire(Result<void>());
  }
  void errback(Failure why) { fire(Result<T>(std::move(why))); }

  void fire(Result<T> result) {
    if (!slot_) {
      if (used_) throw AlreadyCalledError();
      throw EmptyDeferredError("an empty RemoteResolver was fired");
    }
    slot_->result = std::move(result);
    calls_->send(std::move(slot_));
    used_ = true;
  }

 private:
  friend class Reactor;

  /// As news: what it was fired with, or that nobody will fire it. Both must arrive even if there
  /// is no memory left.
  struct Slot final : detail::RemoteNews, detail::RemoteSlot {
    Slot(Resolver<T> held, std::source_location where) noexcept
        : RemoteNews(where, threadsCall), resolver(std::move(held)) {}
    void arrive() override {
      const auto owner = close();
      if (!result) return abandon();
      Resolver<T> fired = std::move(resolver);
      if (fired) fired.fire(*std::move(result));
    }
    void lost() noexcept override {}
    void abandon() noexcept override { const Resolver<T> abandoned = std::move(resolver); }
    Resolver<T> resolver;
    std::optional<Result<T>> result;
  };

  RemoteResolver(std::shared_ptr<detail::RemoteCalls> calls, std::shared_ptr<Slot> slot,
                 std::source_location where) noexcept
      : calls_(std::move(calls)), slot_(std::move(slot)), where_(where) {}

  void abandon() noexcept {
    if (slot_) calls_->send(std::move(slot_));
  }

  std::shared_ptr<detail::RemoteCalls> calls_;
  std::shared_ptr<Slot> slot_;
  std::source_location where_;
  bool used_ = false;
};

template <class T>
RemoteResolver<T> Reactor::remote(Resolver<T> resolver, std::source_location where) {
  checkThread("remote");
  if (!resolver) throw EmptyDeferredError("Reactor::remote: an empty Resolver was given");
  auto slot = std::make_shared<typename RemoteResolver<T>::Slot>(std::move(resolver), where);
  if (state_ == State::ended)
    slot->abandon();
  else
    slot->open(remoteSlots_, slot);
  return RemoteResolver<T>(remoteCalls_, std::move(slot), where);
}

}  // namespace hawser
