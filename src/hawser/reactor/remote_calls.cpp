#include <hawser/reactor/backend.h>
#include <hawser/reactor/remote_calls.h>

#include <utility>

namespace hawser::detail {

bool RemoteCalls::push(unique_function<void()>& call, std::source_location where) {
  const std::lock_guard lock(mutex_);
  if (!backend_) return false;
  const bool first = calls_.empty() && news_.empty();
  calls_.push_back({std::move(call), where});
  // Under the lock, so that the backend cannot be closed meanwhile.
  if (first) wake();
  return true;
}

void RemoteCalls::send(std::shared_ptr<RemoteNews> news) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (backend_) {
      const bool first = calls_.empty() && news_.empty();
      RemoteNews& sent = *news;
      news_.pushBack(sent);
      sent.self_ = std::move(news);
      if (first) wake();
      return;
    }
  }
  news->lost();
}

void RemoteCalls::wake() noexcept {
  filled_.store(true, std::memory_order_release);
  backend_->wake();
}

void RemoteCalls::takeAll(std::vector<RemoteCall>& into, IntrusiveList<RemoteNews>& news) {
  const std::lock_guard lock(mutex_);
  calls_.swap(into);
  news.take(news_);
  filled_.store(false, std::memory_order_relaxed);
}

void RemoteCalls::close(std::vector<RemoteCall>& into, IntrusiveList<RemoteNews>& news) {
  {
    const std::lock_guard lock(mutex_);
    backend_ = nullptr;
  }
  takeAll(into, news);
}

RemoteNews::~RemoteNews() = default;

RemoteSlot::~RemoteSlot() = default;

}  // namespace hawser::detail
