#include <hawser/reactor/channel.h>

#include <sys/ioctl.h>

namespace hawser {

std::size_t Channel::unread() const noexcept {
  int bytes = 0;
  if (::ioctl(descriptor(), FIONREAD, &bytes) != 0 || bytes < 0) return 0;
  return static_cast<std::size_t>(bytes);
}

std::size_t Channel::trySend(std::string_view) noexcept { return 0; }

}  // namespace hawser
