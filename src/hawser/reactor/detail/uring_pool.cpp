#include <hawser/reactor/detail/uring_pool.h>

namespace hawser::detail {

UringPool::UringPool(Uring& ring, unsigned small, unsigned large)
    : small_(ring, 0, small, smallBytes),
      large_(ring, 1, large, largeBytes),
      contents_(small + large) {}

std::span<const std::byte> UringPool::bytes(std::uint16_t number) const noexcept {
  const std::byte* const start =
      number < small_.count() ? small_.data(number) : large_.data(number - small_.count());
  return {start, contents_[number].bytes};
}

void UringPool::giveBack(std::uint16_t number) noexcept {
  if (number < small_.count())
    small_.giveBack(number);
  else
    large_.giveBack(number - small_.count());
}

void UringPool::publish() noexcept {
  small_.publish();
  large_.publish();
}

void UringPool::leak() noexcept {
  small_.leak();
  large_.leak();
}

}  // namespace hawser::detail
