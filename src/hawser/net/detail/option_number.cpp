#include <hawser/net/detail/option_number.h>

#include <hawser/net/errors.h>

#include <cstddef>
#include <span>

namespace hawser::detail {

void setNumber(Channel& channel, const NumberOption& option, int value) {
  if (const std::error_code error = channel.setOption(option.level, option.name, value))
    throw SocketOptionError(option.text, error.value());
}

int getNumber(const Channel* channel, const NumberOption& option) {
  if (!channel) return 0;
  int value = 0;
  std::size_t size = 0;
  if (const std::error_code error = channel->getOption(
          option.level, option.name, std::as_writable_bytes(std::span(&value, 1)), size))
    throw SocketOptionError(option.text, error.value());
  return value;
}

}  // namespace hawser::detail
