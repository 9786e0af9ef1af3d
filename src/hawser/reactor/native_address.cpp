#include <hawser/reactor/native_address.h>

#include <algorithm>
#include <cstring>

namespace hawser {

NativeAddress::NativeAddress(const sockaddr* address, socklen_t length) noexcept
    : size(std::min<socklen_t>(length, sizeof storage)) {
  std::memcpy(&storage, address, size);
}

}  // namespace hawser
