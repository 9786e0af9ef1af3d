#pragma once

#include <hawser/base/unique_function.h>
#include <hawser/reactor/detail/call_memory.h>
#include <hawser/reactor/detail/intrusive_list.h>
#include <hawser/reactor/detail/remote_item.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

namespace hawser {
class Backend;
}

namespace hawser::detail {

/// The calls that other threads ask a reactor to make, and the news that they have for it. Shared,
/// so that it may outlive the reactor in the hands of a thread that is not yet done.
///
/// A stack that needs no lock: whoever posts puts an item on top, the reactor takes all of it at
/// once and turns it round. A reactor that is about to wait puts a mark there. Only who finds the
/// mark need wake it: one that is awake looks again before it waits.
class RemoteCalls {
 public:
  explicit RemoteCalls(Backend& backend) noexcept : backend_(&backend) {}
  RemoteCalls(const RemoteCalls&) = delete;
  RemoteCalls& operator=(const RemoteCalls&) = delete;

  // Any thread. Once this is closed what is given is dropped.

  /// @throws std::bad_alloc, or what moving `call` throws; nothing is queued then
  template <class F>
  void post(F call, std::source_location where);
  void send(std::shared_ptr<RemoteNews> news) noexcept;

  // The reactor's thread.

  bool empty() const noexcept;
  bool isClosed() const noexcept;
  /// From now on who posts will wake the backend, until `takeAll`. False if something is queued
  /// already: then there is nothing to wait for.
  [[nodiscard]] bool beginWaiting() noexcept;
  /// Moves everything queued to `into`, which is empty.
  void takeAll(RemoteBatch& into) noexcept;
  /// Accepts no more; what was still queued is moved as by `takeAll`.
  void close(RemoteBatch& into) noexcept;

 private:
  template <class F>
  class Call;
  struct Mark;

  static Mark waiting;
  static Mark closed;

  /// False if this is closed. Does not touch this any more once the reactor can have the item,
  /// since that may be all that it was waiting for to end.
  bool add(RemoteItem& item) noexcept;
  bool addAndWake(RemoteItem& item) noexcept;

  // What was posted last, or null; or a mark instead of null.
  alignas(64) std::atomic<RemoteItem*> last_{nullptr};
  alignas(64) std::mutex wakes_;  // held while the backend is woken
  Backend* backend_;              // guarded by wakes_; null once closed
};

/// A call, in one block with what is called.
template <class F>
class RemoteCalls::Call final : public RemoteItem {
 public:
  Call(F&& call, std::source_location where, CallChunk* chunk)
      : RemoteItem(threadsCall, where), chunk_(chunk), call_(std::move(call)) {}

  void arrived(EndedCalls& ended) override {
    const Owner owner(this, &ended);
    static_cast<void>(call_());
  }
  void dropped() noexcept override { const Owner owner(this, nullptr); }

 private:
  struct Owner {
    Owner(Call* owned, EndedCalls* counter) noexcept : call(owned), ended(counter) {}
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    ~Owner() {
      CallChunk* const chunk = call->chunk_;
      call->~Call();
      if (chunk && ended)
        ended->add(*chunk);
      else
        CallChunk::free(call, chunk);
    }
    Call* call;
    EndedCalls* ended;
  };

  CallChunk* chunk_;  // null: the call has a block of its own
  F call_;
};

template <class F>
void RemoteCalls::post(F call, std::source_location where) {
  if constexpr (alignof(F) > alignof(std::max_align_t)) {
    post(unique_function<void()>(std::move(call)), where);
  } else {
    CallChunk* chunk = nullptr;
    void* const memory = CallChunk::allocate(sizeof(Call<F>), alignof(Call<F>), chunk);
    Call<F>* made = nullptr;
    if constexpr (std::is_nothrow_move_constructible_v<F>) {
      made = ::new (memory) Call<F>(std::move(call), where, chunk);
    } else {
      try {
        made = ::new (memory) Call<F>(std::move(call), where, chunk);
      } catch (...) {
        CallChunk::free(memory, chunk);
        throw;
      }
    }
    if (!add(*made)) made->dropped();
  }
}

/// A Resolver that stays on the reactor's thread while a RemoteResolver stands for it elsewhere.
///
/// The reactor knows every slot that is open, and keeps it alive, so that it can abandon on its own
/// thread those that nobody fired in time. Closed slots hold nothing: the last reference may go on
/// any thread.
class RemoteSlot : private ListNode {
 public:
  RemoteSlot() = default;
  virtual ~RemoteSlot();

  void open(IntrusiveList<RemoteSlot>& slots, std::shared_ptr<RemoteSlot> self) noexcept {
    slots.pushBack(*this);
    self_ = std::move(self);
  }
  /// Leaves the reactor, which was the one owner for sure: keep what this returns while in use.
  [[nodiscard]] std::shared_ptr<RemoteSlot> close() noexcept {
    unlink();
    return std::move(self_);
  }
  /// Destroys the Resolver. On the reactor's thread.
  virtual void abandon() noexcept = 0;

 private:
  friend class IntrusiveList<RemoteSlot>;
  std::shared_ptr<RemoteSlot> self_;
};

}  // namespace hawser::detail
