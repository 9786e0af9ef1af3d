#include "net/net_fixture.h"

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace hawser::nettest {
namespace {

class Recorder final : public Producer {
 public:
  void pauseProducing() override { ++pauses; }
  void resumeProducing() override {
    ++resumes;
    if (onResume) onResume();
  }
  void stopProducing() override { ++stops; }

  int pauses = 0;
  int resumes = 0;
  int stops = 0;
  std::function<void()> onResume;
};

class Producers : public TcpTest {
 protected:
  void SetUp() override {
    TcpTest::SetUp();
    pair = connect();
  }
  Transport& consumer() { return pair.client->transport(); }

  Pair pair;
  std::shared_ptr<Recorder> producer = std::make_shared<Recorder>();
};

TEST_P(Producers, arePausedAboveTheHighWaterMarkAndResumedWhenAllIsSent) {
  pair.server->transport().pauseProducing();
  consumer().registerProducer(producer, true);
  consumer().write(std::string(64 * 1024, 'x'));
  EXPECT_EQ(producer->pauses, 0);
  consumer().write("x");
  EXPECT_EQ(producer->pauses, 1);
  consumer().write(std::string(10'000'000, 'x'));
  EXPECT_EQ(producer->pauses, 1);
  settle();
  EXPECT_EQ(producer->resumes, 0);
  pair.server->transport().resumeProducing();
  until([&] { return producer->resumes == 1; });
  EXPECT_EQ(consumer().queuedBytes(), 0u);
  settle();
  EXPECT_EQ(producer->resumes, 1);
}

TEST_P(Producers, havePausesAtTheMarkThatWasSet) {
  consumer().setWriteLimits({.highWater = 10, .hardCap = 1000});
  consumer().registerProducer(producer, true);
  consumer().write("0123456789");
  EXPECT_EQ(producer->pauses, 0);
  consumer().write("0");
  EXPECT_EQ(producer->pauses, 1);
}

TEST_P(Producers, thatPullAreAskedForOnePieceAfterTheOther) {
  int left = 1000;
  producer->onResume = [&] {
    consumer().write(std::to_string(--left) + ",");
    if (left == 0) consumer().unregisterProducer();
  };
  consumer().registerProducer(producer, false);
  EXPECT_EQ(producer->resumes, 0) << "asked from inside registerProducer";
  consumer().loseConnection();
  until([&] { return pair.server->lost(); });
  EXPECT_EQ(producer->resumes, 1000);
  EXPECT_TRUE(pair.server->received.starts_with("999,998,997,"));
  EXPECT_TRUE(pair.server->received.ends_with(",2,1,0,"));
  EXPECT_EQ(pair.client->lostWith(), "ConnectionDone");
}

TEST_P(Producers, mayFinishAfterLoseConnection) {
  consumer().registerProducer(producer, true);
  consumer().loseConnection();
  settle();
  EXPECT_TRUE(consumer().connected());
  consumer().write("the rest");
  consumer().unregisterProducer();
  consumer().write("too late");
  until([&] { return pair.server->lost(); });
  EXPECT_EQ(pair.server->received, "the rest");
}

TEST_P(Producers, areStoppedWithTheConnection) {
  consumer().registerProducer(producer, true);
  pair.server->transport().abortConnection();
  until([&] { return pair.client->lost(); });
  EXPECT_EQ(producer->stops, 1);
  EXPECT_EQ(producer.use_count(), 1);
  const auto late = std::make_shared<Recorder>();
  consumer().registerProducer(late, true);
  EXPECT_EQ(late->stops, 1);
}

TEST_P(Producers, areOneAtATime) {
  consumer().registerProducer(producer, true);
  EXPECT_THROW(consumer().registerProducer(producer, true), std::logic_error);
  consumer().unregisterProducer();
  consumer().unregisterProducer();
  EXPECT_NO_THROW(consumer().registerProducer(producer, true));
}

TEST_P(Producers, thatThrowAbortTheirConsumer) {
  producer->onResume = [] { throw std::runtime_error("nothing left"); };
  consumer().registerProducer(producer, false);
  until([&] { return pair.client->lost(); });
  EXPECT_EQ(pair.client->lostWith(), "ConnectionAborted");
  EXPECT_NE(takeLog().find("nothing left"), std::string::npos);
}

TEST_P(Producers, makeAProxyOfTwoTransportsThatHoldsLittle) {
  // source -> [front | back] -> sink
  const Pair second = connect();
  const auto front = pair.server;
  const auto back = second.server;
  std::size_t most = 0;
  front->onData = [&](Peer&, std::string_view bytes) {
    back->transport().write(bytes);
    most = std::max(most, back->transport().queuedBytes());
  };
  front->onLost = [&](Peer&) {
    back->transport().unregisterProducer();
    back->transport().loseConnection();
  };
  back->transport().registerProducer(front->transport().shared_from_this(), true);
  constexpr std::size_t size = 10'000'000;
  second.client->transport().pauseProducing();
  pair.client->transport().write(std::string(size, 'x'));
  pair.client->transport().loseConnection();
  settle();
  second.client->transport().resumeProducing();
  until([&] { return second.client->lost(); });
  EXPECT_EQ(second.client->received.size(), size);
  EXPECT_LT(most, 1'000'000u);
}

INSTANTIATE_TEST_SUITE_P(Loopback, Producers, ::testing::Values("127.0.0.1", "::1"),
                         [](const auto& host) { return host.index == 0 ? "IPv4" : "IPv6"; });

}  // namespace
}  // namespace hawser::nettest
