#include "net/failing_calls.h"
#include "net/net_fixture.h"
#include "support/descriptor_limit.h"

#include <hawser/net/detail/native.h>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace hawser::nettest {
namespace {

class TcpFaults : public TcpTest {
 protected:
  void SetUp() override {
    TcpTest::SetUp();
    peers->prepare = [](Peer& server) {
      server.onData = [](Peer& self, std::string_view bytes) { self.transport().write(bytes); };
    };
    bystander = connect();
  }
  /// Others go on: a connection made before the fault still works.
  void expectOthersGoOn() {
    bystander.client->received.clear();
    bystander.client->transport().write("still here?");
    until([&] { return bystander.client->received == "still here?"; });
  }

  /// Does the library call accept? On io_uring the kernel does that by itself.
  bool acceptsItself() { return reactor.backend().name() != "io_uring"; }

  Pair bystander;
};

[[noreturn]] void fail(const char* what) { throw std::runtime_error(what); }

TEST_P(TcpFaults, thatAProtocolThrowsAbortItsConnectionAndNoOther) {
  const struct {
    const char* event;
    std::function<void(Peer&)> prepare;
  } cases[] = {
      {"dataReceived", [](Peer& p) { p.onData = [](Peer&, std::string_view) { fail("clumsy"); }; }},
      {"readConnectionLost", [](Peer& p) { p.onReadLost = [](Peer&) { fail("clumsy"); }; }},
      {"writeConnectionLost",
       [](Peer& p) {
         p.onData = [](Peer& self, std::string_view) { self.transport().loseWriteConnection(); };
         p.onReadLost = [](Peer&) {};
         p.onWriteLost = [](Peer&) { fail("clumsy"); };
       }},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.event);
    peers->prepare = each.prepare;
    const Pair pair = connect();
    pair.client->transport().write("go");
    pair.client->transport().loseWriteConnection();
    until([&] { return pair.server->lost() && pair.client->lost(); });
    EXPECT_EQ(pair.server->lostWith(), "ConnectionAborted");
    ASSERT_TRUE(pair.server->reason->cause());
    EXPECT_EQ(pair.server->reason->cause()->getErrorMessage(), "clumsy");
    const std::string log = takeLog();
    EXPECT_NE(log.find(each.event), std::string::npos) << log;
    EXPECT_NE(log.find("clumsy"), std::string::npos) << log;
    EXPECT_NE(log.find(pair.server->transport().getPeer().toString()), std::string::npos) << log;
    expectOthersGoOn();
  }
}

TEST_P(TcpFaults, inConnectionMadeAbortTheConnectionToo) {
  NOT_SIMULATED("the peer is a plain socket");
  peers->prepare = [](Peer& server) { server.onMade = [](Peer&) { fail("clumsy"); }; };
  const RawSocket client = RawSocket::connectedTo(port->getHost());
  until([&] { return peers->peers.size() == 2 && peers->peers[1]->lost(); });
  EXPECT_EQ(peers->peers[1]->lostWith(), "ConnectionAborted");
  EXPECT_NE(takeLog().find("connectionMade threw"), std::string::npos);
  expectOthersGoOn();
}

TEST_P(TcpFaults, inConnectionLostAreLoggedOnce) {
  peers->prepare = [](Peer& server) { server.onLost = [](Peer&) { fail("clumsy at the end"); }; };
  const Pair pair = connect();
  pair.client->transport().loseConnection();
  until([&] { return pair.server->lost() && pair.client->lost(); });
  settle();
  EXPECT_EQ(pair.server->events.size(), 3u);
  const std::string log = takeLog();
  EXPECT_NE(log.find("connectionLost threw"), std::string::npos) << log;
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1);
  expectOthersGoOn();
}

TEST_P(TcpFaults, thatAreNoStdExceptionAreAsGoodAsOthers) {
  peers->prepare = [](Peer& server) { server.onData = [](Peer&, std::string_view) { throw 42; }; };
  const Pair pair = connect();
  pair.client->transport().write("go");
  until([&] { return pair.server->lost(); });
  EXPECT_EQ(pair.server->lostWith(), "ConnectionAborted");
  EXPECT_NE(takeLog(), "");
}

TEST_P(TcpFaults, ofTheFactoryCloseTheNewConnection) {
  class NoFactory final : public ServerFactory {
   public:
    explicit NoFactory(bool throws) : throws_(throws) {}
    std::shared_ptr<Protocol> buildProtocol(const Address&) override {
      if (throws_) fail("no protocols today");
      return nullptr;
    }

   private:
    bool throws_;
  };
  for (const bool throws : {false, true}) {
    SCOPED_TRACE(throws);
    const auto closing =
        listenTCP(reactor, 0, std::make_shared<NoFactory>(throws), defaultBacklog, GetParam());
    const Address address = closing->getHost();
    const auto client = std::make_shared<Peer>();
    valueOf(connectProtocol(HostnameEndpoint(reactor, address.host(), address.port()), client));
    until([&] { return client->lost(); });
    EXPECT_EQ(client->lostWith(), "ConnectionDone");
    const std::string log = takeLog();
    EXPECT_EQ(log.find("no protocols today") != std::string::npos, throws) << log;
    expectOthersGoOn();
  }
}

TEST_P(TcpFaults, ofAPeerThatNeverReadsEndAtTheHardCap) {
  NOT_SIMULATED("the peer is a plain socket");
  peers->prepare = [](Peer& server) {
    server.onMade = [](Peer& self) {
      self.transport().setWriteLimits({.highWater = 1000, .hardCap = 100'000});
    };
  };
  RawSocket silent = RawSocket::connectedTo(port->getHost());
  until([&] { return peers->peers.size() == 2; });
  const auto server = peers->peers.back();
  const std::string piece(50'000, 'x');
  until([&] {
    server->transport().write(piece);
    return server->lost();
  });
  const auto* full = server->reason->get<WriteQueueFullError>();
  ASSERT_TRUE(full) << server->lostWith();
  EXPECT_EQ(full->limit(), 100'000u);
  EXPECT_NE(std::string(full->what()).find("100000 bytes"), std::string::npos) << full->what();
  expectOthersGoOn();
}

TEST_P(TcpFaults, ofAWriteBeyondSixteenMegabytesEndAtTheHardCap) {
  const Pair pair = connect();
  const std::string megabyte(1024 * 1024, 'x');
  // The kernel takes some of it at once.
  while (pair.server->transport().queuedBytes() <= 15 * megabyte.size())
    pair.server->transport().write(megabyte);
  EXPECT_FALSE(pair.server->transport().disconnecting());
  pair.server->transport().write(megabyte);
  EXPECT_TRUE(pair.server->transport().disconnecting());
  EXPECT_EQ(pair.server->transport().queuedBytes(), 0u);
  until([&] { return pair.server->lost() && pair.client->lost(); });
  EXPECT_EQ(pair.server->lostWith(), "WriteQueueFullError");
  EXPECT_EQ(pair.client->lostWith(), "ConnectionLost");
}

TEST_P(TcpFaults, ofAcceptingForWantOfSomethingAreLoggedOnceAndPass) {
  NOT_SIMULATED("a system call is made to fail");
  if (!acceptsItself()) GTEST_SKIP() << "the kernel accepts by itself: no call can be made to fail";
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    SCOPED_TRACE(errorText(error));
    const std::size_t before = peers->peers.size();
    std::vector<RawSocket> clients;
    std::string log;
    {
      const FailingCall accepting(Call::accept4, error);
      // Connected in the kernel, waiting to be accepted.
      for (int count = 0; count < 3; ++count)
        clients.push_back(RawSocket::connectedTo(port->getHost()));
      until([&] { return accepting.count() >= 2; });
      expectOthersGoOn();
      log = takeLog();
      EXPECT_EQ(peers->peers.size(), before);
    }
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
    EXPECT_NE(log.find(errorText(error)), std::string::npos) << log;
    EXPECT_NE(log.find(port->getHost().toString()), std::string::npos) << log;
    until([&] { return peers->peers.size() == before + 3; });
  }
}

TEST_P(TcpFaults, ofConnectionsThatBrokeBeforeTheyWereAcceptedArePassedOver) {
  NOT_SIMULATED("a system call is made to fail");
  if (!acceptsItself()) GTEST_SKIP() << "the kernel accepts by itself: no call can be made to fail";
  for (const int error : {ECONNABORTED, EPROTO, EINTR, ENETDOWN, EHOSTUNREACH, EPERM}) {
    SCOPED_TRACE(errorText(error));
    const std::size_t before = peers->peers.size();
    const FailingCall accepting(Call::accept4, error, 100);
    const RawSocket client = RawSocket::connectedTo(port->getHost());
    until([&] { return peers->peers.size() == before + 1; });
    EXPECT_EQ(accepting.count(), 100);
    expectOthersGoOn();
  }
}

TEST_P(TcpFaults, ofAcceptingForWantOfDescriptorsPassWhenThereAreSomeAgain) {
  NOT_SIMULATED("it has no descriptors");
  if (!tests::DescriptorLimit::possible) GTEST_SKIP() << "the sanitizer needs descriptors";
  valueOf(port->stopListening());
  // Before it listens: a kernel that accepts by itself looks at the limit then.
  tests::DescriptorLimit limit(20);
  port = listenTCP(reactor, 0, peers, defaultBacklog, GetParam());
  settle();
  const std::size_t before = peers->peers.size();
  std::vector<RawSocket> clients;
  for (int count = 0; count < 3; ++count)
    clients.push_back(RawSocket::connectedTo(port->getHost()));
  limit.takeAll();
  std::string log;
  until([&] { return !(log += takeLog()).empty(); });
  expectOthersGoOn();
  log += takeLog();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_NE(log.find(errorText(EMFILE)), std::string::npos) << log;
  EXPECT_NE(log.find(port->getHost().toString()), std::string::npos) << log;
  EXPECT_EQ(peers->peers.size(), before);
  limit.giveBack();
  until([&] { return peers->peers.size() == before + 3; });
}

TEST_P(TcpFaults, ofAcceptingForGoodCloseThePortAndSaySo) {
  NOT_SIMULATED("it has no descriptors");
  // Somebody ends the listening behind its back.
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    NativeAddress address;
    address.size = sizeof address.storage;
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockname(descriptor, address.get(), &address.size) != 0 ||
        ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0)
      continue;
    if (detail::fromNative(address) == port->getHost()) ::shutdown(descriptor, SHUT_RDWR);
  }
  until([&] { return !port->listening(); });
  const std::string log = takeLog();
  EXPECT_NE(log.find(errorText(EINVAL)), std::string::npos) << log;
  EXPECT_NE(log.find(port->getHost().toString()), std::string::npos) << log;
  EXPECT_EQ(peers->stops, 1);
  expectOthersGoOn();
}

TEST_P(TcpFaults, ofAPortThatIsShortOfDescriptorsDoNotKeepItFromStopping) {
  NOT_SIMULATED("it has no descriptors");
  if (!tests::DescriptorLimit::possible) GTEST_SKIP() << "the sanitizer needs descriptors";
  valueOf(port->stopListening());
  tests::DescriptorLimit limit(20);
  port = listenTCP(reactor, 0, peers, defaultBacklog, GetParam());
  settle();
  const RawSocket client = RawSocket::connectedTo(port->getHost());
  limit.takeAll();
  std::string log;
  until([&] { return !(log += takeLog()).empty(); });
  valueOf(port->stopListening());
  EXPECT_TRUE(reactor.getDelayedCalls().empty());
}

TEST_P(TcpFaults, ofOpeningASocketFailTheConnectionAtOnce) {
  const FailingCall opening(Call::socket, EMFILE);
  if (auto* const simulation = network.simulation())
    simulation->setKernelConditions({.maxChannels = simulation->channels()});
  const auto result = resultOf(connectProtocol(endpoint(), std::make_shared<Peer>()));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.failure().get<ConnectError>()->osError(), EMFILE);
  EXPECT_EQ(result.failure().get<ConnectError>()->where(), port->getHost().toString());
  EXPECT_THROW(listenTCP(reactor, 0, peers, 5, GetParam()), CannotListenError);
}

INSTANTIATE_TEST_SUITE_P(Loopback, TcpFaults, ::testing::Values("127.0.0.1", "::1"),
                         [](const auto& host) { return host.index == 0 ? "IPv4" : "IPv6"; });

}  // namespace
}  // namespace hawser::nettest
