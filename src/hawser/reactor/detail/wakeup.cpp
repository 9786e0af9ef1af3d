#include <hawser/reactor/detail/wakeup.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace hawser::detail {

Wakeup::Wakeup() : eventfd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!eventfd_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Wakeup::wake() noexcept {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, after 2^64 writes, and then it is awake anyway.
  static_cast<void>(!::write(eventfd_.get(), &one, sizeof one));
}

void Wakeup::clear() noexcept {
  std::uint64_t count = 0;
  // Fails only if there is nothing to clear.
  static_cast<void>(!::read(eventfd_.get(), &count, sizeof count));
}

}  // namespace hawser::detail
