#include <hawser/net/detail/datagram_text.h>

#include <string_view>

namespace hawser::detail {

std::string datagramText(const Address& address) {
  constexpr std::string_view tcp = "tcp:";
  std::string text = address.toString();
  if (text.starts_with(tcp)) text.replace(0, tcp.size(), "udp:");
  return text;
}

}  // namespace hawser::detail
