#include <poetry/poetry_server.h>

#include <hawser/base/logging.h>
#include <hawser/net/errors.h>
#include <hawser/testing/fake_clock.h>
#include <hawser/testing/string_transport.h>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace poetry {
namespace {

using namespace hawser;
using namespace std::chrono_literals;

class PoetryServerTest : public ::testing::Test {
 protected:
  /// A client that connects to a server of this poem.
  struct Client {
    hawser::testing::StringTransport transport;
    std::shared_ptr<Protocol> server;

    void leave() { server->connectionLost(ConnectionDone("tcp:192.0.2.1:1")); }
  };

  std::shared_ptr<PoetryServerFactory> factory(Pace pace) {
    return std::make_shared<PoetryServerFactory>(clock, "one two three ", pace);
  }
  static void connect(Client& client, Factory& factory) {
    client.server = factory.buildProtocol(hawser::testing::StringTransport::defaultPeer());
    client.server->makeConnection(client.transport);
  }

  hawser::testing::FakeClock clock;
};

TEST_F(PoetryServerTest, sendsAPieceAtOnceAndTheOthersAtTheirTimes) {
  const auto server = factory({.bytes = 5, .delay = 2s});
  Client client;
  connect(client, *server);
  EXPECT_EQ(client.transport.take(), "one t");
  clock.advance(1s);
  EXPECT_EQ(client.transport.take(), "");
  clock.advance(1s);
  EXPECT_EQ(client.transport.take(), "wo th");
  EXPECT_FALSE(client.transport.disconnecting());
  clock.advance(2s);
  EXPECT_EQ(client.transport.take(), "ree ");
  EXPECT_TRUE(client.transport.disconnecting());
  client.leave();
  EXPECT_TRUE(clock.getDelayedCalls().empty());
}

TEST_F(PoetryServerTest, sendsAllAtOnceWithoutADelay) {
  for (const Pace pace : {Pace{.bytes = 5, .delay = 0s}, Pace{.bytes = 0, .delay = 2s}}) {
    const auto server = factory(pace);
    Client client;
    connect(client, *server);
    EXPECT_EQ(client.transport.value(), "one two three ");
    EXPECT_TRUE(client.transport.disconnecting());
    client.leave();
  }
}

TEST_F(PoetryServerTest, servesEachClientInItsOwnTime) {
  const auto server = factory({.bytes = 5, .delay = 2s});
  Client early;
  Client late;
  connect(early, *server);
  clock.advance(1s);
  connect(late, *server);
  clock.advance(1s);
  EXPECT_EQ(early.transport.value(), "one two th");
  EXPECT_EQ(late.transport.value(), "one t");
  early.leave();
  clock.advance(9s);
  EXPECT_EQ(early.transport.value(), "one two th");
  EXPECT_EQ(late.transport.value(), "one two th");
  late.leave();
}

TEST_F(PoetryServerTest, goesOnForAClientThatHasClosedItsSide) {
  const auto server = factory({.bytes = 7, .delay = 2s});
  Client client;
  connect(client, *server);
  client.server->readConnectionLost();
  EXPECT_FALSE(client.transport.disconnecting());
  clock.advance(2s);
  EXPECT_EQ(client.transport.value(), "one two three ");
  client.leave();
}

TEST_F(PoetryServerTest, breaksOffWhatIsUnderWayWhenItStops) {
  const auto quiet = logging::silenceStderr();
  const auto server = factory({.bytes = 5, .delay = 2s});
  server->doStart();
  Client client;
  connect(client, *server);
  server->doStop();
  EXPECT_TRUE(client.transport.aborted());
  client.leave();
}

TEST_F(PoetryServerTest, servesAnEmptyPoem) {
  const auto server =
      std::make_shared<PoetryServerFactory>(clock, "", Pace{.bytes = 5, .delay = 2s});
  Client client;
  connect(client, *server);
  EXPECT_EQ(client.transport.value(), "");
  EXPECT_TRUE(client.transport.disconnecting());
  client.leave();
}

}  // namespace
}  // namespace poetry
