#pragma once

#include <hawser/base/durations.h>
#include <hawser/net/connector.h>
#include <hawser/net/datagram_protocol.h>
#include <hawser/net/datagram_transport.h>
#include <hawser/net/factory.h>
#include <hawser/net/port.h>
#include <hawser/net/tcp.h>

#include <cstddef>
#include <memory>
#include <string>

namespace hawser {

class Reactor;

// Connections between processes of one machine. Protocols, factories and transports are those of
// TCP; besides bytes they carry descriptors (Transport::sendFileDescriptor).
//
// An address is the path of a file, or an abstract name: a byte 0 and whatever the processes have
// agreed on, which is no file and vanishes with its server. In endpoint strings and messages an
// abstract name is written with an @ for the byte 0, as `ss` and systemd do; a file that is really
// called so is written ./@name.
//
// All of these throw WrongThreadError, ReactorNotRunning if the reactor has ended, and
// std::invalid_argument if there is no factory or protocol.

/// Listens at a UNIX address; each connection gets a protocol from `factory`. (Twisted's
/// `reactor.listenUNIX`.)
///
/// The file is made with the permissions `mode`, and removed when the port stops, unless somebody
/// has put another in its place. A file that is there already is an error, even if it is a socket
/// that a dead server left: use `wantPID`.
///
/// @param wantPID holds a lock beside the file, `PATH.lock`, which names this process: a second
///     server is refused, and what a dead one left is cleared away. Twisted's servers and clients
///     use the same lock.
/// @throws CannotListenError, and whatever the factory's `startFactory` throws
/// @throws BadAddressError if the path is too long for a socket
std::shared_ptr<Port> listenUNIX(Reactor& reactor, const std::string& address,
                                 std::shared_ptr<Factory> factory, int backlog = defaultBacklog,
                                 unsigned mode = 0666, bool wantPID = false);

/// Connects to a UNIX address, with a factory that hears how it fares. (Twisted's
/// `reactor.connectUNIX`; `UNIXClientEndpoint` gives a Deferred instead.) As `connectTCP`.
///
/// A server whose listen queue is full is tried again until the time is over.
///
/// @param checkPID fails with BadFileError unless a living process holds the lock beside the file
/// @throws BadAddressError if the path is too long for a socket
std::shared_ptr<Connector> connectUNIX(Reactor& reactor, const std::string& address,
                                       std::shared_ptr<ClientFactory> factory,
                                       std::chrono::nanoseconds timeout = std::chrono::seconds(30),
                                       bool checkPID = false);

/// Opens a UNIX address for datagrams, and calls the protocol's `startProtocol`. (Twisted's
/// `reactor.listenUNIXDatagram`.)
///
/// As `listenUDP`, but nothing is lost on the way: where the receiver has no room, datagrams wait
/// (`DatagramTransport::write`). Their longest is what the send buffer holds, about 200 KB; of what
/// is received at most 65,536 bytes. An answer reaches only who has a name himself.
///
/// @param address empty: this port has no name, and can only send
/// @param mode the permissions of the file, which is removed with the port
/// @throws CannotListenError, and whatever `startProtocol` throws: then the port is closed
/// @throws BadAddressError if the path is too long for a socket
std::shared_ptr<DatagramTransport> listenUNIXDatagram(Reactor& reactor, const std::string& address,
                                                      std::shared_ptr<DatagramProtocol> protocol,
                                                      std::size_t maxPacketSize = 65'536,
                                                      unsigned mode = 0666);

/// The same for a client: connected to `address`, with a name of its own if `bindAddress` is one.
/// (Twisted's `reactor.connectUNIXDatagram`.) The protocol's `connectionRefused` tells when the
/// other one is gone.
/// @throws DatagramError if nobody is there
std::shared_ptr<DatagramTransport> connectUNIXDatagram(Reactor& reactor, const std::string& address,
                                                       std::shared_ptr<DatagramProtocol> protocol,
                                                       std::size_t maxPacketSize = 65'536,
                                                       unsigned mode = 0666,
                                                       const std::string& bindAddress = {});

}  // namespace hawser
