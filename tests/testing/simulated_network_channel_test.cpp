#include "testing/handlers.h"

#include <hawser/net/address.h>
#include <hawser/net/detail/native.h>
#include <hawser/reactor/channel.h>
#include <hawser/testing/simulated_network.h>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// The rules that every backend keeps (docs/design/reactor.md), on the simulated one.

namespace hawser::testing {
namespace {

using namespace std::chrono_literals;

class SimulatedChannels : public ::testing::Test {
 protected:
  SimulatedNetwork network{1,
                           {.cutting = 0, .minBuffer = 1000, .maxBuffer = 1000},
                           {.shortReads = 0, .shortWrites = 0, .lateSends = 0}};
  std::unique_ptr<Backend> backend = network.makeBackend();
  const NativeAddress serverAddress = detail::toNative(Address::parse("10.0.0.2:10000"));
  ChannelPtr server = listening();
  Accepter accepter;

  ChannelPtr open() { return backend->open(AF_INET, SOCK_STREAM); }
  ChannelPtr listening() {
    ChannelPtr channel = open();
    EXPECT_FALSE(channel->bind(serverAddress));
    EXPECT_FALSE(channel->listen(10));
    return channel;
  }
  void until(const std::function<bool()>& done) {
    while (!done()) {
      backend->wait(std::nullopt);
      backend->deliver();
    }
  }
  /// Whatever happens within a second.
  void settle() {
    const auto end = backend->now() + 1s;
    while (backend->now() < end) {
      backend->wait(end);
      backend->deliver();
    }
  }
  /// Both ends of a connection.
  std::pair<ChannelPtr, ChannelPtr> connected() {
    ChannelPtr channel = open();
    Connecter connecter;
    channel->connect(serverAddress, connecter);
    server->accept(accepter);
    until([&] { return connecter.done && !accepter.channels.empty(); });
    server->cancelAccept();
    ChannelPtr accepted = std::move(accepter.channels.back());
    accepter.channels.pop_back();
    return {std::move(channel), std::move(accepted)};
  }
  static SendQueue queueOf(const std::string& text) {
    SendQueue queue;
    queue.append(text);
    return queue;
  }
  static void sendAtOnce(Channel& channel, const std::string& text) {
    SendQueue queue = queueOf(text);
    Sender sender;
    EXPECT_TRUE(channel.send(queue, sender));
  }
};

TEST_F(SimulatedChannels, connectAndSayWithWhom) {
  ChannelPtr channel = open();
  Connecter connecter;
  channel->connect(serverAddress, connecter);
  EXPECT_FALSE(connecter.done) << "never from inside connect()";
  server->accept(accepter);
  until([&] { return connecter.done && accepter.channels.size() == 1; });
  const Address local = detail::fromNative(channel->localAddress());
  EXPECT_EQ(local.host(), "10.0.0.1");
  EXPECT_EQ(accepter.peers.at(0), local);
  EXPECT_EQ(detail::fromNative(channel->peerAddress()).toString(), "tcp:10.0.0.2:10000");
  EXPECT_EQ(detail::fromNative(accepter.channels[0]->localAddress()).toString(),
            "tcp:10.0.0.2:10000");
  EXPECT_EQ(channel->descriptor(), -1);
}

TEST_F(SimulatedChannels, tellWhatIsWrongInALaterTurn) {
  struct Case {
    int family;
    const char* address;
    std::errc error;
  };
  for (const auto& [family, address, error] :
       {Case{AF_INET, "10.0.0.2:1", std::errc::connection_refused},
        Case{AF_INET6, "10.0.0.2:10000", std::errc::address_family_not_supported}}) {
    ChannelPtr channel = backend->open(family, SOCK_STREAM);
    Connecter connecter;
    channel->connect(detail::toNative(Address::parse(address)), connecter);
    EXPECT_FALSE(connecter.error);
    until([&] { return connecter.error.has_value(); });
    EXPECT_EQ(*connecter.error, error);
  }
}

TEST_F(SimulatedChannels, doOneThingOfAKindAtATime) {
  auto [channel, peer] = connected();
  Receiver receiver;
  Sender sender;
  Connecter connecter;
  channel->receive(receiver);
  EXPECT_THROW(channel->receive(receiver), std::logic_error);
  SendQueue large = queueOf(std::string(5000, 'x'));
  ASSERT_FALSE(channel->send(large, sender));
  EXPECT_THROW(channel->connect(serverAddress, connecter), std::logic_error);
}

TEST_F(SimulatedChannels, leaveClientsInTheQueueWhileAcceptingIsPaused) {
  server->accept(accepter);
  server->pauseAccepting();
  ChannelPtr client = open();
  Connecter connecter;
  client->connect(serverAddress, connecter);
  settle();
  EXPECT_TRUE(connecter.done);
  EXPECT_TRUE(accepter.channels.empty());
  server->resumeAccepting();
  until([&] { return accepter.channels.size() == 1; });
}

TEST_F(SimulatedChannels, refuseTheRestWhenTheListenerClosesInsideAccepted) {
  ChannelPtr one = open();
  ChannelPtr two = open();
  Connecter first;
  Connecter second;
  one->connect(serverAddress, first);
  two->connect(serverAddress, second);
  settle();
  accepter.onAccept = [&] { server.reset(); };
  server->accept(accepter);
  until([&] { return !accepter.channels.empty(); });
  settle();
  EXPECT_EQ(accepter.channels.size(), 1u);
  int broken = 0;
  for (Channel* channel : {one.get(), two.get()}) {
    Receiver receiver;
    channel->receive(receiver);
    settle();
    broken += receiver.ended == std::errc::connection_reset ? 1 : 0;
  }
  EXPECT_EQ(broken, 1);
}

TEST_F(SimulatedChannels, reportOnceThatDescriptorsRanOut) {
  network.setKernelConditions({.acceptErrors = 1});
  ChannelPtr client = open();
  Connecter connecter;
  client->connect(serverAddress, connecter);
  server->accept(accepter);
  settle();
  ASSERT_EQ(accepter.errors.size(), 1u);
  EXPECT_EQ(accepter.errors[0], std::errc::too_many_files_open);
  network.setKernelConditions({});
  server->resumeAccepting();
  until([&] { return accepter.channels.size() == 1; });
}

TEST_F(SimulatedChannels, cannotAcceptWhereTheyDoNotListen) {
  ChannelPtr channel = open();
  channel->accept(accepter);
  until([&] { return !accepter.errors.empty(); });
  EXPECT_EQ(accepter.errors[0], std::errc::invalid_argument);
}

TEST_F(SimulatedChannels, deliverNothingWhilePausedAndLoseNothing) {
  auto [channel, peer] = connected();
  Receiver receiver;
  channel->receive(receiver);
  channel->pauseReceiving();
  sendAtOnce(*peer, "wait");
  peer.reset();
  settle();
  EXPECT_EQ(receiver.text, "");
  EXPECT_FALSE(receiver.ended);
  EXPECT_EQ(channel->unread(), 4u);
  channel->resumeReceiving();
  until([&] { return receiver.ended.has_value(); });
  EXPECT_EQ(receiver.text, "wait");
  EXPECT_FALSE(*receiver.ended) << "in order";
  EXPECT_EQ(channel->unread(), 0u);
}

TEST_F(SimulatedChannels, handReceivingOverInsideADelivery) {
  auto [channel, peer] = connected();
  Receiver second;
  auto first = std::make_unique<Receiver>();
  first->onData = [&, c = channel.get()] {
    c->cancelReceive();
    c->receive(second);
  };
  channel->receive(*first);
  sendAtOnce(*peer, "one");
  until([&] { return first->text == "one"; });
  first.reset();
  sendAtOnce(*peer, "two");
  until([&] { return second.text == "two"; });
}

TEST_F(SimulatedChannels, sendWhatFitsAndReportTheRest) {
  auto [channel, peer] = connected();
  SendQueue queue = queueOf(std::string(5000, 'x'));
  Sender sender;
  ASSERT_FALSE(channel->send(queue, sender));
  EXPECT_TRUE(queue.empty()) << "the operation owns the bytes";
  EXPECT_EQ(channel->unsent(), 4000u);
  settle();
  EXPECT_EQ(sender.left, 3000u) << "the peer's buffer is full";
  Receiver receiver;
  peer->receive(receiver);
  until([&] { return receiver.text.size() == 5000; });
  EXPECT_EQ(sender.left, 0u);
  EXPECT_EQ(sender.reported, 4000u);
}

TEST_F(SimulatedChannels, mayCompleteASendLater) {
  network.setKernelConditions({.shortWrites = 0, .lateSends = 1});
  auto [channel, peer] = connected();
  SendQueue queue = queueOf("hello");
  Sender sender;
  EXPECT_FALSE(channel->send(queue, sender));
  EXPECT_FALSE(sender.left);
  until([&] { return sender.left == 0u; });
  EXPECT_EQ(sender.reported, 5u);
}

TEST_F(SimulatedChannels, failToSendInALaterTurnAndDeliverFirstWhatCameBefore) {
  auto [channel, peer] = connected();
  network.setKernelConditions({.shortReads = 1, .destructiveResets = 0});
  sendAtOnce(*peer, "stop that");
  SendQueue queue = queueOf(std::string(5000, 'x'));
  Sender sender;
  ASSERT_FALSE(channel->send(queue, sender));
  settle();
  peer.reset();  // with bytes unread: a reset
  settle();
  EXPECT_TRUE(sender.error) << "nobody receives";

  Receiver receiver;
  Sender second;
  bool failedFirst = false;
  receiver.onData = [&] { failedFirst |= second.error.has_value(); };
  channel->receive(receiver);
  SendQueue more = queueOf("x");
  ASSERT_FALSE(channel->send(more, second));
  EXPECT_FALSE(second.error) << "never from inside send()";
  until([&] { return second.error.has_value(); });
  EXPECT_EQ(receiver.text, "stop that");
  EXPECT_FALSE(failedFirst);
}

TEST_F(SimulatedChannels, callNobodyOnceCancelled) {
  auto [channel, peer] = connected();
  auto sender = std::make_unique<Sender>();
  auto receiver = std::make_unique<Receiver>();
  SendQueue queue = queueOf(std::string(5000, 'x'));
  ASSERT_FALSE(channel->send(queue, *sender));
  channel->receive(*receiver);
  channel->cancelSend();
  channel->cancelReceive();
  EXPECT_EQ(channel->unsent(), 0u);
  sender.reset();
  receiver.reset();
  sendAtOnce(*peer, "x");
  settle();
  ChannelPtr another = open();
  auto connecter = std::make_unique<Connecter>();
  another->connect(serverAddress, *connecter);
  another->cancelConnect();
  connecter.reset();
  settle();
}

TEST_F(SimulatedChannels, mayBeClosedInsideAnyHandler) {
  auto [channel, peer] = connected();
  auto receiver = std::make_unique<Receiver>();
  bool called = false;
  receiver->onData = [&, &owned = channel] {
    called = true;
    owned.reset();
  };
  channel->receive(*receiver);
  sendAtOnce(*peer, "x");
  until([&] { return called; });
  receiver.reset();

  ChannelPtr connecting = open();
  Connecter connecter;
  connecter.onEnd = [&] { connecting.reset(); };
  connecting->connect(serverAddress, connecter);
  until([&] { return connecter.done; });
  settle();
}

TEST_F(SimulatedChannels, mayCloseAnotherWhoseTurnWouldBeNext) {
  auto [one, onePeer] = connected();
  auto [two, twoPeer] = connected();
  Receiver fromOne;
  Receiver fromTwo;
  sendAtOnce(*onePeer, "x");
  sendAtOnce(*twoPeer, "x");
  settle();
  fromOne.onData = [&, &other = two] { other.reset(); };
  fromTwo.onData = [&, &other = one] { other.reset(); };
  one->receive(fromOne);
  two->receive(fromTwo);
  settle();
  EXPECT_EQ(fromOne.text.size() + fromTwo.text.size(), 1u);
}

TEST_F(SimulatedChannels, mayOutliveTheirBackendAndDoNothingThen) {
  auto [channel, peer] = connected();
  Receiver receiver;
  Sender sender;
  channel->receive(receiver);
  backend.reset();
  channel->receive(receiver);
  channel->pauseReceiving();
  channel->resumeReceiving();
  SendQueue queue = queueOf("x");
  EXPECT_FALSE(channel->send(queue, sender));
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(channel->setOption(IPPROTO_TCP, TCP_NODELAY, 1));
  EXPECT_TRUE(channel->shutdownSend());
  EXPECT_EQ(channel->localAddress().size, 0u);
}

TEST_F(SimulatedChannels, keepTheirOptionsAndHandThemOn) {
  EXPECT_FALSE(server->setOption(IPPROTO_TCP, TCP_NODELAY, 1));
  EXPECT_TRUE(server->setOption(IPPROTO_TCP, 12345, 1));
  auto [channel, peer] = connected();
  int value = 0;
  std::size_t size = 0;
  EXPECT_FALSE(peer->getOption(IPPROTO_TCP, TCP_NODELAY,
                               std::as_writable_bytes(std::span(&value, 1)), size));
  EXPECT_EQ(size, sizeof value);
  EXPECT_EQ(value, 1);
}

TEST_F(SimulatedChannels, haveAddressesOfTheirOwn) {
  ChannelPtr second = open();
  std::error_code error = second->bind(serverAddress);
  if (!error) error = second->listen(1);
  EXPECT_EQ(error, std::errc::address_in_use);
  server.reset();
  ChannelPtr third = listening();
  EXPECT_EQ(detail::fromNative(third->localAddress()).port(), 10000);
}

TEST_F(SimulatedChannels, cannotBeMadeOfWhatIsNotSimulated) {
  const auto errorOf = [](auto make) {
    try {
      static_cast<void>(make());
    } catch (const std::system_error& error) {
      return error.code();
    }
    return std::error_code();
  };
  EXPECT_EQ(errorOf([&] { return backend->open(AF_UNIX, SOCK_STREAM); }),
            std::errc::address_family_not_supported);
  EXPECT_EQ(errorOf([&] { return backend->open(AF_INET, SOCK_SEQPACKET); }),
            std::errc::protocol_not_supported);
  EXPECT_EQ(errorOf([&] { return backend->adopt(FileDescriptor()); }), std::errc::not_supported);
}

TEST_F(SimulatedChannels, waitUntilTheTimeTheyAreGiven) {
  backend->wait(backend->now() + 5min);
  EXPECT_EQ(backend->now().time_since_epoch(), 5min);
  backend->wait(Backend::TimePoint::min());
  EXPECT_EQ(backend->now().time_since_epoch(), 5min);
  backend->wake();
  backend->wait(std::nullopt);
  EXPECT_THROW(backend->wait(std::nullopt), SimulationStuckError);
}

}  // namespace
}  // namespace hawser::testing
