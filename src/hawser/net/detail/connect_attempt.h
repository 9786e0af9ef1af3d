#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/net/address.h>
#include <hawser/reactor/operations.h>

namespace hawser {

class Reactor;

namespace detail {

/// Connects a new stream socket to one numeric address.
///
/// Fires in an I/O step of the reactor with the connected channel, on which nothing has been
/// started; or fails with a ConnectError. If the socket could not even be opened it has failed
/// already when this returns. Cancelling closes the socket and fails it with
/// ConnectingCancelledError. A reactor that ends abandons it.
///
/// @param local what to connect from; none: the kernel chooses
[[nodiscard]] Deferred<ChannelPtr> connectChannel(Reactor& reactor, const Address& peer,
                                                  const Address& local = Address());

}  // namespace detail
}  // namespace hawser
