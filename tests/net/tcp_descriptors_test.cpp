#include "net/net_fixture.h"

#include <hawser/net/detail/native.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace hawser::nettest {
namespace {

/// Somebody closes a descriptor that is the reactor's: a bug elsewhere in the program, which must
/// end in an error that says so, and cost nobody else his connection.
class TcpDescriptors : public TcpTest {
 protected:
  void SetUp() override {
    TcpTest::SetUp();
    peers->prepare = [](Peer& server) {
      server.onData = [](Peer& self, std::string_view bytes) { self.transport().write(bytes); };
    };
    bystander = connect();
    pair = connect();
  }
  void expectOthersGoOn(const Pair& other) {
    other.client->received.clear();
    other.client->transport().write("still here?");
    until([&] { return other.client->received == "still here?"; });
  }

  using Ask = int (*)(int, sockaddr*, socklen_t*);
  static bool is(int descriptor, Ask ask, const Address& address) {
    NativeAddress native;
    native.size = sizeof native.storage;
    return ask(descriptor, native.get(), &native.size) == 0 &&
           detail::fromNative(native) == address;
  }
  /// The descriptor of a connection's end.
  static int descriptorOf(Peer& peer) {
    for (int descriptor = 0; descriptor < 1024; ++descriptor)
      if (is(descriptor, &::getsockname, peer.transport().getHost()) &&
          is(descriptor, &::getpeername, peer.transport().getPeer()))
        return descriptor;
    ADD_FAILURE() << "there is no such connection";
    return -1;
  }
  int descriptorOfPort() const {
    for (int descriptor = 0; descriptor < 1024; ++descriptor) {
      int listens = 0;
      socklen_t size = sizeof listens;
      if (is(descriptor, &::getsockname, port->getHost()) &&
          ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0)
        return descriptor;
    }
    ADD_FAILURE() << "nobody listens";
    return -1;
  }
  /// Does the kernel keep what it works on open, whoever closes the descriptor?
  bool kernelHolds() { return reactor.backend().name() == "io_uring"; }

  Pair bystander;
  Pair pair;
};

TEST_P(TcpDescriptors, closedBehindOurBackEndTheConnectionThatWrites) {
  ::close(descriptorOf(*pair.server));
  pair.server->transport().write("is anybody there?");
  until([&] { return pair.server->lost(); });
  ASSERT_EQ(pair.server->lostWith(), "ConnectionLost");
  EXPECT_EQ(pair.server->reason->get<ConnectionLost>()->osError(), EBADF);
  until([&] { return pair.client->lost(); });
  expectOthersGoOn(bystander);
}

TEST_P(TcpDescriptors, closedBehindOurBackAndGivenToANewConnectionAreNotTakenFromThat) {
  const int number = descriptorOf(*pair.server);
  ::close(number);
  // The next descriptor that is opened gets the number.
  const auto client = std::make_shared<Peer>();
  const auto connecting = connectProtocol(endpoint(), client);
  until([&] { return client->made() && peers->peers.size() == 3; });
  const Pair newcomer{client, peers->peers.back()};
  until([&] { return pair.server->lost(); });
  EXPECT_EQ(pair.server->lostWith(), "ConnectionLost");
  EXPECT_EQ(pair.server->reason->get<ConnectionLost>()->osError(), EBADF);
  const std::string log = takeLog();
  EXPECT_NE(log.find("behind"), std::string::npos) << log;
  EXPECT_NE(log.find(std::to_string(number)), std::string::npos) << log;
  settle();
  expectOthersGoOn(newcomer);
  expectOthersGoOn(bystander);
}

TEST_P(TcpDescriptors, ofAPortClosedBehindOurBackIsNotTakenFromTheNextWhoGetsTheNumber) {
  const Address address = port->getHost();
  const int number = descriptorOfPort();
  ::close(number);
  const auto next = listenTCP(reactor, 0, peers, defaultBacklog, GetParam());
  std::string log;
  until([&] { return !port->listening(); });
  log += takeLog();
  EXPECT_NE(log.find(std::to_string(number)), std::string::npos) << log;
  EXPECT_NE(log.find(address.toString()), std::string::npos) << log;
  const auto client = std::make_shared<Peer>();
  valueOf(connectProtocol(HostnameEndpoint(reactor, GetParam(), next->getHost().port()), client));
  until([&] { return peers->peers.size() == 3; });
  expectOthersGoOn({client, peers->peers.back()});
  expectOthersGoOn(bystander);
}

TEST_P(TcpDescriptors, closedBehindOurBackMayBeClosedByTheProtocolToo) {
  ::close(descriptorOf(*pair.server));
  pair.server->transport().abortConnection();
  until([&] { return pair.server->lost(); });
  EXPECT_EQ(pair.server->lostWith(), "ConnectionAborted");
  expectOthersGoOn(bystander);
}

INSTANTIATE_TEST_SUITE_P(Loopback, TcpDescriptors, ::testing::Values("127.0.0.1", "::1"),
                         [](const auto& host) { return host.index == 0 ? "IPv4" : "IPv6"; });

}  // namespace
}  // namespace hawser::nettest
