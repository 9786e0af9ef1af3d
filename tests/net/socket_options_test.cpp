#include "net/unix_fixture.h"

#include <hawser/net/socket_options.h>
#include <hawser/net/unix.h>
#include <hawser/testing/string_transport.h>

#include <cerrno>

namespace hawser::nettest {
namespace {

class SocketOptions : public TcpTest {};

TEST_P(SocketOptions, areSetAndReadBack) {
  Transport& transport = connect().client->transport();
  transport.setOption(NoDelay{false});
  EXPECT_FALSE(transport.getOption<NoDelay>()->on);
  EXPECT_FALSE(transport.getTcpNoDelay()) << "the same option";
  transport.setOption(KeepAlive{});
  EXPECT_TRUE(transport.getTcpKeepAlive());
  transport.setOption(KeepAliveIdle{61s});
  EXPECT_EQ(transport.getOption<KeepAliveIdle>()->time, 61s);
  transport.setOption(KeepAliveInterval{7s});
  EXPECT_EQ(transport.getOption<KeepAliveInterval>()->time, 7s);
  transport.setOption(KeepAliveProbes{3});
  EXPECT_EQ(transport.getOption<KeepAliveProbes>()->count, 3);
  transport.setOption(UserTimeout{12'345ms});
  EXPECT_EQ(transport.getOption<UserTimeout>()->time, 12'345ms);
  transport.setOption(TimeToLive{9});
  EXPECT_EQ(transport.getOption<TimeToLive>()->hops, 9);
  transport.setOption(TypeOfService{0x10});
  EXPECT_EQ(transport.getOption<TypeOfService>()->byte, 0x10);
  transport.setOption(SendBufferSize{30'000});
  EXPECT_EQ(transport.getOption<SendBufferSize>()->bytes, 60'000) << "Linux doubles it";
  transport.setOption(ReceiveBufferSize{20'000});
  EXPECT_EQ(transport.getOption<ReceiveBufferSize>()->bytes, 40'000);
}

TEST_P(SocketOptions, lingeringForNoTimeMakesAnOrderlyEndAReset) {
  const Pair pair = connect();
  EXPECT_FALSE(pair.client->transport().getOption<Linger>()->time);
  pair.client->transport().setOption(Linger{0s});
  EXPECT_EQ(pair.client->transport().getOption<Linger>()->time, 0s);
  pair.client->transport().loseConnection();
  until([&] { return pair.client->lost() && pair.server->lost(); });
  EXPECT_EQ(pair.client->lostWith(), "ConnectionDone");
  EXPECT_EQ(pair.server->lostWith(), "ConnectionLost");
}

TEST_P(SocketOptions, thatTheKernelRefusesSayWhich) {
  Transport& transport = connect().client->transport();
  try {
    transport.setOption(TimeToLive{1000});
    FAIL() << "no packet crosses a thousand networks";
  } catch (const SocketOptionError& error) {
    EXPECT_EQ(error.osError(), EINVAL);
    EXPECT_NE(error.option().find("IP"), std::string::npos) << error.option();
  }
  EXPECT_THROW(transport.setOption(KeepAliveIdle{0s}), SocketOptionError);
}

TEST_P(SocketOptions, ofAConnectionThatIsClosedAreNone) {
  const Pair pair = connect();
  pair.client->transport().abortConnection();
  pair.client->transport().setOption(NoDelay{});
  EXPECT_FALSE(pair.client->transport().getOption<NoDelay>());
  until([&] { return pair.client->lost(); });
}

TEST_P(SocketOptions, divideConnectionsAmongPortsThatShareOne) {
  const auto second = std::make_shared<PeerFactory>();
  const ListenOptions sharing{.interface = GetParam(), .reusePort = true};
  EXPECT_THROW(listenTCP(reactor, port->getHost().port(), second, sharing), CannotListenError)
      << "the first one has not said so";
  valueOf(port->stopListening());
  port = listenTCP(reactor, 0, peers, sharing);
  const auto other = listenTCP(reactor, port->getHost().port(), second, sharing);
  EXPECT_EQ(other->getHost(), port->getHost());
  for (int count = 0; count < 50; ++count)
    valueOf(connectProtocol(endpoint(), std::make_shared<Peer>()));
  until([&] { return peers->peers.size() + second->peers.size() == 50; });
  EXPECT_GT(peers->peers.size(), 0u);
  EXPECT_GT(second->peers.size(), 0u);
}

TEST_P(SocketOptions, canShareAPortByEndpointString) {
  const bool ipv6 = std::string(GetParam()) == "::1";
  const std::string text =
      ipv6 ? "tcp6:0:interface=[::1]:reusePort=1" : "tcp:0:interface=127.0.0.1:reusePort=1";
  const ServerEndpoint one = serverFromString(reactor, text);
  EXPECT_EQ(one.toString(), text);
  const auto first = valueOf(one.listen(peers));
  std::string again = text;
  again.replace(again.find(":0:"), 3, ":" + std::to_string(first->getHost().port()) + ":");
  const auto second = valueOf(serverFromString(reactor, again).listen(peers));
  EXPECT_EQ(second->getHost(), first->getHost());
}

INSTANTIATE_TEST_SUITE_P(Loopback, SocketOptions, ::testing::Values("127.0.0.1", "::1"),
                         [](const auto& host) { return host.index == 0 ? "IPv4" : "IPv6"; });

class UnixOptions : public NetTest {};

TEST_F(UnixOptions, areThoseThatUnixSocketsHave) {
  const Folder folder;
  const auto factory = std::make_shared<PeerFactory>();
  const auto server = listenUNIX(reactor, folder / "socket", factory);
  const auto client = std::make_shared<Peer>();
  valueOf(connectProtocol(UNIXClientEndpoint(reactor, folder / "socket"), client));
  client->transport().setOption(SendBufferSize{30'000});
  EXPECT_EQ(client->transport().getOption<SendBufferSize>()->bytes, 60'000);
  EXPECT_THROW(client->transport().setOption(NoDelay{}), SocketOptionError);
  EXPECT_THROW(client->transport().getOption<TimeToLive>(), SocketOptionError);
  client->transport().setTcpNoDelay(true);
}

TEST(StringTransportOptions, areRemembered) {
  testing::StringTransport transport;
  EXPECT_FALSE(transport.getOption<NoDelay>()->on);
  transport.setOption(KeepAliveIdle{60s});
  EXPECT_EQ(transport.getOption<KeepAliveIdle>()->time, 60s);
}

}  // namespace
}  // namespace hawser::nettest
