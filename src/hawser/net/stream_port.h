#pragma once

#include <hawser/defer/async_generator.h>
#include <hawser/defer/deferred.h>
#include <hawser/net/endpoint.h>
#include <hawser/net/port.h>
#include <hawser/net/stream.h>

#include <cstddef>
#include <memory>

namespace hawser {

/// What `listenStreams` gives: a port, and the connections made to it.
struct StreamPort {
  std::shared_ptr<Port> port;
  AsyncGenerator<Stream> incoming;
};

/// Listens, for servers that are coroutines: a loop takes one connection after the other.
///
///     Deferred<void> serveEcho(ServerEndpoint endpoint) {
///       auto [port, incoming] = co_await listenStreams(endpoint);
///       while (std::optional<Stream> stream = co_await incoming.next())
///         echo(std::move(*stream)).addErrback([](const ConnectionClosed&) {});
///     }
///
/// Fires when it listens, fails as `ServerEndpoint::listen` does.
///
/// `incoming` owns the listening: when it is destroyed, or what its `next()` gave is cancelled, the
/// port stops, and connections that nobody has taken are aborted. It ends, after the connections
/// that were accepted already, when `port->stopListening()` is called or the reactor ends. Streams
/// that were taken live on.
///
/// **Limits.** When `maxWaiting` connections wait to be taken, the port pauses until all of them
/// have been: a loop that first waits for a DeferredSemaphore has so many connections and no more.
[[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<StreamPort> listenStreams(
    const ServerEndpoint& endpoint, std::size_t maxWaiting = 64);

}  // namespace hawser
