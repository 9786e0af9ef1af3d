#pragma once

#include <hawser/net/datagram_protocol.h>
#include <hawser/net/datagram_transport.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace hawser {

class Reactor;

/// How to open a port for datagrams.
struct DatagramOptions {
  /// A numeric address of this machine; empty is every IPv4 interface, `::` every interface with
  /// IPv6 (and IPv4, unless the system separates them). To receive multicast, leave it empty.
  std::string interface = {};
  /// Longer datagrams go to `DatagramProtocol::datagramTruncated`. At most, and by default, 65,536:
  /// more than UDP can carry. (Twisted's default of 8,192 saves memory; here all ports of a reactor
  /// share one buffer.)
  std::size_t maxPacketSize = 65'536;
  /// Lets other programs, and other ports of this one, open the same port if they say so too (it
  /// sets SO_REUSEADDR and SO_REUSEPORT, as in Twisted): each gets what is sent to a multicast
  /// group; of what is sent to one host, each sender's datagrams go to one of them.
  bool listenMultiple = false;
};

/// Opens a UDP port for `protocol`, and calls its `startProtocol`. (Twisted's
/// `reactor.listenUDP`.)
///
///     class Echo : public DatagramProtocol {
///       void datagramReceived(std::string_view datagram, const Address& from) override {
///         transport().write(datagram, from);
///       }
///     };
///     auto port = listenUDP(reactor, 9999, std::make_shared<Echo>(), {.interface = "127.0.0.1"});
///
/// A client is the same with port 0, and often `transport().connect(host, port)` in its
/// `startProtocol`.
///
/// @param port 0 takes a free one, which `getHost()` of the result tells
/// @throws CannotListenError, and whatever `startProtocol` throws: then the port is closed
/// @throws std::logic_error if the protocol has a port that is open, or there is none
/// @throws WrongThreadError, ReactorNotRunning if the reactor has ended
std::shared_ptr<DatagramTransport> listenUDP(Reactor& reactor, std::uint16_t port,
                                             std::shared_ptr<DatagramProtocol> protocol,
                                             const DatagramOptions& options = {});

/// The same by another name, for those who look for it: every port can join groups. (Twisted's
/// `reactor.listenMulticast`.)
inline std::shared_ptr<DatagramTransport> listenMulticast(
    Reactor& reactor, std::uint16_t port, std::shared_ptr<DatagramProtocol> protocol,
    const DatagramOptions& options = {}) {
  return listenUDP(reactor, port, std::move(protocol), options);
}

}  // namespace hawser
