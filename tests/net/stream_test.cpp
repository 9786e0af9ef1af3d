#include "net/stream_fixture.h"

#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace hawser::nettest {
namespace {

using testing::assertNoResult;
using testing::failureResultOf;
using testing::successResultOf;

// Back-pressure, both ways.

TEST_F(StreamTest, pausesTheTransportWhenMoreThanTheLimitIsUnread) {
  stream.setLimits({.unread = 10});
  arrives("0123456789");
  EXPECT_EQ(transport.producerState(), FullTransport::ProducerState::producing);
  arrives("x");
  EXPECT_EQ(transport.producerState(), FullTransport::ProducerState::paused);
  EXPECT_EQ(nextBytes(), "0123456789x");
  EXPECT_EQ(transport.producerState(), FullTransport::ProducerState::paused);
  auto next = stream.read();
  EXPECT_EQ(transport.producerState(), FullTransport::ProducerState::producing);
  finishes();
  EXPECT_EQ(successResultOf(std::move(next)), std::nullopt);
}

TEST_F(StreamTest, doesNotPauseWhileAReadNeedsMoreThanTheLimit) {
  stream.setLimits({.unread = 10});
  auto whole = stream.readExactly(30);
  arrives("0123456789abcdef");
  EXPECT_EQ(transport.producerState(), FullTransport::ProducerState::producing);
  arrives("0123456789abcdefghijklmnop");
  EXPECT_EQ(successResultOf(std::move(whole)).size(), 30u);
  EXPECT_EQ(transport.producerState(), FullTransport::ProducerState::paused);
}

TEST_F(StreamTest, writesWithoutWaitingBelowTheLimit) {
  successResultOf(stream.write("one "));
  const std::string two = "two";
  successResultOf(stream.write(std::as_bytes(std::span(two))));
  EXPECT_EQ(transport.value(), "one two");
  EXPECT_EQ(transport.producer(), nullptr);
}

TEST_F(StreamTest, waitsToWriteUntilTheTransportHasSentEverything) {
  stream.setLimits({.unsent = 10});
  successResultOf(stream.write("0123456789"));
  auto first = stream.write("a");
  auto second = stream.write("b");
  assertNoResult(first);
  EXPECT_EQ(transport.take(), "0123456789ab");
  ASSERT_NE(transport.producer(), nullptr);
  EXPECT_FALSE(transport.streaming());
  transport.producer()->resumeProducing();
  successResultOf(std::move(first));
  successResultOf(std::move(second));
  EXPECT_EQ(transport.producer(), nullptr);
  successResultOf(stream.write("c"));
}

TEST_F(StreamTest, hasQueuedTheBytesOfAWriteThatIsCancelled) {
  stream.setLimits({.unsent = 1});
  auto cancelled = stream.write("first");
  auto waiting = stream.write("second");
  cancelled.cancel();
  failureResultOf<CancelledError>(std::move(cancelled));
  EXPECT_EQ(transport.value(), "firstsecond");
  transport.producer()->resumeProducing();
  successResultOf(std::move(waiting));
}

TEST_F(StreamTest, failsTheWritesThatWaitWhenTheConnectionBreaks) {
  stream.setLimits({.unsent = 1});
  auto first = stream.write("first");
  auto second = stream.write("second");
  breaks();
  failureResultOf<ConnectionLost>(std::move(first));
  failureResultOf<ConnectionLost>(std::move(second));
}

// The end of the connection, by this side.

TEST_F(StreamTest, endsItsOwnDirectionAndReadsOn) {
  successResultOf(stream.write("question"));
  stream.loseWriteConnection();
  stream.loseWriteConnection();
  EXPECT_TRUE(transport.writeDisconnected());
  failureResultOf<ConnectionDone>(stream.write("more"));
  EXPECT_EQ(transport.value(), "question");
  arrives("answer");
  EXPECT_EQ(nextBytes(), "answer");
}

TEST_F(StreamTest, pausesAndResumesAfterItEndedItsOwnDirection) {
  stream.loseWriteConnection();
  stream.setLimits({.unread = 1});
  arrives("answer");
  EXPECT_EQ(transport.producerState(), FullTransport::ProducerState::paused);
  EXPECT_EQ(nextBytes(), "answer");
  auto next = stream.read();
  EXPECT_EQ(transport.producerState(), FullTransport::ProducerState::producing);
  finishes();
  EXPECT_EQ(successResultOf(std::move(next)), std::nullopt);
}

TEST_F(StreamTest, failsToWriteAfterItWasClosed) {
  stream.loseConnection();
  EXPECT_TRUE(transport.disconnecting());
  failureResultOf<ConnectionDone>(stream.write("more"));
}

TEST_F(StreamTest, aborts) {
  stream.abortConnection();
  EXPECT_TRUE(transport.aborted());
  failureResultOf<ConnectionDone>(stream.write("more"));
}

TEST_F(StreamTest, closesAndTellsWhenThatIsDone) {
  auto closed = stream.close();
  auto again = stream.close();
  EXPECT_TRUE(transport.disconnecting());
  assertNoResult(closed);
  closes();
  successResultOf(std::move(closed));
  successResultOf(std::move(again));
  successResultOf(stream.close());
}

TEST_F(StreamTest, tellsWhatBrokeTheConnectionBeforeItWasClosed) {
  auto closed = stream.close();
  breaks();
  failureResultOf<ConnectionLost>(std::move(closed));
  failureResultOf<ConnectionLost>(stream.close());
}

TEST_F(StreamTest, abortsWhenClosingIsCancelled) {
  auto closed = stream.close();
  auto other = stream.close();
  closed.cancel();
  failureResultOf<CancelledError>(std::move(closed));
  EXPECT_TRUE(transport.aborted());
  protocol->connectionLost(Failure(ConnectionAborted(peer)));
  failureResultOf<ConnectionAborted>(std::move(other));
}

TEST_F(StreamTest, letsWhoWaitsForTheCloseCancelTheOthers) {
  std::vector<Deferred<void>> waiting;
  for (int who = 0; who < 3; ++who)
    waiting.push_back(stream.close().addBoth([&](const Result<void>&) {
      for (auto& other : waiting) other.cancel();
    }));
  closes();
  for (auto& each : waiting) successResultOf(std::move(each));
}

// Lifetimes.

TEST_F(StreamTest, losesTheConnectionWhenItIsDestroyed) {
  {
    const Stream gone = std::move(stream);
  }
  EXPECT_TRUE(transport.disconnecting());
  EXPECT_FALSE(transport.aborted());
}

TEST_F(StreamTest, losesTheConnectionItHeldWhenAnotherIsMovedIntoIt) {
  FullTransport otherTransport;
  auto other = std::make_shared<StreamProtocol>();
  other->makeConnection(otherTransport);
  stream = Stream(other);
  EXPECT_TRUE(transport.disconnecting());
  EXPECT_FALSE(otherTransport.disconnecting());
  Stream& same = stream;
  stream = std::move(same);
  EXPECT_FALSE(otherTransport.disconnecting());
  EXPECT_TRUE(stream);
  stream = Stream();
}

TEST_F(StreamTest, saysSoWhenItHoldsNothing) {
  const Stream taken = std::move(stream);
  EXPECT_FALSE(stream);  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_THROW(static_cast<void>(stream.read()), EmptyStreamError);
  EXPECT_THROW(static_cast<void>(stream.write("x")), EmptyStreamError);
  EXPECT_THROW(stream.loseConnection(), EmptyStreamError);
  EXPECT_THROW(static_cast<void>(stream.transport()), EmptyStreamError);
}

TEST_F(StreamTest, endsTheReadThatWaitsWithTheConnectionWhenItIsDestroyed) {
  auto waiting = stream.read();
  stream = Stream();
  assertNoResult(waiting);
  closes();
  EXPECT_EQ(successResultOf(std::move(waiting)), std::nullopt);
}

TEST_F(StreamTest, failsTheReadThatWaitsIfItsProtocolIsGone) {
  std::vector<Deferred<void>> waiting;
  const auto each = [&](auto read) {
    FullTransport lonely;
    auto forgotten = std::make_shared<StreamProtocol>();
    forgotten->makeConnection(lonely);
    Stream of(forgotten);
    of.setLimits({.unsent = 0});
    waiting.push_back(read(of).addCallback([](const auto&) {}));
    forgotten = nullptr;
  };
  each([](Stream& of) { return of.read(); });
  each([](Stream& of) { return of.readUntil("\n"); });
  each([](Stream& of) { return of.readExactly(1); });
  each([](Stream& of) { return of.atEnd(); });
  for (auto& read : waiting) {
    read.cancel();
    failureResultOf<AbandonedError>(std::move(read));
  }
}

TEST_F(StreamTest, mayBeDestroyedByWhoeverReads) {
  auto done = stream.read().addCallback([&](const Stream::Bytes& bytes) {
    EXPECT_EQ(bytes, "bye");
    stream = Stream();
    protocol = nullptr;
  });
  protocol->dataReceived("bye");
  successResultOf(std::move(done));
}

TEST_F(StreamTest, mayBeReadAgainByWhoeverReads) {
  std::string got;
  unique_function<void(const Stream::Bytes&)> onBytes = [&](const Stream::Bytes& bytes) {
    if (!bytes) return;
    got += *bytes;
    stream.read().addCallback([&](const Stream::Bytes& more) { onBytes(more); });
  };
  stream.read().addCallback([&](const Stream::Bytes& bytes) { onBytes(bytes); });
  for (const char* piece : {"a", "b", "c"}) arrives(piece);
  EXPECT_EQ(got, "abc");
  finishes();
}

TEST_F(StreamTest, isClosedByATransportThatTellsAtOnce) {
  testing::StringTransportWithDisconnection telling;
  auto told = std::make_shared<StreamProtocol>();
  telling.setProtocol(told);
  told->makeConnection(telling);
  Stream of(std::move(told));
  auto waiting = of.read();
  successResultOf(of.close());
  EXPECT_EQ(successResultOf(std::move(waiting)), std::nullopt);
}

TEST_F(StreamTest, servesACoroutine) {
  const auto echo = [](Stream of) -> Deferred<void> {
    while (auto bytes = co_await of.read()) co_await of.write(*bytes);
  };
  auto done = echo(std::move(stream));
  arrives("one ");
  arrives("two");
  EXPECT_EQ(transport.value(), "one two");
  finishes();
  successResultOf(std::move(done));
  EXPECT_TRUE(transport.disconnecting());
}

TEST_F(StreamTest, isAbortedWhenTheCoroutineThatHasItIsCancelled) {
  const auto echo = [](Stream of) -> Deferred<void> {
    while (auto bytes = co_await of.read()) co_await of.write(*bytes);
  };
  auto done = echo(std::move(stream));
  done.cancel();
  failureResultOf<CancelledError>(std::move(done));
  EXPECT_TRUE(transport.aborted());
}

}  // namespace
}  // namespace hawser::nettest
