#include "testing/world.h"

#include <hawser/base/logging.h>
#include <hawser/net/errors.h>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>

namespace hawser::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* elsewhere = "10.0.0.3";

/// A server that echoes, and a client on a host of its own that has been connected since before
/// the trouble began.
struct WorldWithBystander : World {
  explicit WorldWithBystander(std::uint64_t seed, const NetworkConditions& conditions = calm())
      : World(seed, conditions) {
    servers->prepare = [](Talker& server) {
      server.onData = [](Talker& self) {
        self.transport().write(std::string_view(self.received).substr(echoedOf(self)));
      };
    };
    connectProtocol(HostnameEndpoint(reactor, there, 10000,
                                     {.bindAddress = *Address::fromNumericHost(elsewhere, 0)}),
                    bystander)
        .addErrback(logging::err);
    network.run(reactor, [this] { return bystander->made && servers->all.size() == 1; });
  }
  static std::size_t echoedOf(const Talker& server) {
    return server.received.size() - server.sizes.back();
  }

  void expectBystanderGoesOn() {
    bystander->received.clear();
    bystander->transport().write("still here?");
    network.run(reactor, [this] { return bystander->received == "still here?"; });
    EXPECT_FALSE(bystander->lost);
  }

  std::shared_ptr<Talker> bystander = std::make_shared<Talker>();
};

/// Ends its connection when nothing has arrived for a while, or a message takes too long.
class Impatient {
 public:
  Impatient(Talker& talker, std::chrono::nanoseconds patience)
      : timer_(talker.transport().reactor().callLater(
            patience, [&talker] { talker.transport().abortConnection(); })) {}
  ~Impatient() {
    if (timer_.active()) timer_.cancel();
  }
  Impatient(const Impatient&) = delete;
  Impatient& operator=(const Impatient&) = delete;

 private:
  DelayedCall timer_;
};

void sendAByteAMinute(Reactor& reactor, Talker& client) {
  if (!client.connected()) return;
  client.transport().write("x");
  reactor.callLater(1min, [&] { sendAByteAMinute(reactor, client); });
}

TEST(BadPeers, aByteAMinuteIsDeliveredForDaysAndHoldsUpNobody) {
  WorldWithBystander world(1);
  const auto [client, server] = world.pair();
  sendAByteAMinute(world.reactor, *client);
  const auto end = world.time() + 72h;
  world.network.run(world.reactor, [&] { return world.time() >= end; });
  EXPECT_EQ(server->sizes, std::vector<std::size_t>(72 * 60, 1));
  EXPECT_FALSE(client->lost);
  world.expectBystanderGoesOn();
  client->transport().abortConnection();
  world.network.run(world.reactor, [&] { return server->lost.has_value(); });
}

TEST(BadPeers, aByteAMinuteEndsAtThePatienceOfTheProtocolAndNoOtherConnectionDoes) {
  WorldWithBystander world(1);
  std::optional<Impatient> patience;
  const auto [client, server] = world.pair();
  patience.emplace(*server, 10min);  // for a whole message
  sendAByteAMinute(world.reactor, *client);
  world.network.run(world.reactor, [&] { return server->lost && client->lost; });
  EXPECT_EQ(server->lostWith(), "ConnectionAborted");
  EXPECT_EQ(client->lostWith(), "ConnectionLost");
  EXPECT_EQ(server->received, std::string(10, 'x'));
  world.expectBystanderGoesOn();
}

TEST(BadPeers, oneThatNeverReadsIsEndedAtTheHardCapAndNoOtherConnectionIs) {
  WorldWithBystander world(1);
  const auto [client, server] = world.pair();
  client->transport().pauseProducing();
  for (int written = 0; written < 20 && server->connected(); ++written)
    server->transport().write(std::string(1024 * 1024, 'x'));
  world.network.run(world.reactor, [&, &ended = server] { return ended->lost.has_value(); });
  EXPECT_EQ(server->lostWith(), "WriteQueueFullError");
  client->transport().resumeProducing();
  world.network.run(world.reactor, [&, &told = client] { return told->lost.has_value(); });
  EXPECT_EQ(client->lostWith(), "ConnectionLost");
  world.expectBystanderGoesOn();
}

// A life of a connection: asked for, made, talked on in both directions, half closed, closed.
struct Life {
  explicit Life(WorldWithBystander& world) : world_(world) {
    client->staysHalfOpen = true;
    client->onMade = [](Talker& self) {
      self.transport().write(std::string(10'000, 'x'));
      self.transport().loseWriteConnection();
    };
    connectProtocol(HostnameEndpoint(world.reactor, there, 10000), client)
        .addCallback([](const std::shared_ptr<Talker>&) {})
        .addErrback([this](const Failure& why) { failed = why; });
  }
  std::shared_ptr<Talker> server() const {
    return world_.servers->all.size() > 1 ? world_.servers->all[1] : nullptr;
  }
  bool over() const {
    const auto peer = server();
    return (failed || client->lost) && (!peer || peer->lost);
  }

  std::shared_ptr<Talker> client = std::make_shared<Talker>();
  std::optional<Failure> failed;

 private:
  WorldWithBystander& world_;
};

/// A network in which that life takes many turns.
NetworkConditions narrow() {
  NetworkConditions conditions = calm();
  conditions.minBuffer = conditions.maxBuffer = 2000;
  return conditions;
}

/// Lives one life up to its `turn`-th turn, does the harm, and waits for the end.
/// @returns whether there was such a turn
bool liveWith(std::uint64_t seed, int turn,
              const std::function<void(WorldWithBystander&, Life&)>& harm) {
  WorldWithBystander world(seed, narrow());
  Life life(world);
  int turns = 0;
  world.network.run(world.reactor, [&] { return turns++ == turn || life.over(); });
  const bool reached = !life.over();
  harm(world, life);
  // The one of the two who has nothing to send need not notice that the other is gone.
  world.network.run(world.reactor, [&] { return life.over(); });
  world.network.setConditions(here, there, narrow());
  const auto why = life.failed ? *life.failed : *life.client->lost;
  EXPECT_TRUE((why.check<ConnectError, ConnectionDone, ConnectionLost, ConnectionAborted>()))
      << why.typeName();
  EXPECT_FALSE(life.failed && life.client->made);
  EXPECT_FALSE(life.client->lostWith() == "ConnectionDone" &&
               life.client->received.size() != 10'000u)
      << "half a message was taken for a whole one";
  world.expectBystanderGoesOn();
  return reached;
}

TEST(BadPeers, aResetAtAnyPointOfAConnectionsLifeEndsThatOneOnly) {
  const struct {
    const char* name;
    std::function<void(WorldWithBystander&, Life&)> harm;
  } cases[] = {
      {"by the network, at the next piece",
       [](WorldWithBystander& world, Life&) {
         NetworkConditions resetting = narrow();
         resetting.resetting = 1;
         world.network.setConditions(here, there, resetting);
       }},
      {"by the client",
       [](WorldWithBystander&, Life& life) {
         if (life.client->connected()) life.client->transport().abortConnection();
       }},
      {"by the server",
       [](WorldWithBystander&, Life& life) {
         const auto server = life.server();
         if (server && server->connected()) server->transport().abortConnection();
       }},
      {"by both",
       [](WorldWithBystander&, Life& life) {
         if (life.client->connected()) life.client->transport().abortConnection();
         const auto server = life.server();
         if (server && server->connected()) server->transport().abortConnection();
       }},
      {"by everybody who refuses",
       [](WorldWithBystander& world, Life&) {
         NetworkConditions refusing = narrow();
         refusing.refusing = refusing.resetting = 1;
         world.network.setConditions(here, there, refusing);
       }},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed);
      int turn = 0;
      while (liveWith(seed, turn, each.harm)) ++turn;
      EXPECT_GT(turn, 10);
    }
  }
}

}  // namespace
}  // namespace hawser::testing
