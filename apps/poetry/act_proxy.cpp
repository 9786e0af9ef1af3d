#include <poetry/act_proxy.h>
#include <poetry/demo_text.h>
#include <poetry/proxy.h>

#include <hawser/defer/deferred_list.h>
#include <hawser/reactor/task.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace poetry {

using namespace hawser;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t crowd = 20;

DemoServer& slowest(Stage& stage) {
  return *std::max_element(
      stage.servers.begin(), stage.servers.end(),
      [](const DemoServer& a, const DemoServer& b) { return a.seconds < b.seconds; });
}

/// Many clients ask at once. Fires with how many got a poem.
Deferred<std::size_t> askInACrowd(Stage& stage, PoemSource proxy) {
  std::vector<Deferred<Outcome>> others;
  for (std::size_t i = 0; i < crowd; ++i) others.push_back(ask(stage, proxy));
  std::size_t whole = 0;
  for (const Result<Outcome>& outcome : co_await deferredList(std::move(others), consumeErrors))
    whole += outcome.value().poem ? 1 : 0;
  co_return whole;
}

/// A first client whose poem must be fetched, and others who ask meanwhile. Fires with how the
/// first one fared, unless the others did not get theirs.
Deferred<Outcome> fillTheCache(Stage& stage, const DemoServer& upstream, const PoemSource& proxy) {
  const std::size_t before = upstream.factory->served();
  tell(fmt::format("{}  the first client asks the proxy, which asks {}\n", stage.time(),
                   upstream.poem.name));
  Deferred<Outcome> asking = ask(stage, proxy);
  co_await task::deferLater(stage.reactor, 300ms);
  tell(fmt::format("{}  while they wait, {} others ask the proxy for the same poem\n", stage.time(),
                   crowd));
  Deferred<std::size_t> others = askInACrowd(stage, proxy);

  Outcome first = co_await std::move(asking);
  tell(fmt::format("{}  the first client has its poem, {:.2f} s after it asked:\n{}", stage.time(),
                   first.seconds, excerpt(first.poem.value())));
  const std::size_t served = co_await std::move(others);
  const std::size_t connections = upstream.factory->served() - before;
  tell(fmt::format("{}  so have {} others. Connections that {} saw for all of them: {}\n",
                   stage.time(), served, upstream.poem.name, connections));
  if (served != crowd || connections != 1)
    first.poem = Failure(std::logic_error("the proxy did not do what it is for"));
  co_return first;
}

}  // namespace

Deferred<bool> actProxy(Stage& stage) {
  DemoServer& upstream = slowest(stage);
  const PoemSource source{upstream.name, nameOf(*stage.transformation)};
  const auto proxyPort = listenOnLoopback(stage.reactor, proxyFactory(stage.reactor, source, 2h));
  const PoemSource proxy{nameOf(*proxyPort), {}};
  tell(
      fmt::format("2. A proxy that remembers\n\n"
                  "   {} is the slowest. Now a caching proxy, {}, stands before\n"
                  "   it. What the proxy fetches it has transformed by a third server,\n"
                  "   {}: \"cummingsify\" is the name of that, lower case the result.\n\n",
                  upstream.poem.name, proxy.server.toString(), source.transform->toString()));

  const Outcome first = co_await fillTheCache(stage, upstream, proxy);
  const Outcome second = co_await ask(stage, proxy);
  tell(fmt::format("{}  a second client asks, and is served from the cache in {:.4f} s\n",
                   stage.time(), second.seconds));
  co_await upstream.port->stopListening();
  const Outcome third = co_await ask(stage, proxy);
  tell(fmt::format("{}  {} is shut down; a third client asks, and is {}\n\n", stage.time(),
                   upstream.poem.name, third.poem ? "served, too" : "not served"));

  tell(
      fmt::format("   first client, from upstream                        {:7.4f} s\n"
                  "   second client, from the cache                      {:7.4f} s\n"
                  "   both, had they asked upstream one after the other  {:7.4f} s\n\n",
                  first.seconds, second.seconds, 2 * first.seconds));
  co_return first.poem&& second.poem&& third.poem;
}

}  // namespace poetry
