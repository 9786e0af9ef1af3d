#include <hawser/reactor/detail/uring_pool.h>

namespace hawser::detail {

UringPool::UringPool(Uring& ring, unsigned small, unsigned large)
    : small_(ring, 0, small, smallBytes),
      large_(ring, 1, large, largeBytes),
      contents_(small + large) {}

void UringPool::publish() noexcept {
  small_.publish();
  large_.publish();
}

void UringPool::leak() noexcept {
  small_.leak();
  large_.leak();
}

}  // namespace hawser::detail
