#pragma once

#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred.h>
#include <hawser/net/factory.h>
#include <hawser/net/port.h>
#include <hawser/net/tcp.h>

#include <cstdint>
#include <memory>

namespace hawser {

class Reactor;
class ReactorPool;

/// Listens on the same TCP port on every reactor of a pool; the kernel divides the connections
/// among them (SO_REUSEPORT), each for its whole life.
///
/// To be called on the thread of the pool's home, when the pool has started. `makeFactory` is
/// called on each reactor's thread, one after the other, and makes that reactor's own factory;
/// neither that nor its protocols are ever touched by another thread. It is destroyed on home's
/// thread, or one of the reactors'.
///
/// Fires on home's thread with a Port that stands for all of them: its `stopListening` stops all,
/// and fires when all have. With port 0 the first reactor takes a free one, and the others the
/// same.
///
/// **Fails** with what failed on one of them: CannotListenError, ReactorNotRunning, what
/// `makeFactory` or `startFactory` threw. Then none of them listens. Cancelling does the same.
///
/// When the pool stops, or one of its reactors ends, clients that nobody has accepted there are
/// reset, as always when a port closes: the kernel does not hand them to another.
///
/// For UNIX addresses the kernel knows no such thing: there one reactor listens, `listenUNIX` in
/// its `setUp` or by `callOn`.
///
/// @param options `reusePort` is set by this
/// @throws WrongThreadError, ReactorNotRunning before the pool was started
[[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<std::shared_ptr<Port>>
listenTCP(ReactorPool& pool, std::uint16_t port,
          unique_function<std::shared_ptr<Factory>(Reactor&)> makeFactory,
          const ListenOptions& options = {});

}  // namespace hawser
