#include "net/unix_fixture.h"

#include <hawser/net/unix.h>
#include <hawser/testing/string_transport.h>

#include <fcntl.h>

#include <cerrno>
#include <fstream>

namespace hawser::nettest {
namespace {

enum class Over { ipv4, unixSocket };
void PrintTo(Over over, std::ostream* stream) { *stream << (over == Over::ipv4 ? "IPv4" : "UNIX"); }

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26 + i / 997 % 3);
  return text;
}

class SendFile : public NetTest, public ::testing::WithParamInterface<Over> {
 protected:
  SendFile() {
    if (GetParam() == Over::ipv4)
      port = listenTCP(reactor, 0, peers, defaultBacklog, "127.0.0.1");
    else
      port = listenUNIX(reactor, folder / "socket", peers);
    const Address address = port->getHost();
    const ClientEndpoint endpoint =
        GetParam() == Over::ipv4
            ? ClientEndpoint(HostnameEndpoint(reactor, "127.0.0.1", address.port()))
            : ClientEndpoint(UNIXClientEndpoint(reactor, folder / "socket"));
    valueOf(connectProtocol(endpoint, client));
    until([&] { return !peers->peers.empty(); });
    server = peers->peers[0];
  }
  std::string makeFile(const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  Transport& out() { return server->transport(); }

  Folder folder;
  std::string path = folder / "file";
  std::shared_ptr<PeerFactory> peers = std::make_shared<PeerFactory>();
  std::shared_ptr<Port> port;
  std::shared_ptr<Peer> client = std::make_shared<Peer>();
  std::shared_ptr<Peer> server;
};

TEST_P(SendFile, sendsAWholeFileBetweenWhatWasWrittenBeforeAndAfter) {
  const std::string content = pattern(5'000'000);
  out().write("before ");
  auto sent = out().sendFile(makeFile(content));
  out().write(" after");
  EXPECT_EQ(valueOf(std::move(sent)), content.size());
  until([&] { return client->received.size() == content.size() + 13; });
  EXPECT_EQ(client->received, "before " + content + " after");
}

TEST_P(SendFile, sendsAPartOfAFile) {
  makeFile(pattern(100'000));
  EXPECT_EQ(valueOf(out().sendFile(path, 1000, 50'000)), 50'000u);
  EXPECT_EQ(valueOf(out().sendFile(path, 99'999)), 1u);
  EXPECT_EQ(valueOf(out().sendFile(path, 0, 0)), 0u);
  EXPECT_EQ(valueOf(out().sendFile(path, 200'000)), 0u);
  until([&] { return client->received.size() == 50'001; });
  EXPECT_EQ(client->received, pattern(100'000).substr(1000, 50'000) + pattern(100'000).back());
}

TEST_P(SendFile, sendsSeveralInOrderAndThenEnds) {
  const std::string content = pattern(700'000);
  makeFile(content);
  std::vector<std::uint64_t> results;
  for (int count = 0; count < 3; ++count) {
    out().write(std::to_string(count));
    out().sendFile(path).addCallback([&](std::uint64_t sent) { results.push_back(sent); });
  }
  out().loseConnection();
  until([&] { return client->lost() && server->lost(); });
  EXPECT_EQ(client->received, "0" + content + "1" + content + "2" + content);
  EXPECT_EQ(results, std::vector<std::uint64_t>(3, content.size()));
  EXPECT_EQ(client->lostWith(), "ConnectionDone");
}

TEST_P(SendFile, doesNotCountAgainstTheLimitsOfWriting) {
  out().setWriteLimits({.highWater = 1000, .hardCap = 10'000});
  client->transport().pauseProducing();
  auto sent = out().sendFile(makeFile(pattern(20'000'000)));
  settle();
  EXPECT_LE(out().queuedBytes(), 256 * 1024u);
  EXPECT_FALSE(out().disconnecting());
  client->transport().resumeProducing();
  EXPECT_EQ(valueOf(std::move(sent)), 20'000'000u);
  until([&] { return client->received.size() == 20'000'000; });
}

TEST_P(SendFile, asksAPullProducerOnlyWhenTheFileIsThrough) {
  struct Once final : Producer {
    explicit Once(Transport& t) : transport(t) {}
    void pauseProducing() override {}
    void resumeProducing() override {
      transport.write("produced");
      transport.unregisterProducer();
    }
    void stopProducing() override {}
    Transport& transport;
  };
  const std::string content = pattern(3'000'000);
  auto sent = out().sendFile(makeFile(content));
  out().registerProducer(std::make_shared<Once>(out()), false);
  valueOf(std::move(sent));
  until([&] { return client->received.size() == content.size() + 8; });
  EXPECT_EQ(client->received, content + "produced");
}

TEST_P(SendFile, failsWhenTheFileHasBecomeShorterAndGoesOn) {
  makeFile(pattern(10'000));
  auto sent = out().sendFile(path);
  ASSERT_EQ(::truncate(path.c_str(), 4000), 0);
  out().write("!");
  const auto result = resultOf(std::move(sent));
  ASSERT_FALSE(result);
  const auto* error = result.failure().get<FileTooShortError>();
  ASSERT_TRUE(error) << result.failure().getErrorMessage();
  EXPECT_EQ(error->sent(), 4000u);
  EXPECT_EQ(error->missing(), 6000u);
  until([&] { return client->received.size() == 4001; });
  EXPECT_TRUE(out().connected());
}

TEST_P(SendFile, failsWithWhatCannotBeRead) {
  const auto errorOf = [&](Deferred<std::uint64_t> sent) {
    const auto result = resultOf(std::move(sent));
    const auto* error = result ? nullptr : result.failure().get<FileSendError>();
    return error ? error->osError() : 0;
  };
  EXPECT_EQ(errorOf(out().sendFile(folder / "none")), ENOENT);
  EXPECT_EQ(errorOf(out().sendFile("/dev/null")), ESPIPE);
  EXPECT_EQ(errorOf(out().sendFile(FileDescriptor())), EBADF);
  makeFile("x");
  // Open for writing only.
  EXPECT_EQ(errorOf(out().sendFile(FileDescriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC)))),
            EBADF);
  out().write("goes on");
  until([&] { return client->received == "goes on"; });
}

TEST_P(SendFile, readsFilesThatTheKernelDoesNotSendByItself) {
  // They say that they are empty, so the number must be given.
  EXPECT_EQ(valueOf(out().sendFile("/proc/self/status", 0, 5)), 5u);
  until([&] { return client->received == "Name:"; });
}

TEST_P(SendFile, failsWithTheReasonWhenTheConnectionEnds) {
  makeFile(pattern(10'000'000));
  client->transport().pauseProducing();
  auto first = out().sendFile(path);
  auto second = out().sendFile(path);
  settle();
  client->transport().abortConnection();
  const auto lost = resultOf(std::move(first));
  ASSERT_FALSE(lost);
  EXPECT_TRUE(lost.failure().check<ConnectionLost>());
  EXPECT_FALSE(resultOf(std::move(second)));
  until([&] { return server->lost(); });
  const auto late = resultOf(out().sendFile(path));
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.failure().check<ConnectionLost>());
}

TEST_P(SendFile, failsWhenThisSideAborts) {
  makeFile(pattern(10'000'000));
  client->transport().pauseProducing();
  auto sent = out().sendFile(path);
  settle();
  out().abortConnection();
  const auto result = resultOf(std::move(sent));
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.failure().check<ConnectionAborted>());
}

TEST_P(SendFile, canBeCancelledBeforeItsTurn) {
  makeFile(pattern(3'000'000));
  auto first = out().sendFile(path);
  auto second = out().sendFile(path);
  out().write("!");
  second.cancel();
  EXPECT_TRUE(resultOf(std::move(second)).failure().check<CancelledError>());
  EXPECT_EQ(valueOf(std::move(first)), 3'000'000u);
  until([&] { return client->received.size() == 3'000'001; });
  EXPECT_EQ(client->received, pattern(3'000'000) + "!");
}

TEST_P(SendFile, canBeCancelledInTheMiddleAndWhatFollowsFollows) {
  const std::string content = pattern(50'000'000);
  client->transport().pauseProducing();
  auto sent = out().sendFile(makeFile(content));
  out().write("END!");
  settle();
  sent.cancel();
  EXPECT_TRUE(resultOf(std::move(sent)).failure().check<CancelledError>());
  client->transport().resumeProducing();
  until([&] { return client->received.ends_with("END!"); });
  const std::size_t size = client->received.size() - 4;
  EXPECT_LT(size, content.size());
  EXPECT_EQ(client->received.substr(0, size), content.substr(0, size));
}

TEST_P(SendFile, letsItsCallbackCloseTheConnection) {
  makeFile(pattern(1000));
  out().sendFile(path).addCallback([&](std::uint64_t) { out().abortConnection(); });
  out().sendFile(path).addErrback([](const ConnectionAborted&) { return std::uint64_t{0}; });
  until([&] { return server->lost(); });
}

TEST_P(SendFile, lapsesQuietlyWhenNobodyWaitsForIt) {
  const std::string content = pattern(100'000);
  static_cast<void>(out().sendFile(makeFile(content)));
  until([&] { return client->received == content; });
}

INSTANTIATE_TEST_SUITE_P(, SendFile, ::testing::Values(Over::ipv4, Over::unixSocket),
                         ::testing::PrintToStringParamName());

TEST(StringTransportSendFile, writesTheFile) {
  const Folder folder;
  std::ofstream(folder / "file") << "content";
  testing::StringTransport transport;
  std::uint64_t bytes = 0;
  transport.sendFile(folder / "file", 3).addCallback([&](std::uint64_t sent) { bytes = sent; });
  EXPECT_EQ(transport.value(), "tent");
  EXPECT_EQ(bytes, 4u);
}

}  // namespace
}  // namespace hawser::nettest
