#include <hawser/net/socket_options.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace hawser {

namespace {

constexpr auto ipv6 = Address::Family::ipv6;

}  // namespace

SocketOptionName NoDelay::option(Address::Family) noexcept {
  return {IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY"};
}
SocketOptionName KeepAlive::option(Address::Family) noexcept {
  return {SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE"};
}
SocketOptionName KeepAliveIdle::option(Address::Family) noexcept {
  return {IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE"};
}
SocketOptionName KeepAliveInterval::option(Address::Family) noexcept {
  return {IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL"};
}
SocketOptionName KeepAliveProbes::option(Address::Family) noexcept {
  return {IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT"};
}
SocketOptionName UserTimeout::option(Address::Family) noexcept {
  return {IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT"};
}
SocketOptionName SendBufferSize::option(Address::Family) noexcept {
  return {SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF"};
}
SocketOptionName ReceiveBufferSize::option(Address::Family) noexcept {
  return {SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF"};
}
SocketOptionName TimeToLive::option(Address::Family family) noexcept {
  if (family == ipv6) return {IPPROTO_IPV6, IPV6_UNICAST_HOPS, "IPV6_UNICAST_HOPS"};
  return {IPPROTO_IP, IP_TTL, "IP_TTL"};
}
SocketOptionName TypeOfService::option(Address::Family family) noexcept {
  if (family == ipv6) return {IPPROTO_IPV6, IPV6_TCLASS, "IPV6_TCLASS"};
  return {IPPROTO_IP, IP_TOS, "IP_TOS"};
}
SocketOptionName Linger::option(Address::Family) noexcept {
  return {SOL_SOCKET, SO_LINGER, "SO_LINGER", sizeof(linger)};
}

}  // namespace hawser
