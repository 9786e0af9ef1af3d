#include <poetry/demo_servers.h>

#include <hawser/net/tcp.h>
#include <hawser/net/transport.h>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <utility>

namespace poetry {

using namespace hawser;

namespace {

constexpr std::size_t pieces = 6;

Clock::Duration fromSeconds(double seconds) {
  return std::chrono::duration_cast<Clock::Duration>(std::chrono::duration<double>(seconds));
}

/// The pace at which a poem takes so long, whatever its length. The first piece leaves at once.
Pace paceOf(const std::string& poem, double seconds) {
  return {.bytes = poem.size() / pieces + 1, .delay = fromSeconds(seconds / (pieces - 1))};
}

/// Resets its connection after a time, wherever its poem is by then.
class DyingServer : public PoetryServer {
 public:
  DyingServer(std::shared_ptr<PoetryServerFactory> factory, Clock& clock, Clock::Duration lifetime)
      : PoetryServer(std::move(factory)), clock_(clock), lifetime_(lifetime) {}

  void connectionMade() override {
    PoetryServer::connectionMade();
    clock_.callLater(lifetime_, [self = weak(this)] {
      if (const auto server = self.lock()) server->transport().abortConnection();
    });
  }

 private:
  Clock& clock_;
  Clock::Duration lifetime_;
};

class DyingServerFactory : public PoetryServerFactory {
 public:
  DyingServerFactory(Clock& clock, std::string poem, double lifetime)
      : PoetryServerFactory(clock, poem, paceOf(poem, 2 * lifetime)),
        lifetime_(fromSeconds(lifetime)) {}

  std::shared_ptr<Protocol> buildProtocol(const Address&) override {
    return std::make_shared<DyingServer>(shared_from_this(), clock(), lifetime_);
  }

 private:
  Clock::Duration lifetime_;
};

DemoServer start(Reactor& reactor, DemoServer::Fate fate, Poem poem, double seconds) {
  std::shared_ptr<PoetryServerFactory> factory;
  if (fate == DemoServer::Fate::dies)
    factory = std::make_shared<DyingServerFactory>(reactor, poem.text, seconds);
  else
    factory = std::make_shared<PoetryServerFactory>(reactor, poem.text, paceOf(poem.text, seconds));
  auto port = listenOnLoopback(reactor, factory);
  const ServerName name = nameOf(*port);
  return {fate, std::move(poem), seconds, name, std::move(port), std::move(factory)};
}

/// A port that was free a moment ago.
DemoServer startNothing(Reactor& reactor) {
  const auto port = listenOnLoopback(
      reactor, factoryFrom([](const Address&) { return std::shared_ptr<Protocol>(); }));
  port->stopListening();
  return {DemoServer::Fate::down, {"nobody-home", {}}, 0, nameOf(*port), nullptr, nullptr};
}

}  // namespace

std::string DemoServer::prospect() const {
  switch (fate) {
    case Fate::slow:
      return fmt::format("{} bytes, takes {:.1f} s", poem.text.size(), seconds);
    case Fate::dies:
      return fmt::format("will die half-way, after {:.1f} s", seconds);
    case Fate::down:
      return "is down: nobody listens there";
  }
  return {};
}

std::vector<DemoServer> startDemoServers(Reactor& reactor, const std::vector<Poem>& poems) {
  std::vector<DemoServer> servers;
  for (std::size_t i = 0; i < poems.size(); ++i) {
    const double seconds = 1.0 + 0.5 * static_cast<double>(i % 4);
    servers.push_back(start(reactor, DemoServer::Fate::slow, poems[i], seconds));
  }
  servers.push_back(start(reactor, DemoServer::Fate::dies, {"torn-page", poems.back().text}, 1.2));
  servers.push_back(startNothing(reactor));
  return servers;
}

ServerName nameOf(const Port& port) { return {port.getHost().host(), port.getHost().port()}; }

std::shared_ptr<Port> listenOnLoopback(Reactor& reactor, std::shared_ptr<Factory> factory) {
  return listenTCP(reactor, 0, std::move(factory), defaultBacklog, "127.0.0.1");
}

}  // namespace poetry
