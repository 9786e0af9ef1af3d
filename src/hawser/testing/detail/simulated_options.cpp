#include <hawser/testing/detail/simulated_options.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace hawser::testing::simulated {

namespace {

constexpr std::array<std::pair<int, int>, 19> known{{
    {SOL_SOCKET, SO_REUSEADDR},
    {SOL_SOCKET, SO_REUSEPORT},
    {SOL_SOCKET, SO_KEEPALIVE},
    {SOL_SOCKET, SO_SNDBUF},
    {SOL_SOCKET, SO_RCVBUF},
    {SOL_SOCKET, SO_BROADCAST},
    {IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_TCP, TCP_KEEPIDLE},
    {IPPROTO_TCP, TCP_KEEPINTVL},
    {IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_TCP, TCP_USER_TIMEOUT},
    {IPPROTO_IP, IP_TTL},
    {IPPROTO_IP, IP_TOS},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    {IPPROTO_IPV6, IPV6_TCLASS},
    {IPPROTO_IP, IP_MULTICAST_TTL},
    {IPPROTO_IP, IP_MULTICAST_IF},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS},
    {IPPROTO_IPV6, IPV6_MULTICAST_IF},
}};

}  // namespace

int SimulatedOptions::set(int level, int name, std::span<const std::byte> value) noexcept {
  if (level == SOL_SOCKET && name == SO_LINGER) {
    linger lingering{};
    if (value.size() < sizeof lingering) return EINVAL;
    std::memcpy(&lingering, value.data(), sizeof lingering);
    resetOnClose_ = lingering.l_onoff != 0 && lingering.l_linger == 0;
    return 0;
  }
  if (std::find(known.begin(), known.end(), std::pair<int, int>(level, name)) == known.end())
    return ENOPROTOOPT;
  int number = 0;
  if (value.size() < sizeof number) return EINVAL;
  std::memcpy(&number, value.data(), sizeof number);
  std::erase_if(options_, [&](const Option& o) { return o.level == level && o.name == name; });
  options_.push_back({level, name, number});
  return 0;
}

int SimulatedOptions::get(int level, int name, std::span<std::byte> value,
                          std::size_t& size) const noexcept {
  int number = 0;
  for (const Option& option : options_)
    if (option.level == level && option.name == name) number = option.value;
  size = std::min(value.size(), sizeof number);
  std::memcpy(value.data(), &number, size);
  return 0;
}

}  // namespace hawser::testing::simulated
