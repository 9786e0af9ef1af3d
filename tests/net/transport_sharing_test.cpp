#include "net/net_fixture.h"

#include <hawser/testing/string_transport.h>

namespace hawser::nettest {
namespace {

/// Who keeps the transport of a connection alive.
class TransportSharing : public TcpTest {
 protected:
  void SetUp() override {
    TcpTest::SetUp();
    pair = connect();
  }
  void lose() {
    pair.client->transport().loseConnection();
    until([&] { return pair.client->lost(); });
  }

  Pair pair;
};

TEST_P(TransportSharing, outlivesConnectionAndProtocol) {
  const std::shared_ptr<Transport> kept = pair.client->transport().shared_from_this();
  const Address host = kept->getHost();
  lose();
  const std::weak_ptr<Peer> watched = pair.client;
  pair = {};
  EXPECT_TRUE(watched.expired());
  EXPECT_FALSE(kept->connected());
  EXPECT_EQ(kept->getPeer(), port->getHost());
  EXPECT_EQ(kept->getHost(), host);
  kept->write("harmless");
  EXPECT_EQ(kept->shared_from_this(), kept);
}

TEST_P(TransportSharing, endsWithTheLastWhoShares) {
  std::shared_ptr<Transport> kept = pair.client->transport().shared_from_this();
  const std::weak_ptr<Transport> watched = pair.client->transport().weak_from_this();
  EXPECT_EQ(kept, watched.lock());
  lose();
  pair = {};
  EXPECT_FALSE(watched.expired());
  kept = nullptr;
  EXPECT_TRUE(watched.expired());
}

TEST_P(TransportSharing, canBeginWhenTheConnectionHasEnded) {
  lose();
  const std::weak_ptr<Transport> watched = pair.client->transport().weak_from_this();
  std::shared_ptr<Transport> kept = watched.lock();
  ASSERT_NE(kept, nullptr);
  pair = {};
  EXPECT_FALSE(watched.expired());
  kept = nullptr;
  EXPECT_TRUE(watched.expired());
}

// A protocol that passes a connection on to another one, which looks at its first bytes say.
TEST_P(TransportSharing, isForEachProtocolThatIsGivenTheTransport) {
  const auto inner = std::make_shared<Peer>();
  inner->makeConnection(pair.client->transport());
  const Address host = inner->transport().getHost();
  lose();
  pair = {};
  EXPECT_FALSE(inner->connected());
  EXPECT_EQ(inner->transport().getHost(), host);
}

TEST_P(TransportSharing, canGoOnWithAProtocolThatComesLater) {
  std::shared_ptr<Transport> kept = pair.client->transport().shared_from_this();
  lose();
  pair = {};
  auto late = std::make_shared<Peer>();
  late->makeConnection(*kept);
  const std::weak_ptr<Transport> watched = kept;
  kept = nullptr;
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(late->transport().getPeer(), port->getHost());
  late = nullptr;
  EXPECT_TRUE(watched.expired());
}

TEST_P(TransportSharing, changesNothingOfWhatIsWritten) {
  const std::shared_ptr<Transport> kept = pair.client->transport().shared_from_this();
  std::string all;
  for (int i = 0; i < 200; ++i) {
    const std::string piece = pattern(static_cast<std::size_t>(1000 + i));
    kept->write(piece);
    all += piece;
  }
  until([&] { return pair.server->received.size() == all.size(); });
  EXPECT_TRUE(pair.server->received == all);
}

INSTANTIATE_TEST_SUITE_P(Loopback, TransportSharing, ::testing::Values("127.0.0.1", "::1"),
                         [](const auto& host) { return host.index == 0 ? "IPv4" : "IPv6"; });

TEST(StringTransportOnAStack, isNotShared) {
  testing::StringTransport transport;
  EXPECT_TRUE(transport.weak_from_this().expired());
  EXPECT_THROW(static_cast<void>(transport.shared_from_this()), std::bad_weak_ptr);
  const auto protocol = std::make_shared<Peer>();
  protocol->makeConnection(transport);
  protocol->makeConnection(transport);
  EXPECT_TRUE(protocol->connected());
}

}  // namespace
}  // namespace hawser::nettest
