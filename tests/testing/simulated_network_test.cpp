#include "testing/world.h"

#include <hawser/base/logging.h>
#include <hawser/net/errors.h>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace hawser::testing {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> story(std::uint64_t seed) {
  World world(seed, {.resetting = 0.05}, {.acceptErrors = 0.1});
  const auto quiet = logging::silenceStderr();
  std::vector<std::string> events;
  world.network.onEvent([&](const NetworkEvent& event) { events.push_back(event.toString()); });
  world.servers->prepare = [](Talker& server) {
    server.onData = [](Talker& self) { self.transport().write(self.received); };
  };
  for (int i = 0; i < 10; ++i) {
    const auto client = world.connect();
    client->onMade = [](Talker& self) { self.transport().write(std::string(3000, 'x')); };
    client->onData = [](Talker& self) {
      if (self.received.size() > 2000) self.transport().loseConnection();
    };
  }
  world.network.settle(world.reactor);
  events.push_back(std::to_string(world.network.digest()));
  return events;
}

TEST(SimulatedNetwork, givesTheSameRunForTheSameSeedEventByEvent) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) EXPECT_EQ(story(seed), story(seed));
  EXPECT_NE(story(1), story(2));
  EXPECT_GT(story(1).size(), 100u);
}

TEST(SimulatedNetwork, carriesBytesBothWays) {
  World world(1);
  const auto [client, server] = world.pair();
  client->transport().write("ping");
  world.network.run(world.reactor, [&] { return server->received == "ping"; });
  server->transport().write("pong");
  server->transport().loseConnection();
  world.network.run(world.reactor, [&] { return client->lost.has_value(); });
  EXPECT_EQ(client->received, "pong");
  EXPECT_EQ(client->lostWith(), "ConnectionDone");
}

TEST(SimulatedNetwork, takesItsTimeWithoutTakingOurs) {
  NetworkConditions conditions = calm();
  conditions.minLatency = conditions.maxLatency = 1h;
  World world(1, conditions);
  auto client = std::make_shared<Talker>();
  connectProtocol(HostnameEndpoint(world.reactor, there, 10000, {.timeout = 24h}), client)
      .addErrback(logging::err);
  world.network.run(world.reactor, [&] { return client->made; });
  EXPECT_EQ(world.time(), 2h);
  client->transport().write("x");
  world.network.run(world.reactor, [&] { return !world.servers->all.at(0)->received.empty(); });
  EXPECT_EQ(world.time(), 3h);
}

TEST(SimulatedNetwork, keepsTheOrderOfAConnectionButNotBetweenConnections) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    World world(seed);
    std::string order;
    std::vector<std::shared_ptr<Talker>> clients;
    for (int i = 0; i < 3; ++i) {
      const auto [client, server] = world.pair();
      server->onData = [&order, i](Talker&) { order += static_cast<char>('a' + i); };
      clients.push_back(client);
    }
    for (const auto& client : clients) client->transport().write("first");
    world.reactor.iterate();
    for (const auto& client : clients) client->transport().write(", second");
    world.network.settle(world.reactor);
    for (const auto& server : world.servers->all) EXPECT_EQ(server->received, "first, second");
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 3u);
}

TEST(SimulatedNetwork, cutsWhatArrivesAndWhatIsReadAndSent) {
  NetworkConditions conditions;
  conditions.cutting = 1;
  conditions.minBuffer = 10;
  conditions.maxBuffer = 1000;
  World world(1, conditions, {.shortReads = 1, .shortWrites = 1, .lateSends = 0.5});
  const auto [client, server] = world.pair();
  std::string sent;
  for (int i = 0; i < 5000; ++i) sent += static_cast<char>('a' + i % 26);
  client->transport().write(sent);
  client->transport().loseConnection();
  world.network.settle(world.reactor);
  EXPECT_EQ(server->received, sent);
  EXPECT_GT(server->sizes.size(), 50u);
  EXPECT_EQ(server->lostWith(), "ConnectionDone");
}

TEST(SimulatedNetwork, holdsNoMoreThanItsBuffersForAReaderThatPauses) {
  NetworkConditions conditions = calm();
  conditions.minBuffer = conditions.maxBuffer = 1000;
  World world(1, conditions);
  const auto [client, server] = world.pair();
  server->transport().pauseProducing();
  client->transport().write(std::string(5000, 'x'));
  world.network.settle(world.reactor);
  EXPECT_EQ(client->transport().queuedBytes(), 3000u) << "1000 here, 1000 there";
  EXPECT_EQ(server->received, "");
  server->transport().resumeProducing();
  world.network.settle(world.reactor);
  EXPECT_EQ(server->received.size(), 5000u);
}

TEST(SimulatedNetwork, refusesWhereNobodyListens) {
  World world(1);
  world.port->stopListening();
  world.connect();
  world.network.run(world.reactor, [&] { return world.failure.has_value(); });
  EXPECT_TRUE(world.failure->check<ConnectionRefusedError>());
}

TEST(SimulatedNetwork, refusesWhereItIsToldTo) {
  NetworkConditions conditions = calm();
  conditions.refusing = 1;
  World world(1, conditions);
  world.connect();
  world.network.settle(world.reactor);
  EXPECT_TRUE(world.failure->check<ConnectionRefusedError>());
}

TEST(SimulatedNetwork, leavesAConnectWithoutAnAnswerForTwoMinutes) {
  NetworkConditions conditions = calm();
  conditions.hanging = 1;
  World world(1, conditions);
  connectProtocol(HostnameEndpoint(world.reactor, there, 10000, {.timeout = 1h}),
                  std::make_shared<Talker>())
      .addErrback([&](const Failure& why) -> Result<std::shared_ptr<Talker>> {
        world.failure = why;
        return nullptr;
      });
  world.network.run(world.reactor, [&] { return world.failure.has_value(); });
  EXPECT_TRUE(world.failure->check<TCPTimedOutError>());
  EXPECT_GT(world.time(), 2min);
}

TEST(SimulatedNetwork, asksAgainWhileTheListenQueueIsFull) {
  World world(1);
  world.port->stopListening();
  world.port = listenTCP(world.reactor, 10000, world.servers, 0, there);
  world.network.setKernelConditions({.acceptErrors = 1});
  const auto quiet = logging::silenceStderr();
  for (int i = 0; i < 3; ++i) world.connect();
  world.reactor.callLater(1s, [&] { world.network.setKernelConditions(obliging()); });
  world.network.settle(world.reactor);
  EXPECT_EQ(world.servers->all.size(), 3u);
  EXPECT_FALSE(world.failure);
}

TEST(SimulatedNetwork, failsToAcceptForWantOfDescriptorsAndGoesOn) {
  World world(1);
  const auto quiet = logging::silenceStderr();
  world.network.setKernelConditions({.maxChannels = 2});
  const auto client = world.connect();
  world.network.run(world.reactor, [&] { return client->made; });
  world.reactor.iterate(100ms);
  EXPECT_TRUE(world.servers->all.empty());
  world.connect();
  EXPECT_TRUE(world.failure.has_value()) << "no more can be opened, either";
  world.network.setKernelConditions({});
  world.network.run(world.reactor, [&] { return !world.servers->all.empty(); });
}

TEST(SimulatedNetwork, breaksConnectionsForBothEnds) {
  World world(1);
  const auto [client, server] = world.pair();
  NetworkConditions conditions = calm();
  conditions.resetting = 1;
  world.network.setConditions(conditions);
  client->transport().write("this goes nowhere");
  world.network.settle(world.reactor);
  EXPECT_EQ(client->lostWith(), "ConnectionLost");
  EXPECT_EQ(server->lostWith(), "ConnectionLost");
  EXPECT_EQ(server->received, "");
}

TEST(SimulatedNetwork, stallsAConnectionWithoutAWord) {
  World world(1);
  const auto [client, server] = world.pair();
  NetworkConditions conditions = calm();
  conditions.stalling = 1;
  world.network.setConditions(here, there, conditions);
  client->transport().write("this goes nowhere");
  world.network.settle(world.reactor);
  EXPECT_EQ(client->lostWith(), "ConnectionLost") << "it sends, and gives up after a minute";
  EXPECT_GT(world.time(), 1min);
  EXPECT_EQ(server->lostWith(), "") << "it never learns";
}

TEST(SimulatedNetwork, deliversAfterAPartitionWhatWasSentDuringIt) {
  World world(1);
  const auto [client, server] = world.pair();
  world.network.partition(here, there);
  client->transport().write("are you there?");
  client->transport().loseConnection();
  world.reactor.callLater(20s, [&] {
    EXPECT_EQ(server->received, "");
    world.network.heal(there, here);
  });
  world.network.settle(world.reactor);
  EXPECT_EQ(server->received, "are you there?");
  EXPECT_EQ(server->lostWith(), "ConnectionDone");
}

TEST(SimulatedNetwork, losesTheConnectionsOfTheOneWhoSendsInALongPartition) {
  World world(1);
  const auto [client, server] = world.pair();
  world.network.isolate(there);
  client->transport().write("are you there?");
  world.network.settle(world.reactor);
  EXPECT_EQ(client->lostWith(), "ConnectionLost");
  EXPECT_EQ(server->lostWith(), "");
  world.network.rejoin(there);
  server->transport().write("I am!");
  world.network.settle(world.reactor);
  EXPECT_EQ(server->lostWith(), "ConnectionLost") << "nobody knows of it there";
}

TEST(SimulatedNetwork, tellsASenderInTheEndThoughTheResetForItGotLost) {
  NetworkConditions conditions = calm();
  conditions.minBuffer = conditions.maxBuffer = 100;
  World world(1, conditions);
  const auto [client, server] = world.pair();
  server->transport().pauseProducing();
  client->transport().write(std::string(1000, 'x'));
  world.network.settle(world.reactor);
  server->transport().abortConnection();
  world.reactor.iterate();
  world.network.partition(here, there);
  world.reactor.callLater(10s, [&] {
    EXPECT_EQ(client->lostWith(), "") << "its peer is gone, and it waits for room there";
    world.network.heal(here, there);
  });
  world.network.settle(world.reactor);
  EXPECT_EQ(client->lostWith(), "ConnectionLost");
  EXPECT_LT(world.time(), 1min);
}

TEST(SimulatedNetwork, letsAPartitionConcernTwoHostsOnly) {
  World world(1);
  const auto port = listenTCP(world.reactor, 10000, world.servers, defaultBacklog, "10.0.0.3");
  world.network.partition(here, there);
  auto other = std::make_shared<Talker>();
  connectProtocol(HostnameEndpoint(world.reactor, "10.0.0.3", 10000), other)
      .addErrback(logging::err);
  world.network.run(world.reactor, [&] { return other->made; });
  auto third = std::make_shared<Talker>();
  connectProtocol(HostnameEndpoint(world.reactor, there, 10000,
                                   {.bindAddress = *Address::fromNumericHost("10.0.0.4", 0)}),
                  third)
      .addErrback(logging::err);
  world.network.run(world.reactor, [&] { return third->made; });
  EXPECT_EQ(third->transport().getHost().host(), "10.0.0.4");
}

TEST(SimulatedNetwork, answersWithAResetWhatNobodyWillRead) {
  World world(1);
  const auto [client, server] = world.pair();
  server->staysHalfOpen = true;
  client->transport().loseConnection();
  world.network.settle(world.reactor);
  EXPECT_TRUE(server->readLost);
  server->transport().write("still there?");
  world.network.settle(world.reactor);
  EXPECT_EQ(server->lostWith(), "") << "it was taken, and nobody reads the answer";
  server->transport().write("hello?");
  world.network.settle(world.reactor);
  EXPECT_EQ(server->lostWith(), "ConnectionLost");
}

TEST(SimulatedNetwork, mayThrowAwayAtAResetWhatWasNotRead) {
  for (const double destructive : {0.0, 1.0}) {
    KernelConditions kernel = obliging();
    kernel.destructiveResets = destructive;
    World world(1, calm(), kernel);
    const auto [client, server] = world.pair();
    client->transport().pauseProducing();
    server->transport().write("last words");
    world.network.settle(world.reactor);
    server->transport().abortConnection();
    world.network.settle(world.reactor);
    client->transport().resumeProducing();
    world.network.settle(world.reactor);
    EXPECT_EQ(client->received, destructive == 1 ? "" : "last words");
    EXPECT_EQ(client->lostWith(), "ConnectionLost");
  }
}

TEST(SimulatedNetwork, knowsHalfOpenConnections) {
  World world(1);
  const auto [client, server] = world.pair();
  client->transport().write("question");
  client->transport().loseWriteConnection();
  server->staysHalfOpen = true;
  world.network.run(world.reactor, [&] { return server->readLost; });
  server->transport().write("answer");
  server->transport().loseConnection();
  world.network.settle(world.reactor);
  EXPECT_EQ(client->received, "answer");
  EXPECT_EQ(client->lostWith(), "ConnectionDone");
}

TEST(SimulatedNetwork, deliversWhatWasWrittenBeforeTheWriterLeft) {
  NetworkConditions conditions = calm();
  conditions.minBuffer = conditions.maxBuffer = 1 << 20;
  World world(1, conditions);
  const auto [client, server] = world.pair();
  client->transport().write(std::string(500'000, 'x'));
  client->transport().loseConnection();
  world.network.run(world.reactor, [&] { return client->lost.has_value(); });
  EXPECT_LT(server->received.size(), 500'000u);
  world.network.settle(world.reactor);
  EXPECT_EQ(server->received.size(), 500'000u);
}

TEST(SimulatedNetwork, letsNoResetOvertakeWhatWasSentBeforeIt) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world(seed);
    const auto [client, server] = world.pair();
    // The server refuses to read, says why, and resets; the client is still writing.
    server->transport().pauseProducing();
    client->transport().write(std::string(1'000'000, 'x'));
    server->transport().write("too much");
    world.reactor.iterate();
    server->transport().abortConnection();
    world.network.run(world.reactor, [&, gone = client] { return gone->lost.has_value(); });
    EXPECT_EQ(client->received, "too much") << "seed " << seed;
    EXPECT_EQ(client->lostWith(), "ConnectionLost");
  }
}

TEST(SimulatedNetwork, carriesFilesInTheirPlace) {
  char name[] = "/tmp/hawser.XXXXXX";
  const FileDescriptor file(::mkostemp(name, O_CLOEXEC));
  ::unlink(name);
  const std::string content(600'000, 'x');
  ASSERT_EQ(::write(file.get(), content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  World world(1, {}, {});
  const auto [client, server] = world.pair();
  std::uint64_t sent = 0;
  client->transport().write("<");
  client->transport()
      .sendFile(FileDescriptor(::dup(file.get())))
      .addCallback([&](std::uint64_t bytes) { sent = bytes; });
  client->transport().write(">");
  world.network.run(world.reactor, [&] { return server->received.size() == content.size() + 2; });
  EXPECT_EQ(server->received, "<" + content + ">");
  EXPECT_EQ(sent, content.size());
}

}  // namespace
}  // namespace hawser::testing
