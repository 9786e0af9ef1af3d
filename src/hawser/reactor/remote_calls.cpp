#include <hawser/reactor/backend.h>
#include <hawser/reactor/remote_calls.h>

#include <utility>

namespace hawser::detail {

bool RemoteCalls::push(unique_function<void()>& call, std::source_location where) {
  const std::lock_guard lock(mutex_);
  if (!backend_) return false;
  const bool first = calls_.empty();
  calls_.push_back({std::move(call), where});
  if (first) {
    filled_.store(true, std::memory_order_release);
    // Under the lock, so that the backend cannot be closed meanwhile.
    backend_->wake();
  }
  return true;
}

bool RemoteCalls::takeAll(std::vector<RemoteCall>& into) {
  const std::lock_guard lock(mutex_);
  calls_.swap(into);
  filled_.store(false, std::memory_order_relaxed);
  return std::exchange(forsaken_, false);
}

void RemoteCalls::forsake(RemoteSlot& slot) noexcept {
  const std::lock_guard lock(mutex_);
  if (!backend_) return;
  slot.forsaken_ = true;
  forsaken_ = true;
  filled_.store(true, std::memory_order_release);
  backend_->wake();
}

std::vector<RemoteCall> RemoteCalls::close() {
  const std::lock_guard lock(mutex_);
  backend_ = nullptr;
  filled_.store(false, std::memory_order_relaxed);
  return std::exchange(calls_, {});
}

RemoteSlot::~RemoteSlot() = default;

void RemoteSlot::abandonForsaken(IntrusiveList<RemoteSlot>& slots) noexcept {
  IntrusiveList<RemoteSlot> all(std::move(slots));
  while (!all.empty()) {
    RemoteSlot& slot = all.popFront();
    if (!slot.forsaken_) {
      slots.pushBack(slot);
      continue;
    }
    const auto owner = slot.close();
    slot.abandon();
  }
}

}  // namespace hawser::detail
