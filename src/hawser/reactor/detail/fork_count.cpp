#include <hawser/reactor/detail/fork_count.h>

#include <pthread.h>

#include <atomic>

namespace hawser::detail {

namespace {
constinit std::atomic<unsigned> forks{0};
}

unsigned forkCount() noexcept {
  static const bool counting [[maybe_unused]] = [] {
    ::pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
    return true;
  }();
  return forks.load(std::memory_order_relaxed);
}

}  // namespace hawser::detail
