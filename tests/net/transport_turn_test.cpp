#include "net/net_fixture.h"

#include <algorithm>
#include <string>
#include <vector>

namespace hawser::nettest {
namespace {

/// What transports write in one turn, short messages above all, for which all have one buffer.
class TransportTurn : public TcpTest {
 protected:
  /// What arrived at the other end of each, when so many bytes have.
  void expect(const Pair& pair, const std::string& bytes) {
    until([&] { return pair.server->received.size() >= bytes.size(); });
    EXPECT_TRUE(pair.server->received == bytes) << pair.server->received.substr(0, 100);
  }
};

TEST_P(TransportTurn, keepsApartWhatTwoWriteByTurns) {
  const Pair one = connect();
  const Pair other = connect();
  for (const char* word : {"the ", "rest ", "is ", "silence"}) {
    one.client->transport().write(word);
    other.client->transport().write("not ");
    other.client->transport().write(word);
  }
  EXPECT_EQ(one.client->transport().queuedBytes(), 19u);
  expect(one, "the rest is silence");
  expect(other, "not the not rest not is not silence");
  EXPECT_EQ(one.server->deliveries, 1);
  EXPECT_EQ(other.server->deliveries, 1);
}

TEST_P(TransportTurn, takesMoreShortMessagesThanFitInItsBuffer) {
  constexpr std::size_t size = 1500;
  std::vector<Pair> pairs;
  for (int number = 0; number < 100; ++number) pairs.push_back(connect());
  const std::string bytes = pattern(pairs.size() + size);
  for (std::size_t number = 0; number < pairs.size(); ++number)
    pairs[number].client->transport().write(std::string_view(bytes).substr(number, size));
  for (std::size_t number = 0; number < pairs.size(); ++number)
    expect(pairs[number], bytes.substr(number, size));
}

TEST_P(TransportTurn, takesAMessageThatGrowsWithoutEnd) {
  const Pair pair = connect();
  const std::string bytes = pattern(200'000);
  for (std::size_t done = 0; done < bytes.size(); done += 1000)
    pair.client->transport().write(std::string_view(bytes).substr(done, 1000));
  EXPECT_EQ(pair.client->transport().queuedBytes(), bytes.size());
  expect(pair, bytes);
}

TEST_P(TransportTurn, keepsTheOrderOfShortAndLongPieces) {
  const Pair pair = connect();
  const Pair other = connect();
  const std::string bytes = pattern(150'000);
  std::string_view rest = bytes;
  for (std::size_t size :
       {1u, 2047u, 2048u, 2049u, 1u, 0u, 2048u, 5000u, 2u, 40'000u, 3u, 32'768u}) {
    pair.client->transport().write(rest.substr(0, size));
    other.client->transport().write("between");
    rest.remove_prefix(size);
  }
  pair.client->transport().write(rest);
  expect(pair, bytes);
}

TEST_P(TransportTurn, sendsWhatWasWrittenBeforeItCloses) {
  const Pair pair = connect();
  pair.client->transport().write("last words");
  pair.client->transport().loseConnection();
  pair.client->transport().write("that come too late");
  until([&] { return pair.server->lost(); });
  EXPECT_EQ(pair.server->received, "last words");
  EXPECT_EQ(pair.client->lostWith(), "ConnectionDone");
}

TEST_P(TransportTurn, sendsWhatWasWrittenBeforeThisDirectionEnds) {
  const Pair pair = connect();
  pair.client->transport().write("last words");
  pair.client->transport().loseWriteConnection();
  until([&] { return pair.server->lost(); });
  EXPECT_EQ(pair.server->received, "last words");
}

TEST_P(TransportTurn, sendsNothingOfAConnectionThatIsAbortedInIt) {
  const Pair pair = connect();
  const Pair other = connect();
  pair.client->transport().write("never sent");
  other.client->transport().write("sent");
  pair.client->transport().abortConnection();
  EXPECT_EQ(pair.client->transport().queuedBytes(), 0u);
  expect(other, "sent");
  until([&] { return pair.server->lost(); });
  EXPECT_EQ(pair.server->received, "");
}

TEST_P(TransportTurn, goesOnAtItsEndWhenOneConnectionEndsTheNext) {
  const Pair first = connect();
  const Pair second = connect();
  const Pair third = connect();
  // Told at the end of the turn, before or after the others have sent.
  first.client->onLost = [&](Peer&) {
    second.client->transport().abortConnection();
    third.client->transport().write("after");
  };
  first.client->transport().write("x");
  second.client->transport().write("perhaps");
  third.client->transport().write("before, ");
  first.client->transport().loseConnection();
  expect(third, "before, after");
  until([&] { return first.server->lost() && second.server->lost(); });
  EXPECT_EQ(first.server->received, "x");
  EXPECT_EQ(second.client->lostWith(), "ConnectionAborted");
}

TEST_P(TransportTurn, leavesWhatIsWrittenAtItsEndToTheNextWhichDoesNotWait) {
  const Pair first = connect();
  const Pair second = connect();
  first.client->onLost = [&](Peer&) { second.client->transport().write("at the end"); };
  first.client->transport().loseConnection();
  expect(second, "at the end");
}

TEST_P(TransportTurn, keepsWhatThePeerDoesNotTakeOfAShortMessage) {
  const Pair pair = connect();
  pair.server->transport().pauseProducing();
  const std::string bytes = pattern(20'000'000);
  std::size_t written = 0;
  // One message a turn, until the kernel is full and some wait.
  while (written < bytes.size() && pair.client->transport().queuedBytes() < 20'000) {
    pair.client->transport().write(std::string_view(bytes).substr(written, 2000));
    written += 2000;
    reactor.iterate();
  }
  const std::string whole = bytes.substr(0, written);
  pair.server->transport().resumeProducing();
  expect(pair, whole);
}

INSTANTIATE_TEST_SUITE_P(Loopback, TransportTurn, ::testing::Values("127.0.0.1"),
                         [](const auto&) { return "IPv4"; });

}  // namespace
}  // namespace hawser::nettest
