#include "reactor/backend_support.h"

#include <thread>

namespace hawser::tests {
namespace {

class Send : public BackendTest {
 protected:
  SendOutcome outcome;

  static SendQueue queueOf(std::string text) {
    SendQueue queue;
    queue.append(std::move(text));
    return queue;
  }
  /// More than the kernel takes at once.
  static SendQueue large() { return queueOf(std::string(largeBytes, 'x')); }
  static constexpr std::size_t largeBytes = 8 << 20;
};
HAWSER_ON_EVERY_BACKEND(Send);

TEST_P(Send, whatFitsIsGoneAtOnceOrIsReported) {
  auto [channel, peer] = connected();
  SendQueue queue = queueOf("now");
  const bool atOnce = channel->send(queue, outcome);
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(outcome.reports.empty()) << "never from inside send()";
  turnUntil([&] { return atOnce || outcome.complete(); });
  EXPECT_EQ(readFrom(peer, 3), "now");
  turn();
  EXPECT_EQ(outcome.reports.size(), atOnce ? 0u : 1u)
      << "the handler is for what did not complete at once";
}

TEST_P(Send, gathersManyPiecesInOrder) {
  auto [channel, peer] = connected();
  SendQueue queue;
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    std::string piece(static_cast<std::size_t>(100 + 700 * (i % 5)), static_cast<char>('a' + i));
    expected += piece;
    queue.append(std::move(piece));
  }
  const bool atOnce = channel->send(queue, outcome);
  turnUntil([&] { return atOnce || outcome.complete(); });
  EXPECT_EQ(readFrom(peer, expected.size()), expected);
}

TEST_P(Send, whatDoesNotFitGoesWhenThereIsRoomAndIsReported) {
  auto [channel, peer] = connected();
  SendQueue queue = large();
  ASSERT_FALSE(channel->send(queue, outcome));
  EXPECT_TRUE(queue.empty()) << "the operation owns the bytes";
  const std::size_t left = channel->unsent();
  EXPECT_GT(left, 0u);
  turn();
  EXPECT_FALSE(outcome.complete());

  std::string arrived;
  std::thread reader([&arrived, &from = peer] { arrived = readFrom(from, largeBytes); });
  turnUntil([&] { return outcome.complete(); });
  reader.join();
  EXPECT_EQ(arrived.size(), largeBytes);
  EXPECT_EQ(channel->unsent(), 0u);
  std::size_t reported = 0;
  for (const auto& [bytes, rest] : outcome.reports) {
    reported += bytes;
    EXPECT_EQ(rest, left - reported);
  }
  EXPECT_EQ(reported, left);
}

TEST_P(Send, tryingTakesWhatFitsAtOnceOrNothing) {
  auto [channel, peer] = connected();
  const std::string text(largeBytes, 'x');
  const std::size_t taken = channel->trySend(text);
  EXPECT_LT(taken, text.size());
  EXPECT_EQ(channel->unsent(), 0u) << "nothing is kept";
  EXPECT_EQ(readFrom(peer, taken), text.substr(0, taken));
}

TEST_P(Send, tryingTakesNothingWhileASendIsUnderWay) {
  auto [channel, peer] = connected();
  SendQueue queue = large();
  ASSERT_FALSE(channel->send(queue, outcome));
  EXPECT_EQ(channel->trySend("in between"), 0u);
  channel->cancelSend();
}

TEST_P(Send, twiceAtTheSameTimeIsRefused) {
  auto [channel, peer] = connected();
  SendQueue queue = large();
  ASSERT_FALSE(channel->send(queue, outcome));
  EXPECT_THROW(static_cast<void>(channel->send(queue, outcome)), std::logic_error);
}

TEST_P(Send, toAPeerThatIsGoneFailsInTheNextTurn) {
  auto [channel, peer] = connected();
  peer.reset();
  SendQueue queue = queueOf("anybody?");
  EXPECT_FALSE(channel->send(queue, outcome));
  EXPECT_FALSE(outcome.error) << "never from inside send()";
  turnUntil([&] { return outcome.error.has_value(); });
  EXPECT_EQ(*outcome.error, std::errc::broken_pipe);
  EXPECT_EQ(channel->unsent(), 0u);
}

TEST_P(Send, failsWhenThePeerGoesWhileItWaits) {
  auto [channel, peer] = connected();
  SendQueue queue = large();
  ASSERT_FALSE(channel->send(queue, outcome));
  peer.reset();
  turnUntil([&] { return outcome.error.has_value(); });
  EXPECT_EQ(*outcome.error, std::errc::broken_pipe);
}

TEST_P(Send, cancelledReportsNothing) {
  auto [channel, peer] = connected();
  auto own = std::make_unique<SendOutcome>();
  SendQueue queue = large();
  ASSERT_FALSE(channel->send(queue, *own));
  channel->cancelSend();
  own.reset();
  EXPECT_EQ(channel->unsent(), 0u);
  char buffer[65536];
  while (::recv(peer.get(), buffer, sizeof buffer, MSG_DONTWAIT) > 0) turn();
}

TEST_P(Send, whatArrivedBeforeTheResetIsDeliveredBeforeTheSendFails) {
  auto [channel, peer] = connected();
  Received received;
  SendQueue queue = large();
  ASSERT_FALSE(channel->send(queue, outcome));
  bool failedFirst = false;
  received.onData = [&] { failedFirst = outcome.error.has_value(); };
  channel->receive(received);
  writeTo(peer, "stop that");
  peer.reset();
  turnUntil([&] { return outcome.error.has_value() && !received.text.empty(); });
  EXPECT_EQ(received.text, "stop that");
  EXPECT_FALSE(failedFirst);
}

TEST_P(Send, shutdownTellsThePeerThatThisWasAll) {
  auto [channel, peer] = connected();
  sendAll(*channel, "bye");
  EXPECT_FALSE(channel->shutdownSend());
  EXPECT_EQ(readFrom(peer, 10), "bye");
  Received received;
  channel->receive(received);
  writeTo(peer, "still listening?");
  turnUntil([&] { return !received.text.empty(); });
}

}  // namespace
}  // namespace hawser::tests
