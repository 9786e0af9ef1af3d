#include <hawser/net/detail/native.h>

#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace hawser::detail {

namespace {

// memcpy keeps this free of aliasing trouble; the compiler turns it into plain moves.
template <class T>
NativeAddress wrapped(const T& native) noexcept {
  NativeAddress address;
  std::memcpy(&address.storage, &native, sizeof native);
  address.size = sizeof native;
  return address;
}

template <class T>
T unwrapped(const NativeAddress& address) noexcept {
  T native;
  std::memcpy(&native, &address.storage, sizeof native);
  return native;
}

}  // namespace

NativeAddress toNative(const Address& address) noexcept {
  switch (address.family()) {
    case Address::Family::ipv4: {
      sockaddr_in native{};
      native.sin_family = AF_INET;
      native.sin_port = htons(address.port());
      std::memcpy(&native.sin_addr, address.bytes().data(), sizeof native.sin_addr);
      return wrapped(native);
    }
    case Address::Family::ipv6: {
      sockaddr_in6 native{};
      native.sin6_family = AF_INET6;
      native.sin6_port = htons(address.port());
      native.sin6_scope_id = address.scope();
      std::memcpy(&native.sin6_addr, address.bytes().data(), sizeof native.sin6_addr);
      return wrapped(native);
    }
    case Address::Family::local: {
      const std::string_view path = address.path();
      const bool file = !path.empty() && path.front() != '\0';
      sockaddr_un native{};
      native.sun_family = AF_UNIX;
      std::memcpy(native.sun_path, path.data(), path.size());
      NativeAddress wrappedPath = wrapped(native);
      wrappedPath.size =
          static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (file ? 1 : 0));
      return wrappedPath;
    }
    case Address::Family::none:
      break;
  }
  return NativeAddress();
}

Address fromNative(const NativeAddress& native) {
  Address::Bytes bytes{};
  if (native.family() == AF_INET && native.size >= sizeof(sockaddr_in)) {
    const auto ipv4 = unwrapped<sockaddr_in>(native);
    std::memcpy(bytes.data(), &ipv4.sin_addr, sizeof ipv4.sin_addr);
    return Address(Address::Family::ipv4, bytes, ntohs(ipv4.sin_port));
  }
  if (native.family() == AF_INET6 && native.size >= sizeof(sockaddr_in6)) {
    const auto ipv6 = unwrapped<sockaddr_in6>(native);
    std::memcpy(bytes.data(), &ipv6.sin6_addr, sizeof ipv6.sin6_addr);
    return Address(Address::Family::ipv6, bytes, ntohs(ipv6.sin6_port), ipv6.sin6_scope_id);
  }
  if (native.family() == AF_UNIX) {
    constexpr std::size_t start = offsetof(sockaddr_un, sun_path);
    const auto local = unwrapped<sockaddr_un>(native);
    std::string_view path(local.sun_path, native.size - std::min<std::size_t>(native.size, start));
    if (!path.starts_with('\0')) path = path.substr(0, path.find('\0'));
    return Address::fromPath(path.substr(0, 107));
  }
  return Address();
}

Address addressOf(const Channel& channel, const Address& otherwise) {
  const NativeAddress address = channel.localAddress();
  return address.size == 0 ? otherwise : fromNative(address);
}

int nativeFamily(const Address& address) noexcept {
  switch (address.family()) {
    case Address::Family::ipv4:
      return AF_INET;
    case Address::Family::ipv6:
      return AF_INET6;
    case Address::Family::local:
      return AF_UNIX;
    case Address::Family::none:
      break;
  }
  return AF_UNSPEC;
}

}  // namespace hawser::detail
