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
  const auto comesBefore = [](const DemoServer& a, const DemoServer& b) {
    const bool slow = b.fate == DemoServer::Fate::slow;
    return slow && (a.fate != DemoServer::Fate::slow || a.seconds < b.seconds);
  };
  return *std::max_element(stage.servers.begin(), stage.servers.end(), comesBefore);
}

Deferred<Outcome> askLater(Stage& stage, PoemSource proxy, Clock::Duration delay) {
  co_await task::deferLater(stage.reactor, delay);
  co_return co_await ask(stage, std::move(proxy));
}

/// A first client, whose poem must be fetched, and a crowd that asks while it waits. Fires with how
/// they fared, the first one first.
Deferred<std::vector<Outcome>> askInACrowd(Stage& stage, const PoemSource& proxy) {
  std::vector<Deferred<Outcome>> clients;
  clients.push_back(ask(stage, proxy));
  for (std::size_t i = 0; i < crowd; ++i) clients.push_back(askLater(stage, proxy, 300ms));
  // Whatever happens, they all have ended after this: they use the stage, which its owner may take
  // down then.
  std::vector<Result<Outcome>> results = co_await deferredList(std::move(clients), consumeErrors);
  std::vector<Outcome> outcomes;
  for (Result<Outcome>& result : results) outcomes.push_back(std::move(result).value());
  co_return outcomes;
}

/// Tells how the first client and the others fared; whether the proxy did what it is for.
bool report(const Stage& stage, const std::vector<Outcome>& outcomes, const std::string& upstream,
            std::size_t connections) {
  const auto served = static_cast<std::size_t>(
      std::count_if(outcomes.begin() + 1, outcomes.end(),
                    [](const Outcome& outcome) { return static_cast<bool>(outcome.poem); }));
  const Outcome& first = outcomes.front();
  if (first.poem)
    tell("{}  the first client has its poem, {:.2f} s after it asked:\n{}", stage.time(),
         first.seconds, excerpt(*first.poem));
  else
    tell("{}  the first client failed: {}\n", stage.time(), first.poem.failure().getErrorMessage());
  tell("{}  so have {} others. Connections that {} saw for all of them: {}\n", stage.time(), served,
       upstream, connections);
  return first.poem && served == crowd && connections == 1;
}

}  // namespace

Deferred<bool> actProxy(Stage& stage) {
  DemoServer& upstream = slowest(stage);
  const PoemSource source{upstream.name, nameOf(*stage.transformation)};
  const auto proxyPort = listenOnLoopback(stage.reactor, proxyFactory(stage.reactor, source, 2h));
  const PoemSource proxy{nameOf(*proxyPort), {}};
  tell(
      "2. A proxy that remembers\n\n"
      "   {} is the slowest. Now a caching proxy, {}, stands before\n"
      "   it. What the proxy fetches it has transformed by a third server,\n"
      "   {}: \"cummingsify\" is the name of that, lower case the result.\n\n",
      upstream.poem.name, proxy.server.toString(), source.transform->toString());

  tell(
      "{}  the first client asks the proxy, which asks {}; while they wait,\n"
      "           {} others ask the proxy for the same poem\n",
      stage.time(), upstream.poem.name, crowd);
  const std::size_t before = upstream.factory->served();
  const std::vector<Outcome> outcomes = co_await askInACrowd(stage, proxy);
  const std::size_t connections = upstream.factory->served() - before;
  const bool first = report(stage, outcomes, upstream.poem.name, connections);

  const Outcome second = co_await ask(stage, proxy);
  tell("{}  a second client asks, and is served from the cache in {:.4f} s\n", stage.time(),
       second.seconds);
  co_await upstream.port->stopListening();
  const Outcome third = co_await ask(stage, proxy);
  tell("{}  {} is shut down; a third client asks, and is {}\n\n", stage.time(), upstream.poem.name,
       third.poem ? "served, too" : "not served");

  const double slow = outcomes.front().seconds;
  tell(
      "   first client, from upstream                        {:7.4f} s\n"
      "   second client, from the cache                      {:7.4f} s\n"
      "   both, had they asked upstream one after the other  {:7.4f} s\n\n",
      slow, second.seconds, 2 * slow);
  const bool asExpected = first && second.poem && third.poem;
  co_return asExpected;
}

}  // namespace poetry
