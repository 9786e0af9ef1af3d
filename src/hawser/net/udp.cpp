#include <hawser/net/udp.h>

#include <hawser/net/detail/datagram_port.h>
#include <hawser/net/detail/user_code.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/reactor.h>

#include <fmt/format.h>

#include <utility>

namespace hawser {

std::shared_ptr<DatagramTransport> listenUDP(Reactor& reactor, std::uint16_t port,
                                             std::shared_ptr<DatagramProtocol> protocol,
                                             const DatagramOptions& options) {
  detail::checkUsable(reactor, "listenUDP");
  protocol = detail::given(std::move(protocol), "listenUDP: there is no protocol");
  const auto address = options.interface.empty()
                           ? Address::any(Address::Family::ipv4, port)
                           : Address::fromNumericHost(options.interface, port);
  if (!address)
    throw CannotListenError(fmt::format("udp:{}:interface={}", port, options.interface),
                            "an interface is given by its numeric address");
  return detail::DatagramPort::open(reactor, *address, std::move(protocol), options);
}

}  // namespace hawser
