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

void RemoteCalls::takeAll(std::vector<RemoteCall>& into) {
  const std::lock_guard lock(mutex_);
  calls_.swap(into);
  filled_.store(false, std::memory_order_relaxed);
}

std::vector<RemoteCall> RemoteCalls::close() {
  const std::lock_guard lock(mutex_);
  backend_ = nullptr;
  filled_.store(false, std::memory_order_relaxed);
  return std::exchange(calls_, {});
}

RemoteSlot::~RemoteSlot() = default;

}  // namespace hawser::detail
