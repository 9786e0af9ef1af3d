#include <poetry/demo.h>
#include <poetry/demo_servers.h>
#include <poetry/demo_text.h>
#include <poetry/fetch_poem.h>
#include <poetry/output.h>
#include <poetry/poem_file.h>
#include <poetry/proxy.h>
#include <poetry/transform_server.h>

#include <hawser/defer/deferred_list.h>
#include <hawser/reactor/task.h>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

namespace poetry {

using namespace hawser;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t shownLines = 4;
constexpr std::size_t crowd = 20;

template <class... Args>
void tell(fmt::format_string<Args...> text, Args&&... args) {
  writeOut(fmt::format(text, std::forward<Args>(args)...));
}

/// How asking one server for its poem went.
struct Outcome {
  Result<std::string> poem;
  double seconds;
};

/// What the acts of the story have in common.
struct Stage {
  Reactor& reactor;
  Clock::TimePoint began;
  std::vector<DemoServer> servers;
  std::shared_ptr<Port> transformation;
  double oneAfterTheOther = 0;

  double secondsSince(Clock::TimePoint then) const {
    return std::chrono::duration<double>(reactor.now() - then).count();
  }
  double time() const { return secondsSince(began); }
};

/// Fetches a poem and measures how long that takes. Never fails.
Deferred<Outcome> ask(Stage& stage, PoemSource source, OnPiece onPiece = {}) {
  const Clock::TimePoint asked = stage.reactor.now();
  Result<std::string> poem =
      co_await fetchPoem(stage.reactor, std::move(source), std::move(onPiece)).asResult();
  if (!poem && poem.failure().check<CancelledError>()) poem.failure().raise();
  co_return Outcome{std::move(poem), stage.secondsSince(asked)};
}

// --- Act 1: many servers at once --------------------------------------------------------------

/// Asks one server, telling each piece as it comes.
Deferred<Outcome> watch(Stage& stage, const DemoServer& server) {
  std::string soFar;
  OnPiece onPiece = [&stage, &server, &soFar](std::string_view piece) {
    soFar += piece;
    tell("  {:5.2f} s  {:<14.14} {} {:>5} B  {}\n", stage.time(), server.poem.name,
         bar(soFar.size(), server.poem.text.size()), soFar.size(), lastWords(soFar));
  };
  PoemSource source{server.name, {}};
  Outcome outcome = co_await ask(stage, std::move(source), std::move(onPiece));
  if (outcome.poem)
    tell("  {:5.2f} s  {:<14.14} is whole:\n{}", stage.time(), server.poem.name,
         excerpt(*outcome.poem, shownLines));
  else
    tell("  {:5.2f} s  {:<14.14} failed: {}\n", stage.time(), server.poem.name,
         outcome.poem.failure().getErrorMessage());
  co_return outcome;
}

/// The results in a table; whether they are what each server's fate makes of them.
bool report(Stage& stage, const std::vector<Result<Outcome>>& outcomes) {
  bool asExpected = true;
  tell("\n   server          result                        seconds\n");
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const DemoServer& server = stage.servers[i];
    const Outcome& outcome = outcomes[i].value();
    const std::string result = outcome.poem
                                   ? fmt::format("whole, {} bytes", outcome.poem->size())
                                   : "failed, as it had to";
    tell("   {:<14.14}  {:<28}  {:7.2f}\n", server.poem.name, result, outcome.seconds);
    stage.oneAfterTheOther += outcome.seconds;
    const bool shouldCome = server.fate == DemoServer::Fate::slow;
    asExpected = asExpected && (outcome.poem ? shouldCome && *outcome.poem == server.poem.text
                                             : !shouldCome);
  }
  return asExpected;
}

Deferred<bool> manyAtOnce(Stage& stage) {
  tell("1. Many servers at once\n\n"
       "   Here are {} servers, each of them slow in its own way:\n\n",
       stage.servers.size());
  for (const DemoServer& server : stage.servers)
    tell("   {:<14.14} {:<22} {}\n", server.poem.name, server.name.toString(), server.prospect());
  tell("\n   One client asks all of them at the same time, and does not wait for anybody: each\n"
       "   answer is a Deferred, a value that does not exist yet. Whoever sends something is heard.\n\n");

  const Clock::TimePoint asked = stage.reactor.now();
  std::vector<Deferred<Outcome>> poems;
  for (const DemoServer& server : stage.servers) poems.push_back(watch(stage, server));
  const auto outcomes = co_await deferredList(std::move(poems), consumeErrors);
  const double allAtOnce = stage.secondsSince(asked);

  const bool asExpected = report(stage, outcomes);
  tell("\n   One after the other that would be {:.2f} s. All at once it took {:.2f} s: as long as the\n"
       "   slowest. The two that failed did so on their own, and cost the others nothing. What came\n"
       "   from torn-page was half a poem; the reset of its connection is what kept it from being\n"
       "   taken for a whole one.\n\n",
       stage.oneAfterTheOther, allAtOnce);
  co_return asExpected;
}

// --- Act 2: a proxy ---------------------------------------------------------------------------

DemoServer& slowest(Stage& stage) {
  DemoServer* found = &stage.servers.front();
  for (DemoServer& server : stage.servers)
    if (server.fate == DemoServer::Fate::slow && server.seconds > found->seconds) found = &server;
  return *found;
}

/// Many clients ask while none of them can have an answer yet. Fires with how many got one.
Deferred<std::size_t> askInACrowd(Stage& stage, PoemSource proxy) {
  std::vector<Deferred<Outcome>> others;
  for (std::size_t i = 0; i < crowd; ++i) others.push_back(ask(stage, proxy));
  const auto outcomes = co_await deferredList(std::move(others), consumeErrors);
  std::size_t whole = 0;
  for (const Result<Outcome>& outcome : outcomes) whole += outcome.value().poem ? 1 : 0;
  co_return whole;
}

Deferred<bool> throughAProxy(Stage& stage) {
  DemoServer& upstream = slowest(stage);
  const std::size_t before = upstream.factory->served();
  PoemSource source{upstream.name, nameOf(*stage.transformation)};
  const auto proxyPort = listenOnLoopback(stage.reactor, proxyFactory(stage.reactor, source, 2h));
  const PoemSource proxy{nameOf(*proxyPort), {}};

  tell("2. A proxy that remembers\n\n"
       "   {0} is the slowest. Now a caching proxy ({1}) stands before it. What it\n"
       "   fetches it has transformed by a third server ({2}): \"cummingsify\" is the name\n"
       "   of that, and it means lower case.\n\n"
       "   The first client asks the proxy, which asks {0}. While they wait, {3} others ask\n"
       "   for the same poem.\n\n",
       upstream.poem.name, proxy.server.toString(), source.transform->toString(), crowd);

  Deferred<Outcome> asking = ask(stage, proxy);
  co_await task::deferLater(stage.reactor, 300ms);
  Deferred<std::size_t> others = askInACrowd(stage, proxy);
  const Outcome first = co_await std::move(asking);
  const std::size_t served = co_await std::move(others);
  tell("  {:5.2f} s  the first client has its poem, after {:.2f} s:\n{}", stage.time(), first.seconds,
       excerpt(first.poem.value(), shownLines));
  const std::size_t connections = upstream.factory->served() - before;
  tell("  {:5.2f} s  so have {} others. Connections that {} saw for all of them: {}\n", stage.time(),
       served, upstream.poem.name, connections);

  const Outcome second = co_await ask(stage, proxy);
  tell("  {:5.2f} s  a second client asks, and is served from the cache in {:.4f} s\n", stage.time(),
       second.seconds);

  co_await upstream.port->stopListening();
  const Outcome third = co_await ask(stage, proxy);
  tell("  {:5.2f} s  {} is shut down; a third client asks: {}\n\n", stage.time(), upstream.poem.name,
       third.poem ? "served, too" : third.poem.failure().getErrorMessage());

  tell("   first client, from upstream                      {:8.4f} s\n"
       "   second client, from the cache                    {:8.4f} s\n"
       "   both, had they asked upstream one after the other {:7.4f} s\n\n",
       first.seconds, second.seconds, 2 * first.seconds);
  co_return connections == 1 && served == crowd && second.poem && third.poem;
}

std::vector<Poem> poemsOf(const DemoOptions& options) {
  if (options.files.empty()) return ownPoems();
  std::vector<Poem> poems;
  for (const std::string& file : options.files)
    poems.push_back({std::filesystem::path(file).stem().string(), readPoemFile(file)});
  return poems;
}

}  // namespace

Deferred<int> demo(Reactor& reactor, DemoOptions options) {
  tell("Poems over the network: a story in two acts.\n"
       "Everything in it, servers and clients, is one process with one thread.\n\n");
  Stage stage{reactor, reactor.now(), startDemoServers(reactor, poemsOf(options)),
              listenOnLoopback(reactor, transformServerFactory(reactor, 60s))};
  const bool firstAct = co_await manyAtOnce(stage);
  const bool secondAct = co_await throughAProxy(stage);
  tell("The end, after {:.1f} s. The same programs can be had one by one: see poetry --help.\n",
       stage.time());
  if (!firstAct || !secondAct) complain("demo", "not everything went as it should have");
  co_return firstAct && secondAct ? 0 : 1;
}

}  // namespace poetry
