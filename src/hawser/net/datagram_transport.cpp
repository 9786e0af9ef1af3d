#include <hawser/net/datagram_transport.h>

#include <hawser/net/errors.h>

namespace hawser {

DatagramTransport::~DatagramTransport() = default;

void DatagramTransport::connect(const std::string& host, std::uint16_t port) {
  const auto peer = Address::fromNumericHost(host, port);
  if (!peer)
    throw BadAddressError(host, 0, "expected a numeric address; a name must be looked up first");
  connect(*peer);
}

}  // namespace hawser
