#pragma once

#include <sys/socket.h>

namespace hawser {

/// A socket's address as system calls take and give it: what backends and `net/` exchange.
///
/// `size` 0 is no address.
struct NativeAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  NativeAddress() noexcept = default;
  /// Copies `length` bytes, at most as many as fit.
  NativeAddress(const sockaddr* address, socklen_t length) noexcept;

  sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const noexcept { return size == 0 ? AF_UNSPEC : storage.ss_family; }
};

}  // namespace hawser
