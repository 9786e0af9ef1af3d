#pragma once

#include <hawser/reactor/detail/intrusive_list.h>

#include <cstdint>

namespace hawser {

/// Something to do once at the end of the turn, however often it was asked for.
///
/// A transport that writes at once makes a system call for each `write`. One that derives from
/// this calls `reactor.afterTurn(*this)` instead, and sends all that was written in the turn from
/// `afterTurn()`. Asking allocates nothing; asking again while it is pending does nothing. It is
/// withdrawn by `withdraw()` and by its destructor.
class AfterTurn : public detail::ListNode {
 public:
  /// Asked for and not yet done?
  bool pending() const noexcept { return linked(); }
  void withdraw() noexcept { unlink(); }

  /// Called in the last step of the turn. What is asked for during that step is done in the next
  /// turn, which does not wait for I/O first.
  virtual void afterTurn() = 0;

 protected:
  AfterTurn() = default;
  ~AfterTurn() = default;
};

namespace detail {
/// A place among what is attached to a reactor.
class AttachedNode : public ListNode {};
}  // namespace detail

/// Something that lives on a reactor and has to end when the reactor does: a connection, a port.
///
/// `reactor.attach(*this)` when it begins to live; it is detached by its destructor, by
/// `detach()`, and by the reactor just before it calls `disconnect()`.
///
/// It is an AfterTurn too, since most are connections, which write at the end of the turn: so they
/// need one table of functions, not two. Who never asks for the end of a turn need not override
/// `afterTurn`.
class Disconnectable : public AfterTurn, public detail::AttachedNode {
 public:
  /// What becomes of it while a reactor that stops lets connections finish (`RunOptions::drain`).
  enum class Draining : std::uint8_t {
    stays,     ///< it is needed still, but nobody waits for its end
    stops,     ///< it takes on new work, and is disconnected at once: a port
    finishes,  ///< its end is waited for: a connection that a port has accepted
  };

  bool attached() const noexcept { return AttachedNode::linked(); }
  void detach() noexcept { AttachedNode::unlink(); }

  void afterTurn() override {}

  virtual Draining draining() const noexcept { return Draining::stays; }

  /// The reactor stops (Twisted's `disconnectAll`): lose the connection, tell the protocol, and let
  /// go of the channel, now. Nothing that is written from here on will be sent.
  virtual void disconnect() = 0;

 protected:
  Disconnectable() = default;
  ~Disconnectable() = default;
};

}  // namespace hawser
