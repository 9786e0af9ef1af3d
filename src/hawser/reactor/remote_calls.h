#pragma once

#include <hawser/base/unique_function.h>
#include <hawser/reactor/detail/intrusive_list.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <source_location>
#include <utility>
#include <vector>

namespace hawser {
class Backend;
}

namespace hawser::detail {

class RemoteSlot;

/// A call, and who asked for it.
struct RemoteCall {
  unique_function<void()> call;
  std::source_location where;
};

/// The calls that other threads ask a reactor to make. Shared, so that it may outlive the reactor
/// in the hands of a thread that is not yet done.
class RemoteCalls {
 public:
  explicit RemoteCalls(Backend& backend) noexcept : backend_(&backend) {}

  /// Any thread. Wakes the reactor only if nothing was queued. False, and `call` is untouched, once
  /// the queue is closed.
  bool push(unique_function<void()>& call, std::source_location where);
  /// Any thread. Has the reactor abandon the slot, which takes no memory: it looks through all of
  /// them.
  void forsake(RemoteSlot& slot) noexcept;
  /// Anything queued? May be wrong for an instant while another thread pushes; a wake follows then.
  bool empty() const noexcept { return !filled_.load(std::memory_order_acquire); }
  /// Moves everything queued, in order, to `into`, which is empty and lends its memory.
  /// @returns whether slots have been forsaken, too
  bool takeAll(std::vector<RemoteCall>& into);
  /// Accepts no more; returns what was still queued.
  std::vector<RemoteCall> close();

 private:
  std::mutex mutex_;
  std::vector<RemoteCall> calls_;  // guarded by mutex_
  Backend* backend_;               // guarded by mutex_; null once closed
  bool forsaken_ = false;          // guarded by mutex_
  std::atomic<bool> filled_{false};
};

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
  /// Abandons those slots whose RemoteResolvers had no memory to ask for it.
  static void abandonForsaken(IntrusiveList<RemoteSlot>& slots) noexcept;

 private:
  friend class IntrusiveList<RemoteSlot>;
  friend class RemoteCalls;
  std::atomic<bool> forsaken_{false};
  std::shared_ptr<RemoteSlot> self_;
};

}  // namespace hawser::detail
