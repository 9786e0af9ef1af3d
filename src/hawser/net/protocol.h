#pragma once

#include <hawser/base/failure.h>
#include <hawser/net/detail/shared_self.h>

#include <memory>
#include <string_view>

namespace hawser {

class Transport;

/// One conversation: it gets events about a connection and answers through its transport, and
/// knows no socket. (Twisted's `protocol.Protocol`.)
///
/// Derive from it and override the events. They come on the reactor's thread, one at a time, in
/// this order: `connectionMade` once; `dataReceived` any number of times; `readConnectionLost` at
/// most once; `connectionLost` once, and nothing after it. None is called from inside a call to the
/// transport.
///
/// An event that throws is logged, and its connection is aborted; others go on. `connectionLost`
/// then gets a ConnectionAborted with what was thrown as its cause.
///
/// Protocols live in shared_ptrs. The transport holds its protocol until `connectionLost` has
/// returned, so a protocol that nobody else keeps lives exactly as long as its connection. Use
/// `weak(this)` for what may outlive it (timers, Deferreds: see `bindWeak`), and `shared(this)` for
/// what keeps it.
class Protocol : public detail::SharedSelf<Protocol> {
 public:
  virtual ~Protocol();

  /// Joins the protocol to its transport and calls `connectionMade`. Called by whoever made the
  /// connection; in a test, by the test, with a `testing::StringTransport`. The transport of a
  /// connection lives as long as the protocols that were given it, and so does a StringTransport in
  /// a shared_ptr; any other must outlive the protocol's use of it.
  void makeConnection(Transport& transport);

  /// The connection is there: a good place for a greeting.
  virtual void connectionMade() {}

  /// Bytes arrived: any number above zero, cut anywhere, whatever the peer's writes were. `bytes`
  /// is valid during the call only. (A string_view for convenience; it holds bytes, not
  /// necessarily text.)
  virtual void dataReceived(std::string_view bytes) = 0;

  /// The peer will send no more, but may still read. Unless overridden, this closes the connection
  /// once what is queued has been sent. (Twisted's `IHalfCloseableProtocol`.)
  virtual void readConnectionLost();

  /// What `Transport::loseWriteConnection` asked for is done.
  virtual void writeConnectionLost() {}

  /// The connection is over: `reason` is ConnectionDone (cleanly) or ConnectionLost with its
  /// subclasses (errors.h). The transport lets go of the protocol when this returns.
  virtual void connectionLost(const Failure& reason) { static_cast<void>(reason); }

  /// The connection's other side, also after it was lost.
  /// @throws std::logic_error before `makeConnection`
  Transport& transport() const {
    if (!transport_) [[unlikely]]
      throwNotConnected();
    return *transport_;
  }
  /// Whether there is a connection and it is not closed.
  bool connected() const noexcept;

 protected:
  Protocol() = default;
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;

 private:
  [[noreturn]] static void throwNotConnected();

  Transport* transport_ = nullptr;
  bool holding_ = false;  // `transport_` waits for its `letGo`
};

}  // namespace hawser
