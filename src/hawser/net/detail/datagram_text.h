#pragma once

#include <hawser/net/address.h>

#include <string>

namespace hawser::detail {

/// How messages name an address that datagrams go to or come from: `udp:127.0.0.1:53`.
std::string datagramText(const Address& address);

}  // namespace hawser::detail
