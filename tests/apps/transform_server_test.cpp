#include <poetry/transform_server.h>

#include <hawser/base/logging.h>
#include <hawser/net/errors.h>
#include <hawser/testing/fake_clock.h>
#include <hawser/testing/string_transport.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace poetry {
namespace {

using namespace hawser;
using namespace std::chrono_literals;

class TransformServerTest : public ::testing::Test {
 protected:
  TransformServerTest() { server->makeConnection(transport); }

  void say(std::string_view bytes) { server->dataReceived(bytes); }
  void leave(const Failure& reason = ConnectionDone("tcp:192.168.1.1:54321")) {
    server->connectionLost(reason);
    EXPECT_TRUE(clock.getDelayedCalls().empty());
  }

  hawser::testing::FakeClock clock;
  hawser::testing::StringTransport transport;
  std::shared_ptr<Protocol> server =
      transformServerFactory(clock, 60s)
          ->buildProtocol(hawser::testing::StringTransport::defaultPeer());
  logging::Observation quiet = logging::silenceStderr();
  std::vector<std::string> logged;
  logging::Observation observer = logging::addObserver(
      [this](const logging::Event& event) { logged.emplace_back(event.message); });
};

using Lines = std::vector<std::string>;

TEST_F(TransformServerTest, answersOneRequestAfterTheOther) {
  say("19:cummingsify.A RO");
  say("PE!");
  EXPECT_EQ(transport.value(), "");
  say(",12:cummingsify.,15:cummingsify.É.,");
  EXPECT_EQ(transport.value(), "7:a rope!,0:,3:é.,");
  leave();
}

TEST_F(TransformServerTest, closesOnANameThatItDoesNotKnow) {
  say("10:frostify.A,");
  EXPECT_EQ(transport.value(), "");
  EXPECT_TRUE(transport.disconnecting());
  leave();
  EXPECT_EQ(logged, (Lines{"tcp:192.168.1.1:54321: there is no transformation \"frostify\"; "
                           "closing the connection"}));
}

TEST_F(TransformServerTest, closesOnARequestWithoutAName) {
  say("5:ROPES,");
  EXPECT_TRUE(transport.disconnecting());
  leave();
  EXPECT_EQ(logged,
            (Lines{"tcp:192.168.1.1:54321: a request must be NAME.POEM, and there is no dot "
                   "in this one; closing the connection"}));
}

TEST_F(TransformServerTest, closesOnWhatIsNoNetstring) {
  say("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(transport.disconnecting());
  leave();
  ASSERT_EQ(logged.size(), 1u);
  EXPECT_EQ(
      logged[0],
      "tcp:192.168.1.1:54321: bad netstring at byte 0: expected a digit, got 'G'; closing the "
      "connection");
}

TEST_F(TransformServerTest, closesOnAnOversizedNetstringBeforeItArrives) {
  say("100000:");
  EXPECT_TRUE(transport.disconnecting());
  leave();
  ASSERT_EQ(logged.size(), 1u);
  EXPECT_NE(logged[0].find("the length exceeds the limit of 99999 bytes"), std::string::npos);
}

TEST_F(TransformServerTest, closesOnAPeerThatAsksForNothing) {
  clock.advance(59s);
  say("13:cummingsify.A,");
  EXPECT_EQ(transport.take(), "1:a,");
  clock.advance(59s);
  say("13:cummin");  // a part is not a request
  EXPECT_FALSE(transport.disconnecting());
  clock.advance(1s);
  EXPECT_TRUE(transport.disconnecting());
  leave();
  EXPECT_EQ(logged, (Lines{"tcp:192.168.1.1:54321: no request for 60 s; closing the connection"}));
}

TEST_F(TransformServerTest, tellsWhoLeftInTheMiddleOfARequest) {
  say("13:cummingsify.A,13:cum");
  leave(ConnectionLost("tcp:192.168.1.1:54321", ECONNRESET));
  EXPECT_EQ(logged,
            (Lines{"tcp:192.168.1.1:54321 left in the middle of a request, after 6 bytes of "
                   "it: connection with tcp:192.168.1.1:54321 was lost: Connection reset by "
                   "peer (ECONNRESET)"}));
}

TEST_F(TransformServerTest, hasNothingToSayAboutAPeerThatLeavesInOrder) {
  say("13:cummingsify.A,");
  leave();
  EXPECT_EQ(logged, Lines());
}

}  // namespace
}  // namespace poetry
