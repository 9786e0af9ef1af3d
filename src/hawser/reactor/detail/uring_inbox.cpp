#include <hawser/reactor/detail/uring_inbox.h>

#include <new>
#include <utility>

namespace hawser::detail {

std::size_t UringInbox::bytes(const UringPool& pool) const noexcept {
  std::size_t sum = kept_.size();
  for (auto buffer = first_; buffer != UringPool::noBuffer; buffer = pool.content(buffer).next)
    sum += pool.content(buffer).bytes;
  return sum;
}

bool UringInbox::keepBuffers(UringPool& pool) noexcept {
  while (first_ != UringPool::noBuffer) {
    try {
      kept_.append(pool.bytes(first_));
    } catch (const std::bad_alloc&) {
      drop(pool);
      return false;
    }
    pool.giveBack(std::exchange(first_, pool.content(first_).next));
  }
  return true;
}

void UringInbox::drop(UringPool& pool) noexcept {
  while (first_ != UringPool::noBuffer)
    pool.giveBack(std::exchange(first_, pool.content(first_).next));
}

}  // namespace hawser::detail
