#include <hawser/testing/string_transport.h>

#include <hawser/net/errors.h>
#include <hawser/net/protocol.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace hawser {
namespace {

class Echo final : public Protocol {
 public:
  void connectionMade() override { transport().write("hello "); }
  void dataReceived(std::string_view bytes) override { transport().write(bytes); }
  void connectionLost(const Failure& reason) override { lost = reason.typeName(); }

  std::string lost;
};

TEST(StringTransport, keepsWhatAProtocolWrites) {
  testing::StringTransport transport;
  const auto protocol = std::make_shared<Echo>();
  protocol->makeConnection(transport);
  protocol->dataReceived("world");
  EXPECT_EQ(transport.value(), "hello world");
  EXPECT_EQ(transport.take(), "hello world");
  EXPECT_EQ(transport.value(), "");
}

TEST(StringTransport, takesPiecesAndBytes) {
  testing::StringTransport transport;
  transport.writeSequence({"a", "", "bc"});
  const std::byte bytes[] = {std::byte{'d'}};
  transport.Transport::write(std::span<const std::byte>(bytes));
  EXPECT_EQ(transport.value(), "abcd");
}

TEST(StringTransport, recordsHowItWasClosedAndTakesNoMore) {
  testing::StringTransport losing;
  losing.loseConnection();
  losing.write("late");
  EXPECT_TRUE(losing.disconnecting());
  EXPECT_TRUE(losing.connected());
  EXPECT_EQ(losing.value(), "");

  testing::StringTransport aborted;
  aborted.abortConnection();
  aborted.write("late");
  EXPECT_TRUE(aborted.aborted());
  EXPECT_FALSE(aborted.connected());
  EXPECT_EQ(aborted.value(), "");

  testing::StringTransport half;
  half.loseWriteConnection();
  half.write("late");
  EXPECT_TRUE(half.writeDisconnected());
  EXPECT_FALSE(half.disconnecting());
  EXPECT_EQ(half.value(), "");
}

TEST(StringTransport, hasTwistedsAddressesUnlessGivenOthers) {
  EXPECT_EQ(testing::StringTransport().getHost().toString(), "tcp:10.0.0.1:12345");
  EXPECT_EQ(testing::StringTransport().getPeer().toString(), "tcp:192.168.1.1:54321");
  const Address address = Address::parse("[::1]:5");
  EXPECT_EQ(testing::StringTransport(address, address).getPeer(), address);
}

TEST(StringTransport, recordsWhetherTheProtocolReads) {
  using State = testing::StringTransport::ProducerState;
  testing::StringTransport transport;
  EXPECT_EQ(transport.producerState(), State::producing);
  transport.pauseProducing();
  EXPECT_EQ(transport.producerState(), State::paused);
  transport.resumeProducing();
  EXPECT_EQ(transport.producerState(), State::producing);
  transport.stopProducing();
  EXPECT_EQ(transport.producerState(), State::stopped);
  EXPECT_THROW(transport.resumeProducing(), std::logic_error);
}

TEST(StringTransport, letsAProducerFinishAfterLoseConnection) {
  const auto transport = std::make_shared<testing::StringTransport>();
  transport->registerProducer(std::make_shared<testing::StringTransport>(), true);
  EXPECT_THROW(transport->registerProducer(transport, true), std::logic_error);
  transport->loseConnection();
  transport->write("the rest");
  transport->unregisterProducer();
  transport->write("too late");
  EXPECT_EQ(transport->value(), "the rest");
}

TEST(StringTransport, refusesToNameAReactorItWasNotGiven) {
  EXPECT_THROW(static_cast<void>(testing::StringTransport().reactor()), std::logic_error);
}

TEST(StringTransportWithDisconnection, tellsItsProtocolOnceThatTheConnectionIsLost) {
  const std::pair<void (Transport::*)(), const char*> cases[] = {
      {&Transport::loseConnection, "hawser::ConnectionDone"},
      {&Transport::abortConnection, "hawser::ConnectionAborted"}};
  for (const auto& [close, reason] : cases) {
    testing::StringTransportWithDisconnection transport;
    const auto protocol = std::make_shared<Echo>();
    transport.setProtocol(protocol);
    protocol->makeConnection(transport);
    (static_cast<Transport&>(transport).*close)();
    EXPECT_EQ(protocol->lost, reason);
    EXPECT_FALSE(protocol->connected());
    protocol->lost.clear();
    transport.loseConnection();
    transport.abortConnection();
    EXPECT_EQ(protocol->lost, "");
  }
}

TEST(Protocol, hasNoTransportBeforeItIsConnected) {
  const auto protocol = std::make_shared<Echo>();
  EXPECT_FALSE(protocol->connected());
  EXPECT_THROW(static_cast<void>(protocol->transport()), std::logic_error);
}

TEST(Protocol, keepsATransportThatLivesInASharedPtr) {
  auto transport = std::make_shared<testing::StringTransport>();
  const std::weak_ptr<testing::StringTransport> watched = transport;
  auto protocol = std::make_shared<Echo>();
  protocol->makeConnection(*transport);
  transport = nullptr;
  EXPECT_FALSE(watched.expired());
  protocol = nullptr;
  EXPECT_TRUE(watched.expired());
}

TEST(Protocol, closesWhenThePeerHasFinishedUnlessToldOtherwise) {
  testing::StringTransport transport;
  const auto protocol = std::make_shared<Echo>();
  protocol->makeConnection(transport);
  protocol->readConnectionLost();
  EXPECT_TRUE(transport.disconnecting());
}

}  // namespace
}  // namespace hawser
