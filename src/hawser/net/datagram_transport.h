#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/net/address.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hawser {

class Reactor;

/// A port for datagrams as its protocol sees it: datagrams out, and whom to talk with. (Twisted's
/// `IUDPTransport`, `IMulticastTransport` and `IUNIXDatagramTransport`, and the `IListeningPort` of
/// all three.) Datagrams come in through the protocol's events (datagram_protocol.h).
///
/// It is open until `stopListening`, or until its reactor ends, whether or not anybody keeps the
/// shared_ptr to it. Afterwards every function is still safe to call: writing does nothing, and the
/// addresses remain known.
///
/// Everything here returns at once and belongs to the reactor's thread. Nothing here calls the
/// protocol back before it returns.
class DatagramTransport : public std::enable_shared_from_this<DatagramTransport> {
 public:
  virtual ~DatagramTransport();

  /// Sends one datagram, which may be empty, to `to`. The kernel takes it inside this call.
  ///
  /// If the kernel has no room (EAGAIN, ENOBUFS) the datagram waits here, in its order, and is
  /// tried again every millisecond; at most 256 KiB wait. That it was sent says nothing about its
  /// arrival: networks lose datagrams, and so do receivers whose buffer is full.
  ///
  /// @throws MessageLengthError if it is too long for the network: more than 65,507 bytes over
  ///     IPv4, 65,527 over IPv6, the send buffer over UNIX
  /// @throws DatagramQueueFullError if too much waits already; this datagram is dropped
  /// @throws DatagramError if the kernel refuses it: no route to there (ENETUNREACH), broadcasting
  ///     without `setBroadcastAllowed` (EACCES), on UNIX nobody there (ECONNREFUSED, ENOENT), ...
  /// @throws std::logic_error if the port is connected to somebody else
  virtual void write(std::string_view datagram, const Address& to) = 0;
  /// The same, to the one that this port is connected to.
  /// @throws std::logic_error if it is not connected
  virtual void write(std::string_view datagram) = 0;

  /// From now on datagrams go to `peer` and are received from `peer` only; and the protocol's
  /// `connectionRefused` tells if nobody listens there. Nothing is sent by this.
  /// @throws DatagramError if the kernel refuses it
  /// @throws std::logic_error if the port is connected already
  virtual void connect(const Address& peer) = 0;
  /// `host` is numeric: looking up a name takes time (`lookupHost`).
  /// @throws BadAddressError if it is none
  void connect(const std::string& host, std::uint16_t port);

  /// Where it listens, with the actual port if it was asked to listen on port 0.
  virtual Address getHost() const = 0;
  /// The one that it is connected to; none if it is not.
  virtual Address getPeer() const = 0;

  /// Closes the port: nothing more is received, and what waits to be sent is dropped. Fires when
  /// the protocol's `stopProtocol` has returned, in a later step; at once if that has been already.
  /// Cannot fail; cancelling it changes nothing.
  virtual Deferred<void> stopListening() = 0;
  /// False once `stopListening` was called.
  virtual bool listening() const noexcept = 0;

  /// How many bytes wait for room in the kernel, counting 64 for each datagram besides.
  virtual std::size_t queuedBytes() const noexcept = 0;
  /// The reactor whose thread this belongs to.
  virtual Reactor& reactor() const = 0;

  // Broadcasting and multicast. Setters throw SocketOptionError if the kernel refuses.

  /// SO_BROADCAST: whether broadcast addresses may be written to.
  virtual void setBroadcastAllowed(bool allowed) = 0;
  virtual bool getBroadcastAllowed() const = 0;

  /// Receives, from now on, what is sent to `group`, a numeric multicast address of this port's
  /// family. Several ports of one machine can share a group: `DatagramOptions::listenMultiple`.
  ///
  /// @param interface on which network: the name of an interface, or a numeric IPv4 address that it
  ///     has; empty: the kernel chooses
  /// @returns fires at once, or fails with MulticastJoinError. (A Deferred as in Twisted, where
  ///     names are looked up.)
  virtual Deferred<void> joinGroup(const std::string& group, const std::string& interface = {}) = 0;
  virtual Deferred<void> leaveGroup(const std::string& group,
                                    const std::string& interface = {}) = 0;

  /// The network through which multicast datagrams leave; `interface` as for `joinGroup`.
  virtual Deferred<void> setOutgoingInterface(const std::string& interface) = 0;
  /// As it was set; empty if the kernel chooses.
  virtual std::string getOutgoingInterface() const = 0;

  /// Whether multicast datagrams that are sent here are also delivered on this machine. Yes by
  /// default.
  virtual void setLoopbackMode(bool on) = 0;
  virtual bool getLoopbackMode() const = 0;

  /// How many networks a multicast datagram may cross, 0 to 255. 1 by default: it stays in this
  /// one.
  virtual void setTTL(int networks) = 0;
  virtual int getTTL() const = 0;

 protected:
  DatagramTransport() = default;
  DatagramTransport(const DatagramTransport&) = delete;
  DatagramTransport& operator=(const DatagramTransport&) = delete;
};

}  // namespace hawser
