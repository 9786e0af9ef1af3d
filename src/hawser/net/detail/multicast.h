#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/net/address.h>
#include <hawser/net/detail/option_number.h>
#include <hawser/reactor/channel.h>

#include <cstdint>
#include <string>

namespace hawser::detail {

enum class Membership : std::uint8_t { join, leave };

/// What `DatagramTransport::joinGroup` and `leaveGroup` promise, for a socket on `host`.
Deferred<void> changeMembership(Channel& channel, Membership change, const Address& host,
                                const std::string& group, const std::string& interface);

/// What `DatagramTransport::setOutgoingInterface` promises.
Deferred<void> setMulticastInterface(Channel& channel, const Address& host,
                                     const std::string& interface);

NumberOption multicastLoop(const Address& host) noexcept;
NumberOption multicastHops(const Address& host) noexcept;

}  // namespace hawser::detail
