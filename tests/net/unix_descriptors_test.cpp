#include "net/unix_fixture.h"
#include "support/descriptor_limit.h"

#include <hawser/net/file_descriptor_receiver.h>
#include <hawser/net/unix.h>
#include <hawser/testing/leftovers.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace hawser::nettest {
namespace {

/// Keeps descriptors and bytes, and the order in which they came.
class Taker final : public Protocol, public FileDescriptorReceiver {
 public:
  void connectionMade() override { made = true; }
  void dataReceived(std::string_view bytes) override {
    received += bytes;
    order += bytes;
  }
  void fileDescriptorReceived(FileDescriptor descriptor) override {
    order += '#';
    descriptors.push_back(std::move(descriptor));
    if (onDescriptor) onDescriptor(*this);
  }
  void connectionLost(const Failure& why) override { reason = why; }

  bool made = false;
  std::string received;
  std::string order;
  std::vector<FileDescriptor> descriptors;
  std::optional<Failure> reason;
  std::function<void(Taker&)> onDescriptor;
};

std::size_t openDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// What is read from a pipe whose reading end this is.
std::string readAll(const FileDescriptor& from) {
  std::array<char, 100> text;
  const ssize_t size = ::read(from.get(), text.data(), text.size());
  return size < 0 ? "failed" : std::string(text.data(), static_cast<std::size_t>(size));
}

class Descriptors : public NetTest {
 protected:
  Descriptors() {
    valueOf(connectProtocol(UNIXClientEndpoint(reactor, path), client));
    until([&] { return server->made; });
    before = openDescriptors();
  }
  Transport& out() { return client->transport(); }
  /// A pipe that has something in it: its reading end.
  static FileDescriptor letter(std::string_view text) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const FileDescriptor writing(ends[1]);
    EXPECT_EQ(::write(writing.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    return FileDescriptor(ends[0]);
  }
  void end() {
    out().loseConnection();
    until([&] { return server->reason && client->lost(); });
  }

  Folder folder;
  std::string path = folder / "socket";
  std::shared_ptr<Taker> server = std::make_shared<Taker>();
  std::shared_ptr<Peer> client = std::make_shared<Peer>();
  std::shared_ptr<Port> port =
      listenUNIX(reactor, path, factoryFrom([this](const Address&) { return server; }));
  std::size_t before = 0;
};

TEST_F(Descriptors, travelWithTheNextByteAndAreUsable) {
  {
    const FileDescriptor pipe = letter("hello");
    out().sendFileDescriptor(pipe.get());
  }
  settle();
  EXPECT_TRUE(server->descriptors.empty()) << "no byte has been written";
  out().write("x");
  until([&] { return server->received == "x"; });
  EXPECT_EQ(server->order, "#x");
  ASSERT_EQ(server->descriptors.size(), 1u);
  EXPECT_EQ(readAll(server->descriptors[0]), "hello");
  EXPECT_NE(::fcntl(server->descriptors[0].get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(Descriptors, neverComeAfterTheByteTheyWereSentWith) {
  const FileDescriptor pipe = letter("x");
  std::string expected;
  for (char c = 'a'; c <= 'z'; ++c) {
    out().write(std::string(1, c));
    out().sendFileDescriptor(pipe.get());
  }
  out().write("!");
  until([&] { return server->received.size() == 27; });
  EXPECT_EQ(server->descriptors.size(), 26u);
  std::size_t seen = 0;
  for (const char c : server->order) {
    if (c == '#')
      ++seen;
    else
      EXPECT_GE(seen, c == '!' ? 26u : static_cast<std::size_t>(c - 'a')) << server->order;
  }
}

TEST_F(Descriptors, comeInOrderHoweverManyAndHoweverLittleThePeerReads) {
  std::vector<FileDescriptor> pipes;
  for (int number = 0; number < 100; ++number) pipes.push_back(letter(std::to_string(number)));
  const std::string much(100'000, 'x');
  server->onDescriptor = [&](Taker& self) {
    self.transport().pauseProducing();
    reactor.callLater(0s, [&self] { self.transport().resumeProducing(); });
  };
  for (int number = 0; number < 100; ++number) {
    out().sendFileDescriptor(pipes[static_cast<std::size_t>(number)].get());
    out().write(number % 10 == 0 ? much : "x");
  }
  EXPECT_GT(out().queuedBytes(), 1'000'000u);
  until([&] { return server->received.size() == 10 * much.size() + 90; });
  ASSERT_EQ(server->descriptors.size(), 100u);
  for (int number = 0; number < 100; ++number)
    EXPECT_EQ(readAll(server->descriptors[static_cast<std::size_t>(number)]),
              std::to_string(number));
}

TEST_F(Descriptors, thatAreNoneAreRefusedAtOnce) {
  EXPECT_THROW(out().sendFileDescriptor(-1), std::system_error);
  EXPECT_THROW(out().sendFileDescriptor(100'000), std::system_error);
  out().write("goes on");
  until([&] { return server->received == "goes on"; });
}

TEST_F(Descriptors, ofWhichThereAreTooManyForOneByteAreRefused) {
  const FileDescriptor pipe = letter("x");
  for (int number = 0; number < 253; ++number) out().sendFileDescriptor(pipe.get());
  EXPECT_THROW(out().sendFileDescriptor(pipe.get()), std::length_error);
  out().write("x");
  until([&] { return server->descriptors.size() == 253; });
  server->descriptors.clear();
}

TEST_F(Descriptors, areNotForTcp) {
  const auto tcp = listenTCP(reactor, 0, std::make_shared<PeerFactory>(), 5, "127.0.0.1");
  const auto peer = std::make_shared<Peer>();
  valueOf(connectProtocol(HostnameEndpoint(reactor, "127.0.0.1", tcp->getHost().port()), peer));
  EXPECT_THROW(peer->transport().sendFileDescriptor(0), std::logic_error);
}

TEST_F(Descriptors, areClosedWhenTheConnectionEndsBeforeTheyCouldGo) {
  const FileDescriptor pipe = letter("x");
  out().sendFileDescriptor(pipe.get());
  out().sendFileDescriptor(pipe.get());
  EXPECT_EQ(openDescriptors(), before + 3);
  out().abortConnection();
  EXPECT_EQ(openDescriptors(), before + 1 - 1);
  out().sendFileDescriptor(pipe.get());
  until([&] { return client->lost() && server->reason; });
  EXPECT_EQ(openDescriptors(), before + 1 - 2);
}

TEST_F(Descriptors, areClosedWhenTheReceiverIsGoneBeforeTheyAreDelivered) {
  const FileDescriptor pipe = letter("x");
  for (int number = 0; number < 5; ++number) out().sendFileDescriptor(pipe.get());
  server->onDescriptor = [](Taker& self) { self.transport().abortConnection(); };
  out().write("x");
  until([&] { return server->reason && client->lost(); });
  EXPECT_EQ(server->descriptors.size(), 1u);
  EXPECT_EQ(server->received, "");
  server->descriptors.clear();
  EXPECT_EQ(openDescriptors(), before + 1 - 2) << "all but the pipe are closed";
}

TEST_F(Descriptors, areClosedIfTheProtocolTakesNone) {
  const FileDescriptor pipe = letter("x");
  server->transport().sendFileDescriptor(pipe.get());
  server->transport().write("x");
  until([&] { return client->received == "x"; });
  EXPECT_EQ(openDescriptors(), before + 1);
  EXPECT_NE(takeLog().find("FileDescriptorReceiver"), std::string::npos);
}

TEST_F(Descriptors, whoseHandlerThrowsEndTheConnection) {
  const FileDescriptor pipe = letter("x");
  server->onDescriptor = [](Taker&) { throw std::runtime_error("what is that?"); };
  out().sendFileDescriptor(pipe.get());
  out().sendFileDescriptor(pipe.get());
  out().write("x");
  until([&] { return server->reason.has_value(); });
  EXPECT_TRUE(server->reason->check<ConnectionAborted>());
  EXPECT_EQ(server->descriptors.size(), 1u);
  EXPECT_NE(takeLog().find("fileDescriptorReceived threw"), std::string::npos);
}

TEST_F(Descriptors, endTheConnectionIfNotOneOfThemArrives) {
  if (!tests::DescriptorLimit::possible) GTEST_SKIP() << "this program needs descriptors itself";
  server->transport().pauseProducing();
  {
    const FileDescriptor pipe = letter("x");
    out().sendFileDescriptor(pipe.get());
  }
  out().write("x");
  settle();
  {
    const tests::DescriptorLimit none(0);
    server->transport().resumeProducing();
    settle();
  }
  until([&] { return server->reason.has_value(); });
  ASSERT_TRUE(server->reason->check<ConnectionLost>());
  EXPECT_EQ(server->reason->get<ConnectionLost>()->osError(), EMFILE);
  EXPECT_EQ(server->received, "") << "a byte came without its descriptor";
}

TEST_F(Descriptors, thatGetLostForWantOfRoomEndTheConnection) {
  const FileDescriptor pipe = letter("x");
  for (int number = 0; number < 10; ++number) out().sendFileDescriptor(pipe.get());
  out().write("x");
  settle();
  // What has been sent waits in the socket of a receiver that does not read.
  server->descriptors.clear();
  server->received.clear();
  server->transport().pauseProducing();
  for (int number = 0; number < 10; ++number) out().sendFileDescriptor(pipe.get());
  out().write("x");
  settle();
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit tight{openDescriptors() + 4, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  server->transport().resumeProducing();
  settle();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  until([&] { return server->reason.has_value(); });
  ASSERT_TRUE(server->reason->check<ConnectionLost>());
  EXPECT_EQ(server->reason->get<ConnectionLost>()->osError(), EMFILE);
  EXPECT_TRUE(server->descriptors.empty());
}

}  // namespace
}  // namespace hawser::nettest
