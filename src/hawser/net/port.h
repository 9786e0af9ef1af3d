#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/net/address.h>

namespace hawser {

/// Something that listens: each connection made to it gets a protocol from its factory. (Twisted's
/// `IListeningPort`.)
///
/// It listens until `stopListening`, or until its reactor ends, whether or not anybody keeps the
/// shared_ptr to it. Connections that were accepted live on after it.
///
/// When the process or the system has no descriptors or memory left (EMFILE and its like),
/// accepting pauses: this is logged once, clients wait in the listen queue, and the port tries
/// again until it succeeds.
class Port {
 public:
  virtual ~Port();

  /// Where it listens, with the actual port if it was asked to listen on port 0. Remains known
  /// after it has stopped.
  virtual Address getHost() const = 0;

  /// Stops listening; connections that nobody accepted are reset. Fires when the port is closed and
  /// the factory knows; at once if it has been closed already. Cannot fail; cancelling it changes
  /// nothing.
  virtual Deferred<void> stopListening() = 0;

  virtual bool listening() const noexcept = 0;

  /// No connection is accepted until `resumeAccepting`: clients wait in the listen queue, and
  /// beyond that are refused by the kernel. A kind of port that cannot do that goes on.
  virtual void pauseAccepting() {}
  virtual void resumeAccepting() {}

 protected:
  Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
};

}  // namespace hawser
