#pragma once

#include <hawser/net/address.h>
#include <hawser/reactor/channel.h>
#include <hawser/reactor/native_address.h>

namespace hawser::detail {

/// An Address as backends and system calls take it; no address becomes an empty one.
NativeAddress toNative(const Address& address) noexcept;

/// No address if `native` is empty or of a family that Address does not know.
Address fromNative(const NativeAddress& native);

/// Where `channel` is, or if the kernel does not tell, `otherwise`.
Address addressOf(const Channel& channel, const Address& otherwise);

/// AF_INET, AF_INET6 or AF_UNIX; AF_UNSPEC for no address.
int nativeFamily(const Address& address) noexcept;

}  // namespace hawser::detail
