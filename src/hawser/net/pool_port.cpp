#include <hawser/net/pool_port.h>

#include <hawser/defer/deferred_list.h>
#include <hawser/reactor/call_on.h>
#include <hawser/reactor/errors.h>
#include <hawser/reactor/reactor_pool.h>

#include <cstddef>
#include <utility>
#include <vector>

namespace hawser {

namespace {

using MakeFactory = unique_function<std::shared_ptr<Factory>(Reactor&)>;

/// A reactor, and the place of its port, which only its own thread looks into. The port keeps
/// itself while it listens.
struct There {
  std::shared_ptr<detail::RemoteCalls> calls;
  Reactor* reactor;
  std::shared_ptr<std::weak_ptr<Port>> port = std::make_shared<std::weak_ptr<Port>>();
};

/// The ports of all reactors, as seen from home.
class PoolPort final : public Port {
 public:
  explicit PoolPort(Reactor& home) noexcept : home_(home) {}

  void add(There port) { ports_.push_back(std::move(port)); }
  void setHost(const Address& host) { host_ = host; }

  Address getHost() const override { return host_; }
  bool listening() const noexcept override { return listening_; }

  Deferred<void> stopListening() override {
    listening_ = false;
    return onEach([](Port& port) { return port.stopListening(); });
  }
  void pauseAccepting() override {
    static_cast<void>(onEach([](Port& port) {
      port.pauseAccepting();
      return succeed();
    }));
  }
  void resumeAccepting() override {
    static_cast<void>(onEach([](Port& port) {
      port.resumeAccepting();
      return succeed();
    }));
  }

 private:
  /// A reactor that has ended has no port any more.
  template <class F>
  Deferred<void> onEach(F f) {
    std::vector<Deferred<void>> asked;
    for (const There& each : ports_) {
      auto call = [f, place = each.port]() -> Deferred<void> {
        const auto port = place->lock();
        return port ? f(*port) : succeed();
      };
      asked.push_back(detail::crossingCall<void>(home_, each.calls, *each.reactor, std::move(call),
                                                 std::source_location::current())
                          .addErrback([](const ReactorNotRunning&) {}));
    }
    return deferredList(std::move(asked), consumeErrors).addCallback([] {});
  }

  Reactor& home_;
  std::vector<There> ports_;
  Address host_;
  bool listening_ = true;
};

Deferred<Address> listenOn(Reactor& home, const There& there, std::uint16_t port,
                           std::shared_ptr<MakeFactory> makeFactory, ListenOptions options) {
  auto call = [reactor = there.reactor, place = there.port, port,
               makeFactory = std::move(makeFactory), options = std::move(options)] {
    const auto made = listenTCP(*reactor, port, (*makeFactory)(*reactor), options);
    *place = made;
    return made->getHost();
  };
  return detail::crossingCall<Address>(home, there.calls, *there.reactor, std::move(call),
                                       std::source_location::current());
}

// Not of the pool itself, which may go while this waits.
Deferred<std::shared_ptr<Port>> listenOnEach(Reactor& home, std::vector<There> places,
                                             std::shared_ptr<PoolPort> all, std::uint16_t port,
                                             std::shared_ptr<MakeFactory> makeFactory,
                                             ListenOptions options) {
  for (const There& there : places) {
    // Known before it is there: who cancels finds it even if nobody hears of it any more.
    all->add(there);
    const Address host = co_await listenOn(home, there, port, makeFactory, options);
    port = host.port();
    all->setHost(host);
  }
  co_return std::shared_ptr<Port>(std::move(all));
}

Deferred<std::shared_ptr<Port>> listenOnAllOrNone(Reactor& home, std::vector<There> places,
                                                  std::uint16_t port,
                                                  std::shared_ptr<MakeFactory> makeFactory,
                                                  ListenOptions options) {
  const auto all = std::make_shared<PoolPort>(home);
  auto listening =
      listenOnEach(home, std::move(places), all, port, std::move(makeFactory), std::move(options));
  Result<std::shared_ptr<Port>> result = co_await std::move(listening).asResult();
  if (result) co_return *std::move(result);
  static_cast<void>(co_await all->stopListening().asResult());
  co_return std::move(result).failure();
}

}  // namespace

Deferred<std::shared_ptr<Port>> listenTCP(ReactorPool& pool, std::uint16_t port,
                                          MakeFactory makeFactory, const ListenOptions& options) {
  pool.home().checkThread("listenTCP");
  ListenOptions shared = options;
  shared.reusePort = true;
  std::vector<There> places;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    Reactor& reactor = pool.reactor(i);
    places.push_back({detail::ReactorThreads::calls(reactor), &reactor});
  }
  return listenOnAllOrNone(pool.home(), std::move(places), port,
                           std::make_shared<MakeFactory>(std::move(makeFactory)),
                           std::move(shared));
}

}  // namespace hawser
