#include "testing/world.h"

#include <hawser/base/logging.h>
#include <hawser/defer/registry.h>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace hawser::testing {
namespace {

using namespace std::chrono_literals;

TEST(SimulatedNetworkEnd, saysWhoWaitsWhenNothingIsLeftToHappen) {
  registry::enable();
  World world(7);
  const auto [client, server] = world.pair();
  server->transport().pauseProducing();
  auto [answer, never] = makeDeferred<int>();
  try {
    world.network.run(world.reactor, [] { return false; });
    ADD_FAILURE() << "it ran to its end";
  } catch (const SimulationStuckError& stuck) {
    const std::string text = stuck.what();
    for (const char* part : {"seed 7", "tcp:10.0.0.2:10000 listens, 0 in its queue; accepts\n",
                             "tcp:10.0.0.1:49152 with tcp:10.0.0.2:10000 receives\n",
                             "tcp:10.0.0.2:10000 with tcp:10.0.0.1:49152 receives, but pauses\n",
                             "simulated_network_end_test.cpp"})
      EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in:\n" << text;
  }
  registry::enable(false);
  never.callback(1);
}

TEST(SimulatedNetworkEnd, endsARunOfTheReactorThatWaitsForNothing) {
  const auto quiet = logging::silenceStderr();
  World world(1);
  EXPECT_THROW(world.reactor.run({.handleSignals = false}), SimulationStuckError);
  EXPECT_FALSE(world.reactor.running());
}

TEST(SimulatedNetworkEnd, saysThatItDoesNotComeToRest) {
  World world(1);
  std::function<void()> again = [&] { world.reactor.callLater(1min, [&] { again(); }); };
  again();
  EXPECT_THROW(world.network.settle(world.reactor), SimulationSpinsError);
}

TEST(SimulatedNetworkEnd, saysThatItGoesRoundWhileTimeStandsStill) {
  World world(1);
  std::function<void()> again = [&] { world.reactor.callLater(0s, [&] { again(); }); };
  again();
  EXPECT_THROW(world.network.settle(world.reactor), SimulationSpinsError);
}

TEST(SimulatedNetworkEnd, letsOtherThreadsWakeIt) {
  World world(1);
  bool called = false;
  world.reactor.callFromThread([&] { called = true; });
  world.network.run(world.reactor, [&] { return called; });
}

TEST(SimulatedNetworkEnd, mayDieBeforeItsReactor) {
  auto network = std::make_unique<SimulatedNetwork>(1);
  Reactor reactor(network->makeBackend());
  const auto servers = std::make_shared<Talkers>();
  const auto port = listenTCP(reactor, 10000, servers, defaultBacklog, there);
  const auto client = std::make_shared<Talker>();
  connectProtocol(HostnameEndpoint(reactor, there, 10000), client).addErrback(logging::err);
  network->run(reactor, [&] { return client->made && !servers->all.empty(); });
  client->transport().write("x");
  network.reset();
  for (int turn = 0; turn < 5; ++turn) reactor.iterate(1s);
  EXPECT_EQ(servers->all.at(0)->received, "x");
}

TEST(SimulatedNetworkEnd, hasOneReactorAndNumericHosts) {
  World world(1);
  EXPECT_THROW(static_cast<void>(world.network.makeBackend()), std::logic_error);
  EXPECT_THROW(world.network.isolate("example.org"), std::invalid_argument);
}

TEST(SimulatedNetworkEnd, countsWhatIsOpen) {
  World world(1);
  EXPECT_EQ(world.network.channels(), 1u);
  const auto [client, server] = world.pair();
  EXPECT_EQ(world.network.channels(), 3u);
  EXPECT_EQ(world.network.channelsBetween(here, there), 1u);
  EXPECT_EQ(world.network.channelsBetween(there, here), 1u);
  EXPECT_EQ(world.network.channelsBetween(there, there), 0u);
  client->transport().abortConnection();
  world.network.settle(world.reactor);
  world.port->stopListening();
  EXPECT_EQ(world.network.channels(), 0u);
}

}  // namespace
}  // namespace hawser::testing
