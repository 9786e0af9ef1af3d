#include <poetry/output.h>
#include <poetry/program.h>

#include <hawser/defer/maybe_deferred.h>
#include <hawser/net/host_lookup.h>
#include <hawser/net/tcp.h>
#include <hawser/reactor/task.h>

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace poetry {

using namespace hawser;

int runProgram(std::string_view name, unique_function<Deferred<int>(Reactor&)> main) {
  return task::react([name, main = std::move(main)](Reactor& reactor) mutable {
    return maybeDeferred(main, reactor).addErrback([name](Failure why) -> Result<int> {
      // After a signal: react knows the exit status.
      if (why.check<CancelledError, AbandonedError>()) return why;
      complain(name, why.getErrorMessage());
      return 1;
    });
  });
}

Deferred<std::shared_ptr<Port>> listen(Reactor& reactor, ListenOptions where,
                                       std::shared_ptr<Factory> factory) {
  const std::vector<Address> addresses = co_await lookupHost(reactor, where.interface, where.port);
  co_return listenTCP(reactor, where.port, std::move(factory), defaultBacklog,
                      addresses.front().host());
}

Deferred<int> serveUntilStopped(Reactor& reactor, ListenOptions where,
                                std::shared_ptr<Factory> factory) {
  const std::shared_ptr<Port> port = co_await listen(reactor, std::move(where), std::move(factory));
  writeOut(fmt::format("listening on {}\n", port->getHost().toString()));
  // Nobody fires this. What a signal does to a program's main is to cancel what it waits for: for a
  // server that is the proper end.
  auto [stopped, never] =
      makeDeferred<int>([](Resolver<int>& cancelled) { cancelled.callback(0); });
  co_return co_await std::move(stopped);
}

}  // namespace poetry
