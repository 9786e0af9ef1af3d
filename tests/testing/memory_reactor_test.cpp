#include <hawser/testing/memory_reactor.h>

#include "testing/talker.h"

#include <hawser/net/endpoint.h>
#include <hawser/net/errors.h>
#include <hawser/net/tcp.h>
#include <hawser/testing/deferred_matchers.h>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace hawser::testing {
namespace {

using namespace std::chrono_literals;

TEST(MemoryReactor, writesDownWhoListens) {
  MemoryReactor memory;
  const auto talkers = std::make_shared<Talkers>();
  const auto port = listenTCP(memory, 10000, talkers, 7, "192.0.2.1");
  const auto other = listenTCP(memory, 0, talkers);
  ASSERT_EQ(memory.tcpServers().size(), 2u);
  EXPECT_EQ(memory.tcpServers()[0].host.toString(), "tcp:192.0.2.1:10000");
  EXPECT_EQ(memory.tcpServers()[0].backlog, 7u);
  EXPECT_EQ(memory.tcpServers()[1].host, other->getHost());
  EXPECT_NE(other->getHost().port(), 0);
}

TEST(MemoryReactor, writesDownWhoConnectsAndLetsHimWait) {
  MemoryReactor memory;
  auto connecting = connectProtocol(
      HostnameEndpoint(memory, "192.0.2.1", 25,
                       {.timeout = 5s, .bindAddress = Address::parse("192.0.2.7:99")}),
      std::make_shared<Talker>());
  ASSERT_EQ(memory.tcpClients().size(), 1u);
  EXPECT_EQ(memory.tcpClients()[0].peer.toString(), "tcp:192.0.2.1:25");
  EXPECT_EQ(memory.tcpClients()[0].host.toString(), "tcp:192.0.2.7:99");
  memory.advance(4s);
  assertNoResult(connecting);
  memory.advance(1s);
  failureResultOf<ConnectTimeoutError>(std::move(connecting));
}

TEST(MemoryReactor, makesCallsWhenTheirTimeHasCome) {
  MemoryReactor memory;
  std::string order;
  memory.reactor().callLater(2s, [&] { order += "b"; });
  memory.reactor().callLater(1s, [&] {
    order += "a";
    memory.reactor().callLater(1s, [&] { order += "c"; });
  });
  memory.reactor().callLater(3s, [&] { order += "d"; });
  memory.advance(2s);
  EXPECT_EQ(order, "abc");
  memory.advance(1s);
  EXPECT_EQ(order, "abcd");
}

}  // namespace
}  // namespace hawser::testing
