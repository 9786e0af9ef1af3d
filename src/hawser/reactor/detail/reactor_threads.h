#pragma once

#include <hawser/reactor/reactor.h>
#include <hawser/reactor/remote_calls.h>

#include <memory>
#include <utility>

namespace hawser::detail {

/// What of a reactor those need who wait for threads, or let threads wait.
class ReactorThreads {
 public:
  /// Where what threads have for the reactor goes. Any thread may ask, and keep it.
  static const std::shared_ptr<RemoteCalls>& calls(Reactor& reactor) noexcept {
    return reactor.remoteCalls_;
  }
  /// The handler that runs now, if somebody asked for `reportStalls`; else nothing is known. Any
  /// thread may ask.
  static HandlerMarks::Handler handler(Reactor& reactor) noexcept {
    return reactor.marks_.look().handler;
  }
  /// Tells the reactor of what it has to abandon when it ends; at once if it has ended.
  static void open(Reactor& reactor, RemoteSlot& slot, std::shared_ptr<RemoteSlot> self) noexcept {
    if (reactor.state_ == Reactor::State::ended)
      slot.abandon();
    else
      slot.open(reactor.remoteSlots_, std::move(self));
  }
};

}  // namespace hawser::detail
