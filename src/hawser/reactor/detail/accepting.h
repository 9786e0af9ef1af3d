#pragma once

#include <hawser/reactor/channel.h>
#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/native_address.h>
#include <hawser/reactor/operations.h>

#include <cerrno>
#include <new>
#include <utility>

namespace hawser::detail {

// What accepting has in common in all backends whose channels are descriptors.

/// Is this error of accept(2) that of a connection which broke before it was accepted? Then nobody
/// is told ("Error handling" there).
bool brokeBeforeAccept(int error) noexcept;

/// Pauses and tells the handler.
void failAccept(bool& paused, AcceptHandler& handler, int error);

/// Gives the handler the channel that `add()` makes of a connection; fails if there is no memory
/// for it.
template <class Add>
void acceptOne(bool& paused, AcceptHandler& handler, const NativeAddress& peer, Add add) {
  ChannelPtr channel;
  try {
    channel = add();
  } catch (const std::bad_alloc&) {
    return failAccept(paused, handler, ENOMEM);
  }
  callHandler("while handling a new connection",
              [&] { handler.accepted(std::move(channel), peer); });
}

}  // namespace hawser::detail
