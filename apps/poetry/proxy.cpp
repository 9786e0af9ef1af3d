#include <poetry/proxy.h>

#include <hawser/base/logging.h>

#include <fmt/format.h>

#include <utility>

namespace poetry {

using namespace hawser;

std::shared_ptr<ProxyFactory> proxyFactory(Reactor& reactor, PoemSource upstream,
                                           Clock::Duration timeToLive) {
  auto fetch = [&reactor, upstream = std::move(upstream)] {
    return fetchPoem(reactor, upstream).addErrback([upstream](Failure why) {
      logging::warn(fmt::format("no poem from upstream {}: {}", upstream.server.toString(),
                                why.getErrorMessage()));
      return why;  // to all who wait for it
    });
  };
  auto cache = std::make_shared<PoemCache>(reactor, timeToLive, std::move(fetch));
  return std::make_shared<ProxyFactory>(std::move(cache));
}

Deferred<int> proxy(Reactor& reactor, ProxyOptions options) {
  return serveUntilStopped(reactor, std::move(options.where),
                           proxyFactory(reactor, std::move(options.upstream), options.timeToLive));
}

}  // namespace poetry
