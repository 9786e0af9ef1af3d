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

/// A call, and who asked for it.
struct RemoteCall {
  unique_function<void()> call;
  std::source_location where;
};

/// Something that another thread has for a reactor: a result, or a wish. Sending it takes no
/// memory, so it cannot fail for want of it.
class RemoteNews : private ListNode {
 public:
  explicit RemoteNews(std::source_location where) noexcept : where_(where) {}
  virtual ~RemoteNews();

  /// On the reactor's thread, in the step of the calls of other threads.
  virtual void arrive() = 0;
  /// Instead of that, if the reactor ends first. On the reactor's thread or the sender's.
  virtual void lost() noexcept = 0;

  std::source_location where() const noexcept { return where_; }
  /// What kept it while it was under way.
  [[nodiscard]] std::shared_ptr<RemoteNews> take() noexcept { return std::move(self_); }

 private:
  friend class IntrusiveList<RemoteNews>;
  friend class RemoteCalls;
  std::shared_ptr<RemoteNews> self_;
  std::source_location where_;
};

/// The calls that other threads ask a reactor to make. Shared, so that it may outlive the reactor
/// in the hands of a thread that is not yet done.
class RemoteCalls {
 public:
  explicit RemoteCalls(Backend& backend) noexcept : backend_(&backend) {}

  /// Any thread. Wakes the reactor only if nothing was queued. False, and `call` is untouched, once
  /// the queue is closed.
  bool push(unique_function<void()>& call, std::source_location where);
  /// Any thread. News are told after the calls that were pushed before them. Once the queue is
  /// closed they are lost.
  void send(std::shared_ptr<RemoteNews> news) noexcept;
  /// Anything queued? May be wrong for an instant while another thread pushes; a wake follows then.
  bool empty() const noexcept { return !filled_.load(std::memory_order_acquire); }
  /// Moves everything queued, in order, to `into`, which is empty and lends its memory, and `news`.
  void takeAll(std::vector<RemoteCall>& into, IntrusiveList<RemoteNews>& news);
  /// Accepts no more; what was still queued is moved as by `takeAll`.
  void close(std::vector<RemoteCall>& into, IntrusiveList<RemoteNews>& news);

 private:
  void wake() noexcept;

  std::mutex mutex_;
  std::vector<RemoteCall> calls_;   // guarded by mutex_
  IntrusiveList<RemoteNews> news_;  // guarded by mutex_
  Backend* backend_;                // guarded by mutex_; null once closed
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

 private:
  friend class IntrusiveList<RemoteSlot>;
  std::shared_ptr<RemoteSlot> self_;
};

}  // namespace hawser::detail
