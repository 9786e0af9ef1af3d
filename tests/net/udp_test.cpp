#include "net/datagram_fixture.h"
#include "net/failing_calls.h"

#include <hawser/net/detail/datagram_port.h>
#include <hawser/net/detail/datagram_text.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace hawser::nettest {
namespace {

class Udp : public NetTest, public ::testing::WithParamInterface<const char*> {
 protected:
  std::shared_ptr<DatagramTransport> open(const std::shared_ptr<Mailbox>& mailbox) {
    return listenUDP(reactor, 0, mailbox, {.interface = GetParam()});
  }
  /// An address of this machine where nobody listens.
  Address nobody() {
    const auto mailbox = std::make_shared<Mailbox>();
    const auto closed = open(mailbox);
    valueOf(closed->stopListening());
    return closed->getHost();
  }
  bool ipv6() const { return std::string(GetParam()) == "::1"; }

  std::shared_ptr<Mailbox> here = std::make_shared<Mailbox>();
  std::shared_ptr<Mailbox> there = std::make_shared<Mailbox>();
  std::shared_ptr<DatagramTransport> port = open(here);
  std::shared_ptr<DatagramTransport> other = open(there);
};

TEST_P(Udp, carriesADatagramAndItsAnswer) {
  there->onDatagram = [](Mailbox& self, std::string_view datagram, const Address& from) {
    self.transport().write(std::string(datagram) + " yourself", from);
  };
  port->write("hello", other->getHost());
  until([&] { return !here->received.empty(); });
  EXPECT_EQ(here->received[0], "hello yourself");
  EXPECT_EQ(here->senders[0], other->getHost());
  EXPECT_EQ(there->senders[0], port->getHost());
}

TEST_P(Udp, startsItsProtocolBeforeListenUdpReturnsAndStopsItAfterTheTurn) {
  EXPECT_EQ(here->starts, 1);
  EXPECT_TRUE(port->listening());
  EXPECT_NE(port->getHost().port(), 0);
  Deferred<void> stopped = port->stopListening();
  EXPECT_FALSE(port->listening());
  EXPECT_EQ(here->stops, 0) << "never from inside a call to the transport";
  valueOf(std::move(stopped));
  EXPECT_EQ(here->stops, 1);
  valueOf(port->stopListening());
  EXPECT_EQ(here->stops, 1);
}

TEST_P(Udp, triesAgainToReceiveWhenTheKernelHadNoMemoryToWaitWith) {
  NOT_SIMULATED("it is a system call that fails");
  const auto late = std::make_shared<Mailbox>();
  std::shared_ptr<DatagramTransport> lacking;
  {
    const FailingCall fault(Call::epoll_ctl, ENOMEM, 1);
    lacking = open(late);
    settle();
    if (fault.count() == 0) GTEST_SKIP() << "poll has nothing to register";
  }
  port->write("hello", lacking->getHost());
  until([&] { return !late->received.empty(); });
  EXPECT_TRUE(lacking->listening());
  EXPECT_NE(takeLog().find("cannot receive for now: "), std::string::npos);
}

TEST_P(Udp, doesNothingOnAPortThatIsClosed) {
  valueOf(port->stopListening());
  port->write("x", other->getHost());
  port->connect(other->getHost());
  port->setBroadcastAllowed(true);
  EXPECT_FALSE(port->getBroadcastAllowed());
  EXPECT_EQ(port->getTTL(), 0);
  valueOf(port->joinGroup("224.0.0.251"));
  EXPECT_EQ(port->queuedBytes(), 0u);
  settle();
  EXPECT_TRUE(there->received.empty());
}

TEST_P(Udp, opensAPortAgainThatWasJustClosed) {
  const Address address = port->getHost();
  auto stopped = port->stopListening();
  const auto again = std::make_shared<Mailbox>();
  const auto reopened = listenUDP(reactor, address.port(), again, {.interface = GetParam()});
  EXPECT_EQ(reopened->getHost(), address);
  valueOf(std::move(stopped));
}

TEST_P(Udp, saysThatAPortIsInUse) {
  try {
    listenUDP(reactor, port->getHost().port(), there, {.interface = GetParam()});
    FAIL() << "two ports on one address";
  } catch (const CannotListenError& error) {
    EXPECT_EQ(error.osError(), EADDRINUSE);
    EXPECT_EQ(error.where(), detail::datagramText(port->getHost()));
  }
}

TEST_P(Udp, refusesAProtocolThatHasAPortAlready) {
  EXPECT_THROW(open(here), std::logic_error);
  port->write("still there", other->getHost());
  until([&] { return !there->received.empty(); });
}

TEST_P(Udp, closesThePortWhenStartProtocolThrows) {
  const auto mailbox = std::make_shared<Mailbox>();
  mailbox->onStart = [](Mailbox&) { throw std::runtime_error("not today"); };
  EXPECT_THROW(open(mailbox), std::runtime_error);
  EXPECT_FALSE(mailbox->transport().listening());
  settle();
  EXPECT_EQ(mailbox->stops, 0);
}

TEST_P(Udp, letsTheProtocolStopThePortAnywhere) {
  const auto early = std::make_shared<Mailbox>();
  early->onStart = [](Mailbox& self) { self.transport().stopListening(); };
  open(early);
  here->onDatagram = [](Mailbox& self, std::string_view, const Address&) {
    self.transport().stopListening();
  };
  other->write("one", port->getHost());
  other->write("two", port->getHost());
  until([&] { return here->stops == 1 && early->stops == 1; });
  settle();
  EXPECT_EQ(here->received.size(), 1u);
}

TEST_P(Udp, goesOnAfterAProtocolThrew) {
  here->onDatagram = [](Mailbox&, std::string_view datagram, const Address&) {
    if (datagram == "bad") throw std::runtime_error("what is that?");
  };
  other->write("bad", port->getHost());
  other->write("good", port->getHost());
  until([&] { return here->received.size() == 2; });
  EXPECT_NE(takeLog().find("datagramReceived threw"), std::string::npos);
}

TEST_P(Udp, goesOnAfterAnyOtherEventThrew) {
  const auto fail = [](auto&&...) { throw std::runtime_error("what is that?"); };
  const auto lonely = std::make_shared<Mailbox>();
  const auto connected = open(lonely);
  connected->connect(nobody());
  lonely->onRefused = fail;
  lonely->onStop = fail;
  while (lonely->refusals < 2) {
    connected->write("is anybody there?");
    const int before = lonely->refusals;
    until([&] { return lonely->refusals > before; });
  }
  EXPECT_NE(takeLog().find("connectionRefused threw"), std::string::npos);
  valueOf(connected->stopListening());
  EXPECT_NE(takeLog().find("stopProtocol threw"), std::string::npos);
}

TEST_P(Udp, endsInOrderWhenTheReactorIsStoppedInAnyEvent) {
  NOT_SIMULATED("each has a reactor of its own");
  const std::pair<const char*, std::function<void(Mailbox&, Reactor&)>> cases[] = {
      {"startProtocol",
       [](Mailbox& box, Reactor& own) { box.onStart = [&own](Mailbox&) { own.stop(); }; }},
      {"datagramReceived",
       [](Mailbox& box, Reactor& own) {
         box.onStart = [](Mailbox& self) {
           self.transport().write("me", self.transport().getHost());
         };
         box.onDatagram = [&own](Mailbox&, std::string_view, const Address&) { own.stop(); };
       }},
      {"connectionRefused",
       [to = nobody()](Mailbox& box, Reactor& own) {
         box.onStart = [to](Mailbox& self) {
           self.transport().connect(to);
           self.transport().write("is anybody there?");
         };
         box.onRefused = [&own](Mailbox&) { own.stop(); };
       }},
      {"stopProtocol",
       [](Mailbox& box, Reactor& own) {
         box.onStart = [](Mailbox& self) { self.transport().stopListening(); };
         box.onStop = [&own](Mailbox&) { own.stop(); };
       }},
  };
  for (const auto& [event, prepare] : cases) {
    SCOPED_TRACE(event);
    Reactor own;
    const auto mailbox = std::make_shared<Mailbox>();
    prepare(*mailbox, own);
    own.callWhenRunning([&] { listenUDP(own, 0, mailbox, {.interface = GetParam()}); });
    const DelayedCall watchdog = own.callLater(10s, [&] {
      ADD_FAILURE() << "nobody stopped the reactor";
      own.stop();
    });
    own.run();
    EXPECT_EQ(mailbox->stops, 1);
    EXPECT_FALSE(mailbox->transport().listening());
  }
}

TEST_P(Udp, carriesDatagramsOfEverySizeThatTheNetworkAllows) {
  const std::size_t longest = ipv6() ? 65'527 : 65'507;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1472}, longest}) {
    SCOPED_TRACE(size);
    there->received.clear();
    port->write(std::string(size, 'x'), other->getHost());
    until([&] { return !there->received.empty(); });
    EXPECT_EQ(there->received[0].size(), size);
  }
  try {
    port->write(std::string(longest + 1, 'x'), other->getHost());
    FAIL() << "no network carries that";
  } catch (const MessageLengthError& error) {
    EXPECT_EQ(error.osError(), EMSGSIZE);
    EXPECT_NE(std::string(error.what()).find(std::to_string(longest + 1)), std::string::npos)
        << error.what();
  }
}

TEST_P(Udp, givesNoHalfADatagramForAWholeOne) {
  const auto small = std::make_shared<Mailbox>();
  small->logsTruncated = true;
  const auto limited = listenUDP(reactor, 0, small, {.interface = GetParam(), .maxPacketSize = 10});
  for (const char* text : {"0123456789", "0123456789a", "0123456789ab", "short"})
    port->write(text, limited->getHost());
  until([&] { return small->received.size() == 2; });
  EXPECT_EQ(small->received, (std::vector<std::string>{"0123456789", "short"}));
  EXPECT_EQ(small->truncated, (std::vector<std::string>{"0123456789", "0123456789"}));
  const std::string log = takeLog();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_NE(log.find(detail::datagramText(port->getHost())), std::string::npos) << log;
}

TEST_P(Udp, thatIsConnectedTalksWithOneOnly) {
  const auto stranger = std::make_shared<Mailbox>();
  const auto strange = open(stranger);
  port->connect(other->getHost());
  EXPECT_EQ(port->getPeer(), other->getHost());
  port->write("hello");
  port->write("again", other->getHost());
  EXPECT_THROW(port->write("x", strange->getHost()), std::logic_error);
  EXPECT_THROW(port->connect(strange->getHost()), std::logic_error);
  strange->write("let me in", port->getHost());
  until([&] { return there->received.size() == 2; });
  other->write("answer", port->getHost());
  until([&] { return !here->received.empty(); });
  EXPECT_EQ(here->received, std::vector<std::string>{"answer"});
  settle();
  EXPECT_EQ(here->received.size(), 1u);
}

TEST_P(Udp, mustBeToldWhereToSendUnlessItIsConnected) {
  EXPECT_THROW(port->write("x"), std::logic_error);
  EXPECT_THROW(port->connect("localhost", 53), BadAddressError);
  port->connect(other->getHost().host(), other->getHost().port());
  port->write("x");
  until([&] { return !there->received.empty(); });
}

TEST_P(Udp, tellsAConnectedProtocolThatNobodyListens) {
  port->connect(nobody());
  port->write("hello?");
  until([&] { return here->refusals > 0; });
  EXPECT_TRUE(port->listening());
}

TEST_P(Udp, tellsARefusalThatAWriteFindsInALaterStepAndSendsAllTheSame) {
  const Address address = nobody();
  port->connect(address);
  port->write("lost");
  // The answer is here at once on the loopback; the next write is what the kernel tells it to.
  port->write("finds it");
  EXPECT_EQ(here->refusals, 0);
  until([&] { return here->refusals > 0; });
  const auto late = std::make_shared<Mailbox>();
  const auto server = listenUDP(reactor, address.port(), late, {.interface = GetParam()});
  port->write("finds another and is sent");
  until([&] { return !late->received.empty(); });
  EXPECT_EQ(late->received[0], "finds another and is sent");
}

TEST_P(Udp, mayBeStoppedByARefusal) {
  here->onRefused = [](Mailbox& self) { self.transport().stopListening(); };
  port->connect(nobody());
  port->write("one");
  port->write("two");
  until([&] { return here->stops == 1; });
}

TEST_P(Udp, thatIsNotConnectedHearsNothingOfRefusals) {
  const Address address = nobody();
  port->write("one", address);
  port->write("two", address);
  settle();
  EXPECT_EQ(here->refusals, 0);
}

TEST_P(Udp, keepsDatagramsInOrderUntilThereIsRoom) {
  NOT_SIMULATED("a system call is made to fail");
  for (const int error : {EAGAIN, ENOBUFS}) {
    SCOPED_TRACE(errorText(error));
    there->received.clear();
    {
      const FailingCall sending(Call::sendto, error);
      port->write("one", other->getHost());
      port->write("two", other->getHost());
      EXPECT_EQ(port->queuedBytes(), 2 * (3 + 64u));
      until([&] { return sending.count() >= 3; });
    }
    port->write("three", other->getHost());
    until([&] { return there->received.size() == 3; });
    EXPECT_EQ(there->received, (std::vector<std::string>{"one", "two", "three"}));
    EXPECT_EQ(port->queuedBytes(), 0u);
  }
}

TEST_P(Udp, dropsDatagramsWithAnErrorWhenTooManyWait) {
  NOT_SIMULATED("a system call is made to fail");
  const FailingCall sending(Call::sendto, ENOBUFS);
  const std::string big(60'000, 'x');
  std::size_t accepted = 0;
  try {
    for (; accepted < 100; ++accepted) port->write(big, other->getHost());
    FAIL() << "no bound";
  } catch (const DatagramQueueFullError& error) {
    EXPECT_EQ(error.limit(), detail::DatagramPort::queueLimit);
    EXPECT_EQ(error.where(), detail::datagramText(other->getHost()));
  }
  EXPECT_EQ(accepted, 4u);
  port->write("there is room for a small one", other->getHost());
  valueOf(port->stopListening());
  EXPECT_TRUE(reactor.getDelayedCalls().empty());
}

TEST_P(Udp, logsWhatHappensToADatagramThatWaited) {
  NOT_SIMULATED("a system call is made to fail");
  {
    const FailingCall sending(Call::sendto, EAGAIN);
    port->write("doomed", other->getHost());
    until([&] { return sending.count() >= 2; });
  }
  {
    const FailingCall sending(Call::sendto, ENETUNREACH);
    until([&] { return sending.count() >= 1; });
  }
  EXPECT_NE(takeLog().find(errorText(ENETUNREACH)), std::string::npos);
  EXPECT_EQ(port->queuedBytes(), 0u);
}

TEST_P(Udp, throwsWhatTheKernelRefuses) {
  NOT_SIMULATED("a system call is made to fail");
  const FailingCall sending(Call::sendto, ENETUNREACH);
  try {
    port->write("x", other->getHost());
    FAIL() << "the kernel refused";
  } catch (const DatagramError& error) {
    EXPECT_EQ(error.osError(), ENETUNREACH);
    EXPECT_EQ(error.where(), detail::datagramText(other->getHost()));
  }
}

TEST_P(Udp, stopsItsProtocolWhenTheReactorEnds) {
  const auto mailbox = std::make_shared<Mailbox>();
  {
    Reactor another;
    listenUDP(another, 0, mailbox, {.interface = GetParam()});
  }
  EXPECT_EQ(mailbox->stops, 1);
  EXPECT_FALSE(mailbox->transport().listening());
}

TEST_P(Udp, letsSeveralPortsShareAnAddressIfAllSaySo) {
  const DatagramOptions shared{.interface = GetParam(), .listenMultiple = true};
  const auto first = std::make_shared<Mailbox>();
  const auto second = std::make_shared<Mailbox>();
  const auto one = listenUDP(reactor, 0, first, shared);
  const auto two = listenUDP(reactor, one->getHost().port(), second, shared);
  port->write("for one of you", one->getHost());
  until([&] { return first->received.size() + second->received.size() == 1; });
}

INSTANTIATE_TEST_SUITE_P(Loopback, Udp, ::testing::Values("127.0.0.1", "::1"),
                         [](const auto& host) { return host.index == 0 ? "IPv4" : "IPv6"; });

class UdpMulticast : public NetTest {
 protected:
  static constexpr const char* group = "239.255.13.7";
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  std::shared_ptr<Mailbox> second = std::make_shared<Mailbox>();
  std::shared_ptr<DatagramTransport> port =
      listenMulticast(reactor, 0, mailbox, {.listenMultiple = true});
  std::shared_ptr<DatagramTransport> sharing =
      listenMulticast(reactor, port->getHost().port(), second, {.listenMultiple = true});
  Address target() const { return *Address::fromNumericHost(group, port->getHost().port()); }
};

TEST_F(UdpMulticast, reachesEveryoneWhoHasJoinedAndNobodyElse) {
  valueOf(port->joinGroup(group, "127.0.0.1"));
  valueOf(port->setOutgoingInterface("127.0.0.1"));
  valueOf(sharing->joinGroup(group, "lo"));
  EXPECT_EQ(port->getOutgoingInterface(), "127.0.0.1");
  port->write("all of you", target());
  until([&] { return !mailbox->received.empty() && !second->received.empty(); });
  valueOf(sharing->leaveGroup(group, "lo"));
  port->write("all who stayed", target());
  until([&] { return mailbox->received.size() == 2; });
  settle();
  EXPECT_EQ(second->received.size(), 1u);
}

TEST_F(UdpMulticast, isNotHeardOnThisMachineWithoutLoopback) {
  valueOf(port->joinGroup(group, "127.0.0.1"));
  valueOf(port->setOutgoingInterface("lo"));
  EXPECT_TRUE(port->getLoopbackMode());
  port->setLoopbackMode(false);
  EXPECT_FALSE(port->getLoopbackMode());
  port->setTTL(7);
  EXPECT_EQ(port->getTTL(), 7);
  EXPECT_THROW(port->setTTL(256), SocketOptionError);
}

TEST_F(UdpMulticast, saysWhyAGroupCannotBeJoined) {
  const auto problem = [&](const char* what, const char* interface) {
    const auto result = resultOf(port->joinGroup(what, interface));
    return result ? std::string() : result.failure().getErrorMessage();
  };
  EXPECT_NE(problem("127.0.0.1", "").find("127.0.0.1"), std::string::npos);
  EXPECT_NE(problem("ff02::1", "").find("IPv4"), std::string::npos);
  EXPECT_NE(problem("all of them", "").find("IPv4"), std::string::npos);
  EXPECT_NE(problem(group, "nonesuch0").find("nonesuch0"), std::string::npos);
  EXPECT_FALSE(resultOf(port->leaveGroup(group)));
  EXPECT_FALSE(resultOf(port->setOutgoingInterface("nonesuch0")));
}

TEST_F(UdpMulticast, worksOnIpv6) {
  const auto six = std::make_shared<Mailbox>();
  const auto here = listenMulticast(reactor, 0, six, {.interface = "::"});
  valueOf(here->joinGroup("ff01::1:7", "lo"));
  valueOf(here->setOutgoingInterface("lo"));
  here->setTTL(3);
  EXPECT_EQ(here->getTTL(), 3);
  EXPECT_TRUE(here->getLoopbackMode());
  try {
    here->write("hello", *Address::fromNumericHost("ff01::1:7", here->getHost().port()));
  } catch (const DatagramError& error) {
    GTEST_SKIP() << "no way for multicast here: " << error.what();
  }
  until([&] { return !six->received.empty(); });
  valueOf(here->leaveGroup("ff01::1:7", "lo"));
}

TEST_F(UdpMulticast, needsPermissionToBroadcast) {
  const Address everybody = *Address::fromNumericHost("127.255.255.255", port->getHost().port());
  EXPECT_FALSE(port->getBroadcastAllowed());
  try {
    port->write("x", everybody);
    FAIL() << "nobody had allowed it";
  } catch (const DatagramError& error) {
    EXPECT_EQ(error.osError(), EACCES);
  }
  port->setBroadcastAllowed(true);
  EXPECT_TRUE(port->getBroadcastAllowed());
  port->write("x", everybody);
  until([&] { return !mailbox->received.empty(); });
}

}  // namespace
}  // namespace hawser::nettest
