#include <poetry/poem_limits.h>
#include <poetry/poetry_client.h>

#include <hawser/defer/errors.h>
#include <hawser/net/errors.h>
#include <hawser/testing/string_transport.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>

namespace poetry {
namespace {

using namespace hawser;

class PoetryClientTest : public ::testing::Test {
 protected:
  PoetryClientTest() {
    client->makeConnection(transport);
    poem = client->poem();
  }

  hawser::testing::StringTransport transport;
  std::string pieces;
  std::shared_ptr<PoetryClient> client = std::make_shared<PoetryClient>(
      [this](std::string_view piece) { pieces += "[" + std::string(piece) + "]"; });
  Deferred<std::string> poem = succeed(std::string());
};

TEST_F(PoetryClientTest, hasThePoemWhenTheConnectionIsClosedInOrder) {
  client->dataReceived("one ");
  client->dataReceived("two");
  EXPECT_EQ(poem.state(), DeferredState::pending);
  client->connectionLost(ConnectionDone("tcp:192.0.2.1:1"));
  ASSERT_TRUE(poem.peekValue());
  EXPECT_EQ(*poem.peekValue(), "one two");
  EXPECT_EQ(pieces, "[one ][two]");
}

TEST_F(PoetryClientTest, doesNotTakeHalfAPoemForAWholeOne) {
  client->dataReceived("one ");
  client->connectionLost(ConnectionLost("tcp:192.0.2.1:1", ECONNRESET));
  ASSERT_TRUE(poem.peekFailure());
  EXPECT_TRUE(poem.peekFailure()->check<ConnectionLost>());
  poem.addErrback([](const ConnectionLost&) { return std::string(); });
}

TEST_F(PoetryClientTest, abortsTheConnectionWhenItIsCancelled) {
  client->dataReceived("one ");
  poem.addErrback([](const CancelledError&) { return std::string("cancelled"); });
  poem.cancel();
  EXPECT_EQ(*poem.peekValue(), "cancelled");
  EXPECT_TRUE(transport.aborted());
  client->connectionLost(ConnectionAborted("tcp:192.0.2.1:1"));
}

TEST_F(PoetryClientTest, givesUpOnAPoemWithoutEnd) {
  const std::string piece(maxPoemBytes / 2, 'x');
  client->dataReceived(piece);
  client->dataReceived(piece);
  EXPECT_FALSE(transport.aborted());
  client->dataReceived("x");
  EXPECT_TRUE(transport.aborted());
  ASSERT_TRUE(poem.peekFailure());
  EXPECT_EQ(poem.peekFailure()->getErrorMessage(),
            "tcp:192.168.1.1:54321 sends more than 16777216 bytes, which is too long for a poem");
  client->connectionLost(ConnectionAborted("tcp:192.0.2.1:1"));
  poem.addErrback([](const PoemTooLongError&) { return std::string(); });
}

}  // namespace
}  // namespace poetry
