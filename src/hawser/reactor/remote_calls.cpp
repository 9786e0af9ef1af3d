#include <hawser/reactor/backend.h>
#include <hawser/reactor/remote_calls.h>

#include <utility>

namespace hawser::detail {

/// Stands on the empty stack, and is never taken for an item.
struct RemoteCalls::Mark final : RemoteItem {
  constexpr Mark() noexcept : RemoteItem(nullptr, {}) {}
  void arrived(EndedCalls&) override {}
  void dropped() noexcept override {}
};

constinit RemoteCalls::Mark RemoteCalls::waiting;
constinit RemoteCalls::Mark RemoteCalls::closed;

void RemoteCalls::send(std::shared_ptr<RemoteNews> news) noexcept {
  RemoteNews& sent = *news;
  sent.self_ = std::move(news);
  if (!add(sent)) sent.dropped();
}

bool RemoteCalls::add(RemoteItem& item) noexcept {
  RemoteItem* last = last_.load(std::memory_order_relaxed);
  do {
    if (last == &waiting) [[unlikely]]
      return addAndWake(item);
    if (last == &closed) [[unlikely]]
      return false;
    item.next_ = last;
  } while (!last_.compare_exchange_weak(last, &item, std::memory_order_release,
                                        std::memory_order_relaxed));
  return true;
}

// The reactor cannot close this, and go, before the lock is free again.
bool RemoteCalls::addAndWake(RemoteItem& item) noexcept {
  const std::lock_guard lock(wakes_);
  RemoteItem* last = last_.load(std::memory_order_relaxed);
  do {
    if (last == &closed) return false;
    item.next_ = last == &waiting ? nullptr : last;
  } while (!last_.compare_exchange_weak(last, &item, std::memory_order_release,
                                        std::memory_order_relaxed));
  if (last == &waiting) backend_->wake();
  return true;
}

bool RemoteCalls::empty() const noexcept {
  const RemoteItem* const last = last_.load(std::memory_order_relaxed);
  return !last || last == &waiting || last == &closed;
}

bool RemoteCalls::isClosed() const noexcept {
  return last_.load(std::memory_order_relaxed) == &closed;
}

bool RemoteCalls::beginWaiting() noexcept {
  RemoteItem* expected = nullptr;
  return last_.compare_exchange_strong(expected, &waiting, std::memory_order_relaxed) ||
         expected == &waiting;
}

void RemoteCalls::takeAll(RemoteBatch& into) noexcept {
  RemoteItem* last = last_.load(std::memory_order_relaxed);
  if (!last || last == &closed) return;
  last = last_.exchange(nullptr, std::memory_order_acquire);
  if (last != &waiting) into.fill(last);
}

void RemoteCalls::close(RemoteBatch& into) noexcept {
  RemoteItem* last = nullptr;
  {
    const std::lock_guard lock(wakes_);
    backend_ = nullptr;
    last = last_.exchange(&closed, std::memory_order_acquire);
  }
  if (last != &waiting && last != &closed) into.fill(last);
}

RemoteSlot::~RemoteSlot() = default;

}  // namespace hawser::detail
