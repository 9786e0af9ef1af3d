#include "net/datagram_fixture.h"
#include "net/unix_fixture.h"

#include <hawser/net/unix.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>

namespace hawser::nettest {
namespace {

class UnixDatagrams : public NetTest {
 protected:
  Folder folder;
  std::string path = folder / "socket";
  std::shared_ptr<Mailbox> here = std::make_shared<Mailbox>();
  std::shared_ptr<Mailbox> there = std::make_shared<Mailbox>();
  std::shared_ptr<DatagramTransport> server = listenUNIXDatagram(reactor, path, there);
};

TEST_F(UnixDatagrams, carryAQuestionAndItsAnswer) {
  there->onDatagram = [](Mailbox& self, std::string_view datagram, const Address& from) {
    self.transport().write(std::string(datagram) + " yourself", from);
  };
  const auto client = connectUNIXDatagram(reactor, path, here, 65'536, 0600, folder / "client");
  EXPECT_EQ(modeOf(folder / "client"), 0600u);
  EXPECT_EQ(client->getPeer(), server->getHost());
  client->write("hello");
  until([&] { return !here->received.empty(); });
  EXPECT_EQ(here->received[0], "hello yourself");
  EXPECT_EQ(there->senders[0], Address::fromPath(folder / "client"));
  valueOf(client->stopListening());
  valueOf(server->stopListening());
  EXPECT_EQ(folder.size(), 0u);
}

TEST_F(UnixDatagrams, mayComeFromSomebodyWithoutAName) {
  const auto client = connectUNIXDatagram(reactor, path, here);
  client->write("guess who");
  client->write("");
  until([&] { return there->received.size() == 2; });
  EXPECT_EQ(there->senders[0], Address()) << "nobody could answer";
  const auto sender = listenUNIXDatagram(reactor, "", std::make_shared<Mailbox>());
  sender->write("me", server->getHost());
  until([&] { return there->received.size() == 3; });
}

TEST_F(UnixDatagrams, workWithAbstractNames) {
  const std::string name = std::string("\0hawser.datagrams.", 18) + std::to_string(::getpid());
  const auto port = listenUNIXDatagram(reactor, name, here);
  server->write("hello", Address::fromPath(name));
  until([&] { return !here->received.empty(); });
  EXPECT_EQ(here->senders[0], server->getHost());
}

TEST_F(UnixDatagrams, waitInOrderForAReceiverWithoutRoom) {
  // Connected or not: the kernel tells the one when there is room, and not the other.
  const RawSocket slow(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const std::string where = folder / "slow";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  where.copy(address.sun_path, where.size());
  ASSERT_EQ(::bind(slow.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  for (const bool connected : {true, false}) {
    const auto mailbox = std::make_shared<Mailbox>();
    const auto sender = connected ? connectUNIXDatagram(reactor, where, mailbox)
                                  : listenUNIXDatagram(reactor, "", mailbox);
    for (int number = 0; number < 1500; ++number) {
      if (connected)
        sender->write(std::to_string(number));
      else
        sender->write(std::to_string(number), Address::fromPath(where));
    }
    EXPECT_GT(sender->queuedBytes(), 0u);
    int received = 0;
    until([&] {
      char text[10];
      for (ssize_t size = 0; (size = ::recv(slow.get(), text, sizeof text, 0)) > 0; ++received)
        EXPECT_EQ(std::string(text, static_cast<std::size_t>(size)), std::to_string(received));
      return received == 1500;
    });
    EXPECT_EQ(sender->queuedBytes(), 0u);
  }
}

TEST_F(UnixDatagrams, tellWhenTheOtherOneIsGone) {
  const auto client = connectUNIXDatagram(reactor, path, here);
  valueOf(server->stopListening());
  for (int count = 1; count <= 3; ++count) {
    client->write("hello?");
    EXPECT_LT(here->refusals, count);
    until([&] { return here->refusals >= count; });
  }
  EXPECT_TRUE(client->listening());
  EXPECT_EQ(takeLog(), "");
}

TEST_F(UnixDatagrams, sayThatNobodyIsThere) {
  const auto errorOf = [](auto call) {
    try {
      call();
    } catch (const DatagramError& error) {
      return error.osError();
    }
    return 0;
  };
  EXPECT_EQ(errorOf([&] { connectUNIXDatagram(reactor, folder / "none", here); }), ENOENT);
  EXPECT_EQ(here->starts, 0);
  EXPECT_EQ(errorOf([&] { server->write("x", Address::fromPath(folder / "none")); }), ENOENT);
  EXPECT_THROW(listenUNIXDatagram(reactor, path, here), CannotListenError);
  EXPECT_THROW(server->write(std::string(10'000'000, 'x'), server->getHost()), MessageLengthError);
}

TEST_F(UnixDatagrams, longerThanTheBufferAreNotTakenForWhole) {
  const auto client = connectUNIXDatagram(reactor, path, here);
  client->write(std::string(65'536, 'x'));
  client->write(std::string(65'537, 'x'));
  client->write("end");
  until([&] { return there->received.size() == 2; });
  EXPECT_EQ(there->received[0].size(), 65'536u);
  EXPECT_EQ(there->truncated.size(), 1u);
}

TEST_F(UnixDatagrams, knowNoMulticast) {
  EXPECT_FALSE(resultOf(server->joinGroup("239.1.2.3")));
  EXPECT_THROW(server->setTTL(1), SocketOptionError);
}

}  // namespace
}  // namespace hawser::nettest
