#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/net/address.h>

#include <cstdint>
#include <string>
#include <vector>

namespace hawser {

class Reactor;

/// The addresses of a host, best first, each with `port`; never an empty list.
///
/// Numeric addresses, `localhost` and the names in /etc/hosts are known at once: the Deferred has
/// fired when this returns. Other names are looked up as `getaddrinfo(3)` does, in a thread of a
/// small group that serves the whole process, so the reactor never waits; the Deferred fires in the
/// first step of a turn.
///
/// Fails with DNSLookupError, which has the name and the reason. Cancelling fails it at once with
/// CancelledError; the thread cannot be interrupted, its answer is thrown away. So is it when the
/// reactor ends first (then: AbandonedError). At most 1,024 lookups wait for a thread; one more
/// fails at once.
[[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<std::vector<Address>>
lookupHost(Reactor& reactor, const std::string& name, std::uint16_t port);

}  // namespace hawser
