#pragma once

#include <hawser/net/address.h>
#include <hawser/net/detail/shared_self.h>

#include <memory>
#include <string_view>

namespace hawser {

class DatagramTransport;

/// What is said in datagrams: it gets each one that arrives, whole and from whoever sent it, and
/// answers through its transport. (Twisted's `protocol.DatagramProtocol` and
/// `ConnectedDatagramProtocol`.)
///
/// Derive from it and override the events. They come on the reactor's thread, one at a time, in
/// this order: `startProtocol` once; `datagramReceived`, `datagramTruncated` and
/// `connectionRefused` any number of times; `stopProtocol` once, and nothing after it. None is
/// called from inside a call to the transport.
///
/// An event that throws is logged, and the port goes on: a datagram knows nothing of the one before
/// it. Only what `startProtocol` throws ends it, and comes out of `listenUDP`.
///
/// Protocols live in shared_ptrs: `shared(this)` and `weak(this)` give more of them. The port holds
/// its protocol until `stopProtocol` has returned.
class DatagramProtocol : public detail::SharedSelf<DatagramProtocol> {
 public:
  virtual ~DatagramProtocol();

  /// Joins the protocol to its transport and calls `startProtocol`. Called by whoever opened the
  /// port; in a test, by the test. If the transport lives in a shared_ptr the protocol shares it.
  void makeConnection(DatagramTransport& transport);

  /// The port is open: a good place to connect, to join groups, to send the first datagram.
  virtual void startProtocol() {}
  /// The port is closed.
  virtual void stopProtocol() {}

  /// A datagram arrived, all of it; it may be empty. `datagram` is valid during the call only. (A
  /// string_view for convenience; it holds bytes, not necessarily text.)
  ///
  /// @param from who says that he sent it. On UDP anybody may forge this; on UNIX it is no address
  ///     if the sender's socket has no name.
  virtual void datagramReceived(std::string_view datagram, const Address& from) = 0;

  /// A datagram arrived that is longer than the port's `maxPacketSize`; `beginning` is what there
  /// was room for. Unless overridden it is dropped, since half a message looks like a whole one,
  /// and the first of a port is logged.
  virtual void datagramTruncated(std::string_view beginning, const Address& from);

  /// The host that this port is connected to says that nobody listens there. A datagram that was
  /// sent is lost; the port goes on. Only ports that are connected are told.
  virtual void connectionRefused() {}

  /// The way out, also after the port is closed.
  /// @throws std::logic_error before `makeConnection`
  DatagramTransport& transport() const;

 protected:
  DatagramProtocol() = default;
  DatagramProtocol(const DatagramProtocol&) = delete;
  DatagramProtocol& operator=(const DatagramProtocol&) = delete;

 private:
  std::shared_ptr<DatagramTransport> transport_;
  bool complained_ = false;
};

}  // namespace hawser
