#include <hawser/net/detail/multicast.h>

#include <hawser/net/errors.h>

#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

namespace hawser::detail {

namespace {

bool isIpv6(const Address& host) noexcept { return host.family() == Address::Family::ipv6; }

template <class T>
T fromBytes(const Address& address) noexcept {
  T native;
  static_assert(sizeof native <= sizeof(Address::Bytes));
  std::memcpy(&native, address.bytes().data(), sizeof native);
  return native;
}

/// An interface as IPv4 wants to be told: by its address, or by its number.
std::optional<ip_mreqn> ipv4Interface(const std::string& text) {
  ip_mreqn request{};
  if (text.empty()) return request;
  const auto address = Address::fromNumericHost(text, 0);
  if (address && address->family() == Address::Family::ipv4)
    request.imr_address = fromBytes<in_addr>(*address);
  else
    request.imr_ifindex = static_cast<int>(::if_nametoindex(text.c_str()));
  if (!address && request.imr_ifindex == 0) return std::nullopt;
  return request;
}

std::optional<unsigned> ipv6Interface(const std::string& text) {
  if (text.empty()) return 0;
  const unsigned number = ::if_nametoindex(text.c_str());
  if (number == 0) return std::nullopt;
  return number;
}

template <class T>
std::error_code set(Channel& channel, int level, int name, const T& value) {
  return channel.setOption(level, name, std::as_bytes(std::span(&value, 1)));
}

}  // namespace

Deferred<void> changeMembership(Channel& channel, Membership change, const Address& host,
                                const std::string& group, const std::string& interface) {
  const bool join = change == Membership::join;
  const auto fail = [&](std::string_view problem) -> Deferred<void> {
    return Failure(MulticastJoinError(group, join, problem));
  };
  const auto address = Address::fromNumericHost(group, 0);
  if (!address || address->family() != host.family())
    return fail(isIpv6(host) ? "expected a numeric IPv6 group" : "expected a numeric IPv4 group");
  std::error_code error;
  if (isIpv6(host)) {
    const auto number = ipv6Interface(interface);
    if (!number) return fail(fmt::format("there is no interface \"{}\"", interface));
    const unsigned scope = address->scope();
    const ipv6_mreq request{fromBytes<in6_addr>(*address), interface.empty() ? scope : *number};
    error = set(channel, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, request);
  } else {
    auto request = ipv4Interface(interface);
    if (!request) return fail(fmt::format("there is no interface \"{}\"", interface));
    request->imr_multiaddr = fromBytes<in_addr>(*address);
    error = set(channel, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, *request);
  }
  if (error) return fail(errorText(error.value()));
  return succeed();
}

Deferred<void> setMulticastInterface(Channel& channel, const Address& host,
                                     const std::string& interface) {
  std::error_code error = std::make_error_code(std::errc::no_such_device);
  const char* const name = isIpv6(host) ? "IPV6_MULTICAST_IF" : "IP_MULTICAST_IF";
  if (isIpv6(host)) {
    if (const auto number = ipv6Interface(interface))
      error = set(channel, IPPROTO_IPV6, IPV6_MULTICAST_IF, *number);
  } else if (const auto request = ipv4Interface(interface)) {
    error = set(channel, IPPROTO_IP, IP_MULTICAST_IF, *request);
  }
  if (error) return Failure(SocketOptionError(name, error.value()));
  return succeed();
}

NumberOption multicastLoop(const Address& host) noexcept {
  if (isIpv6(host)) return {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, "IPV6_MULTICAST_LOOP"};
  return {IPPROTO_IP, IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP"};
}

NumberOption multicastHops(const Address& host) noexcept {
  if (isIpv6(host)) return {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, "IPV6_MULTICAST_HOPS"};
  return {IPPROTO_IP, IP_MULTICAST_TTL, "IP_MULTICAST_TTL"};
}

}  // namespace hawser::detail
