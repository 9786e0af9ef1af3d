#include "testing/world.h"

#include <hawser/base/logging.h>
#include <hawser/net/errors.h>
#include <hawser/net/udp.h>
#include <hawser/testing/clean_test.h>
#include <hawser/testing/deferred_matchers.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hawser::testing {
namespace {

class Post final : public DatagramProtocol {
 public:
  void datagramReceived(std::string_view datagram, const Address& from) override {
    received.emplace_back(datagram);
    senders.push_back(from);
  }
  void connectionRefused() override { ++refusals; }

  std::vector<std::string> received;
  std::vector<Address> senders;
  int refusals = 0;
};

/// Two hosts with a datagram port each.
class SimulatedDatagrams : public CleanTest {
 protected:
  explicit SimulatedDatagrams(std::uint64_t seed = 1, const NetworkConditions& conditions = calm(),
                              const KernelConditions& kernel = obliging())
      : network(seed, conditions, kernel) {}
  ~SimulatedDatagrams() override {
    port->stopListening();
    other->stopListening();
    network.settle(reactor);
    detail::failFor(timersLeftIn(reactor));
    EXPECT_EQ(network.channels(), 0u) << network.describeChannels();
  }

  SimulatedNetwork network;
  Reactor reactor{network.makeBackend()};
  std::shared_ptr<Post> mine = std::make_shared<Post>();
  std::shared_ptr<Post> yours = std::make_shared<Post>();
  std::shared_ptr<DatagramTransport> port = listenUDP(reactor, 0, mine, {.interface = here});
  std::shared_ptr<DatagramTransport> other = listenUDP(reactor, 53, yours, {.interface = there});
};

TEST_F(SimulatedDatagrams, arriveAfterSomeTimeWithTheirSender) {
  port->write("hello", other->getHost());
  network.run(reactor, [&] { return !yours->received.empty(); });
  EXPECT_EQ(yours->received[0], "hello");
  EXPECT_EQ(yours->senders[0], port->getHost());
  EXPECT_GE(network.now().time_since_epoch(), calm().minLatency);
}

TEST_F(SimulatedDatagrams, overtakeEachOther) {
  std::vector<std::string> sent;
  for (int number = 0; number < 20; ++number) {
    sent.push_back(std::to_string(number));
    port->write(sent.back(), other->getHost());
  }
  network.run(reactor, [&] { return yours->received.size() == sent.size(); });
  EXPECT_NE(yours->received, sent);
  EXPECT_TRUE(std::is_permutation(sent.begin(), sent.end(), yours->received.begin()));
}

TEST_F(SimulatedDatagrams, getLostOrArriveTwiceAsOftenAsTheConditionsSay) {
  NetworkConditions conditions = calm();
  conditions.losing = 0.5;
  conditions.duplicating = 0.1;
  network.setConditions(conditions);
  for (int number = 0; number < 1000; ++number) {
    port->write("x", other->getHost());
    network.settle(reactor);
  }
  EXPECT_GT(yours->received.size(), 450u);
  EXPECT_LT(yours->received.size(), 650u);
}

TEST_F(SimulatedDatagrams, areLostInAPartitionAndPassAfterIt) {
  network.partition(here, there);
  port->write("lost", other->getHost());
  network.settle(reactor);
  network.heal(here, there);
  port->write("arrives", other->getHost());
  network.settle(reactor);
  EXPECT_EQ(yours->received, std::vector<std::string>{"arrives"});
}

TEST_F(SimulatedDatagrams, areLostWhenTheReceiverHasNoRoom) {
  const std::string big(60'000, 'x');
  for (int number = 0; number < 20; ++number) port->write(big, other->getHost());
  other->stopListening();
  const auto slow = std::make_shared<Post>();
  network.settle(reactor);
  EXPECT_LT(yours->received.size(), 20u);
}

TEST_F(SimulatedDatagrams, toWhereNobodyListensAreToldToWhoIsConnected) {
  port->connect(there, 54);
  port->write("anybody?");
  other->write("nobody there", *Address::fromNumericHost(here, 9));
  network.settle(reactor);
  EXPECT_EQ(mine->refusals, 1);
  EXPECT_EQ(yours->refusals, 0);
}

TEST_F(SimulatedDatagrams, ofStrangersAreNotHeardByWhoIsConnected) {
  const auto stranger = std::make_shared<Post>();
  const auto strange = listenUDP(reactor, 0, stranger, {.interface = "10.0.0.3"});
  other->connect(port->getHost());
  strange->write("let me in", other->getHost());
  port->write("me too", other->getHost());
  network.settle(reactor);
  EXPECT_EQ(yours->received, std::vector<std::string>{"me too"});
  strange->stopListening();
  network.settle(reactor);
}

TEST_F(SimulatedDatagrams, toAGroupReachEveryoneWhoHasJoined) {
  const Address group = *Address::fromNumericHost("239.1.2.3", 53);
  const auto third = std::make_shared<Post>();
  const auto another =
      listenUDP(reactor, 53, third, {.interface = "10.0.0.3", .listenMultiple = true});
  successResultOf(other->joinGroup("239.1.2.3"));
  successResultOf(another->joinGroup("239.1.2.3"));
  failureResultOf<MulticastJoinError>(another->joinGroup("10.0.0.9"));
  port->setTTL(3);
  EXPECT_EQ(port->getTTL(), 3);
  port->write("all", group);
  network.settle(reactor);
  EXPECT_EQ(yours->received.size(), 1u);
  EXPECT_EQ(third->received.size(), 1u);
  successResultOf(another->leaveGroup("239.1.2.3"));
  port->write("the rest", group);
  network.settle(reactor);
  EXPECT_EQ(third->received.size(), 1u);
  EXPECT_EQ(yours->received.size(), 2u);
  another->stopListening();
  network.settle(reactor);
}

TEST_F(SimulatedDatagrams, waitForRoomInTheKernelWhenThereIsNone) {
  KernelConditions kernel = obliging();
  kernel.sendErrors = 0.5;
  network.setKernelConditions(kernel);
  for (int number = 0; number < 100; ++number) port->write("x", other->getHost());
  EXPECT_GT(port->queuedBytes(), 0u);
  network.settle(reactor);
  EXPECT_EQ(port->queuedBytes(), 0u);
  EXPECT_EQ(yours->received.size(), 100u);
}

TEST_F(SimulatedDatagrams, obeyTheRulesOfAddresses) {
  EXPECT_THROW(port->write(std::string(65'508, 'x'), other->getHost()), MessageLengthError);
  EXPECT_THROW(port->write("x", *Address::fromNumericHost("fd00::1", 1)), DatagramError);
  EXPECT_THROW(listenUDP(reactor, 53, std::make_shared<Post>(), {.interface = there}),
               CannotListenError);
}

TEST(SimulatedDatagramRuns, areTheSameForTheSameSeed) {
  const auto run = [](std::uint64_t seed) {
    NetworkConditions conditions = calm();
    conditions.losing = conditions.duplicating = 0.2;
    SimulatedNetwork network(seed, conditions);
    Reactor reactor(network.makeBackend());
    const auto post = std::make_shared<Post>();
    const auto server = listenUDP(reactor, 53, post, {.interface = there});
    const auto client = listenUDP(reactor, 0, std::make_shared<Post>());
    for (int number = 0; number < 50; ++number) client->write("x", server->getHost());
    network.settle(reactor);
    return network.digest();
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

}  // namespace
}  // namespace hawser::testing
