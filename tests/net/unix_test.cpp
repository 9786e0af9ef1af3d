#include "net/unix_fixture.h"

#include <hawser/net/unix.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cerrno>

namespace hawser::nettest {
namespace {

class Unix : public NetTest {
 protected:
  struct Pair {
    std::shared_ptr<Peer> client;
    std::shared_ptr<Peer> server;
  };
  Pair connect(const std::string& where) {
    auto client = std::make_shared<Peer>();
    const std::size_t before = peers->peers.size();
    valueOf(connectProtocol(UNIXClientEndpoint(reactor, where), client));
    until([&] { return peers->peers.size() > before; });
    return {client, peers->peers.back()};
  }
  /// The number of a process that has ended.
  static int deadProcess() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    return child;
  }

  Folder folder;
  std::string path = folder / "socket";
  std::shared_ptr<PeerFactory> peers = std::make_shared<PeerFactory>();
};

TEST_F(Unix, carriesBytesBothWaysAndEndsCleanly) {
  const auto port = listenUNIX(reactor, path, peers);
  EXPECT_EQ(port->getHost().toString(), "unix:" + path);
  const auto [client, server] = connect(path);
  const std::string much(3'000'000, 'x');
  server->onData = [](Peer& self, std::string_view bytes) { self.transport().write(bytes); };
  client->transport().write(much);
  until([&] { return client->received.size() == much.size(); });
  EXPECT_EQ(client->received, much);
  EXPECT_EQ(client->transport().getPeer(), Address::fromPath(path));
  EXPECT_EQ(server->transport().getHost(), Address::fromPath(path));
  EXPECT_EQ(server->transport().getPeer().toString(), "unix:");
  client->transport().loseConnection();
  until([&] { return client->lost() && server->lost(); });
  EXPECT_EQ(client->lostWith(), "ConnectionDone");
  EXPECT_EQ(server->lostWith(), "ConnectionDone");
  valueOf(port->stopListening());
  EXPECT_EQ(folder.size(), 0u) << "the socket's file is left";
}

TEST_F(Unix, knowsHalfAConnection) {
  const auto port = listenUNIX(reactor, path, peers);
  peers->prepare = [](Peer& server) {
    server.onReadLost = [](Peer& self) {
      self.transport().write("all of it: " + self.received);
      self.transport().loseConnection();
    };
  };
  const auto [client, server] = connect(path);
  client->transport().write("hello");
  client->transport().loseWriteConnection();
  until([&] { return client->lost(); });
  EXPECT_EQ(client->received, "all of it: hello");
  EXPECT_EQ(client->lostWith(), "ConnectionDone");
}

TEST_F(Unix, givesItsFileThePermissionsThatWereAskedFor) {
  const mode_t before = ::umask(077);
  for (const unsigned mode : {0666u, 0600u, 0660u}) {
    const auto port = listenUNIX(reactor, path, peers, defaultBacklog, mode);
    EXPECT_EQ(modeOf(path), mode);
    valueOf(port->stopListening());
  }
  ::umask(before);
}

TEST_F(Unix, isRefusedWhereAFileIsAlready) {
  const auto port = listenUNIX(reactor, path, peers);
  try {
    listenUNIX(reactor, path, peers);
    FAIL() << "two servers at one path";
  } catch (const CannotListenError& error) {
    EXPECT_EQ(error.osError(), EADDRINUSE);
    EXPECT_EQ(error.where(), "unix:" + path);
  }
  EXPECT_TRUE(exists(path)) << "the first one's file is gone";
  connect(path);
}

TEST_F(Unix, leavesAFileThatSomebodyElsePutThere) {
  const auto port = listenUNIX(reactor, path, peers);
  ::unlink(path.c_str());
  const auto other = listenUNIX(reactor, path, peers);
  valueOf(port->stopListening());
  EXPECT_TRUE(exists(path));
  connect(path);
}

TEST_F(Unix, withALockLetsInOneServerAndClearsAwayWhatADeadOneLeft) {
  auto port = listenUNIX(reactor, path, peers, defaultBacklog, 0666, true);
  EXPECT_TRUE(exists(path + ".lock"));
  EXPECT_EQ(std::filesystem::read_symlink(path + ".lock").string(), std::to_string(::getpid()));
  EXPECT_THROW(listenUNIX(reactor, path, peers, defaultBacklog, 0666, true), CannotListenError);
  valueOf(port->stopListening());
  EXPECT_EQ(folder.size(), 0u);

  // A server that was killed.
  port = listenUNIX(reactor, path, peers);
  const std::string kept = folder / "kept";
  std::filesystem::rename(path, kept);
  valueOf(port->stopListening());
  std::filesystem::rename(kept, path);
  EXPECT_THROW(listenUNIX(reactor, path, peers), CannotListenError);
  std::filesystem::create_symlink(std::to_string(deadProcess()), path + ".lock");
  port = listenUNIX(reactor, path, peers, defaultBacklog, 0666, true);
  connect(path);
  valueOf(port->stopListening());
  EXPECT_EQ(folder.size(), 0u);
}

TEST_F(Unix, withALockRemovesNothingButSockets) {
  std::filesystem::create_directory(path);
  std::filesystem::create_symlink(std::to_string(deadProcess()), path + ".lock");
  EXPECT_THROW(listenUNIX(reactor, path, peers, defaultBacklog, 0666, true), CannotListenError);
  EXPECT_TRUE(exists(path));
  EXPECT_FALSE(exists(path + ".lock"));
}

TEST_F(Unix, worksWithAbstractNamesThatAreNoFiles) {
  const std::string name = std::string("\0hawser.test.", 13) + std::to_string(::getpid());
  const auto port = listenUNIX(reactor, name, peers, defaultBacklog, 0600, true);
  EXPECT_EQ(port->getHost().toString(), "unix:@hawser.test." + std::to_string(::getpid()));
  const auto [client, server] = connect(name);
  client->transport().write("hello");
  until([&] { return server->received == "hello"; });
  EXPECT_EQ(folder.size(), 0u);
  EXPECT_THROW(listenUNIX(reactor, name, peers), CannotListenError);
  valueOf(port->stopListening());
  valueOf(listenUNIX(reactor, name, peers)->stopListening());
}

TEST_F(Unix, failsWithTheReasonWhenNobodyListens) {
  const auto failureOf = [&](const std::string& where) {
    const auto result =
        resultOf(connectProtocol(UNIXClientEndpoint(reactor, where), std::make_shared<Peer>()));
    return result ? std::string("connected") : result.failure().getErrorMessage();
  };
  EXPECT_NE(failureOf(path).find("ENOENT"), std::string::npos) << failureOf(path);
  valueOf(listenUNIX(reactor, path, peers)->stopListening());
  const RawSocket dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const auto refused =
      resultOf(connectProtocol(UNIXClientEndpoint(reactor, path), std::make_shared<Peer>()));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.failure().check<ConnectionRefusedError>());
  EXPECT_EQ(refused.failure().get<ConnectError>()->where(), "unix:" + path);
}

TEST_F(Unix, asksForALivingServersLockIfItShall) {
  auto port = listenUNIX(reactor, path, peers);
  const auto connected = [&] {
    return resultOf(
        connectProtocol(UNIXClientEndpoint(reactor, path, 5s, true), std::make_shared<Peer>()));
  };
  const auto refused = connected();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.failure().check<BadFileError>());
  std::filesystem::create_symlink(std::to_string(deadProcess()), path + ".lock");
  EXPECT_FALSE(connected());
  EXPECT_TRUE(exists(path + ".lock")) << "a client takes nothing";
  valueOf(port->stopListening());
  port = listenUNIX(reactor, path, peers, defaultBacklog, 0666, true);
  EXPECT_TRUE(connected());
}

TEST_F(Unix, triesAServerAgainWhoseQueueIsFull) {
  const RawSocket busy(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(busy.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(busy.get(), 0), 0);
  const auto first = std::make_shared<Peer>();
  valueOf(connectProtocol(UNIXClientEndpoint(reactor, path), first));
  const auto late =
      resultOf(connectProtocol(UNIXClientEndpoint(reactor, path, 50ms), std::make_shared<Peer>()));
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.failure().check<ConnectTimeoutError>());
  const auto second = std::make_shared<Peer>();
  auto connecting = connectProtocol(UNIXClientEndpoint(reactor, path), second);
  settle();
  EXPECT_FALSE(second->made());
  const RawSocket accepted(::accept(busy.get(), nullptr, nullptr));
  valueOf(std::move(connecting));
}

TEST_F(Unix, tellsAClientFactoryHowItFares) {
  struct Counting final : ClientFactory {
    std::shared_ptr<Protocol> buildProtocol(const Address&) override { return peer; }
    void clientConnectionFailed(Connector&, const Failure&) override { ++failed; }
    void clientConnectionLost(Connector&, const Failure&) override { ++lost; }
    std::shared_ptr<Peer> peer = std::make_shared<Peer>();
    int failed = 0;
    int lost = 0;
  };
  const auto factory = std::make_shared<Counting>();
  const auto connector = connectUNIX(reactor, path, factory);
  EXPECT_EQ(connector->getDestination(), "unix:" + path);
  until([&] { return factory->failed == 1; });
  const auto port = listenUNIX(reactor, path, peers);
  connector->connect();
  until([&] { return factory->peer->made(); });
  connector->disconnect();
  until([&] { return factory->lost == 1; });
}

TEST_F(Unix, refusesPathsThatNoSocketCanHave) {
  EXPECT_THROW(listenUNIX(reactor, std::string(108, 'x'), peers), BadAddressError);
  EXPECT_THROW(listenUNIX(reactor, std::string("a\0b", 3), peers), BadAddressError);
  EXPECT_THROW(UNIXClientEndpoint(reactor, std::string(108, 'x')), BadAddressError);
  EXPECT_THROW(listenUNIX(reactor, folder / "none/socket", peers), CannotListenError);
}

TEST_F(Unix, losesConnectionAndFileWhenTheReactorEnds) {
  const auto client = std::make_shared<Peer>();
  {
    Reactor another;
    listenUNIX(another, path, peers, defaultBacklog, 0666, true);
    EXPECT_EQ(folder.size(), 2u);
  }
  EXPECT_EQ(folder.size(), 0u);
}

TEST_F(Unix, canBeWrittenAsEndpointStrings) {
  const auto server = serverFromString(reactor, "unix:" + path + ":mode=660:lockfile=1:backlog=7");
  EXPECT_EQ(server.toString(), "unix:" + path + ":mode=660:lockfile=1");
  const auto port = valueOf(server.listen(peers));
  EXPECT_EQ(modeOf(path), 0660u);
  EXPECT_TRUE(exists(path + ".lock"));
  const auto client = clientFromString(reactor, "unix:path=" + path + ":timeout=9:lockfile=1");
  EXPECT_EQ(client.toString(), "unix:" + path);
  valueOf(connectProtocol(client, std::make_shared<Peer>()));
  EXPECT_EQ(clientFromString(reactor, "unix:@name").toString(), "unix:@name");
  EXPECT_EQ(serverFromString(reactor, "unix:address=/tmp/x\\:y").toString(),
            "unix:/tmp/x\\:y:mode=666:lockfile=1");
}

TEST_F(Unix, saysWhatIsWrongWithAnEndpointString) {
  for (const char* text : {"unix:", "unix:/x:mode=888", "unix:/x:mode=", "unix:/x:lockfile=2",
                           "unix:/x:backlog=0", "unix:/x:y", "unix:/x:timeout=3"})
    EXPECT_THROW(serverFromString(reactor, text), BadEndpointError) << text;
  for (const char* text : {"unix:", "unix:/x:timeout=0", "unix:/x:mode=600", "unix:lockfile=1"})
    EXPECT_THROW(clientFromString(reactor, text), BadEndpointError) << text;
  EXPECT_THROW(clientFromString(reactor, "unix:" + std::string(200, 'x')), BadEndpointError);
}

}  // namespace
}  // namespace hawser::nettest
