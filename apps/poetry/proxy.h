#pragma once

#include <poetry/fetch_poem.h>
#include <poetry/program.h>
#include <poetry/proxy_server.h>

#include <chrono>
#include <memory>

namespace poetry {

struct ProxyOptions {
  PoemSource upstream;
  ListenOptions where;
  hawser::Clock::Duration timeToLive = std::chrono::hours(2);
};

/// A factory for the connections of a caching proxy.
std::shared_ptr<ProxyFactory> proxyFactory(hawser::Reactor& reactor, PoemSource upstream,
                                           hawser::Clock::Duration timeToLive);

/// `poetry proxy`: the caching proxy.
hawser::Deferred<int> proxy(hawser::Reactor& reactor, ProxyOptions options);

}  // namespace poetry
