#include "net/stream_fixture.h"

#include <hawser/defer/timeout.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace hawser::nettest {
namespace {

class StreamRead : public StreamTest {};

using namespace std::chrono_literals;
using testing::assertNoResult;
using testing::failureResultOf;
using testing::successResultOf;

// read

TEST_F(StreamRead, readsWhatHasArrivedWithoutWaiting) {
  arrives("one ");
  arrives("two");
  EXPECT_EQ(nextBytes(), "one two");
}

TEST_F(StreamRead, waitsForTheNextBytesAndTakesThemAsTheyCome) {
  auto first = stream.read();
  assertNoResult(first);
  arrives("one");
  EXPECT_EQ(successResultOf(std::move(first)), "one");
}

TEST_F(StreamRead, keepsWhatWasReadInPlaceUntilTheNextRead) {
  auto waited = stream.read();
  arrives("one");
  const auto bytes = *successResultOf(std::move(waited));
  for (int more = 0; more < 100; ++more) arrives("two");
  EXPECT_EQ(bytes, "one");
  const auto rest = *successResultOf(stream.read());
  for (int more = 0; more < 100; ++more) arrives("three");
  EXPECT_EQ(rest.size(), 300u);
  EXPECT_EQ(rest.substr(297), "two");
}

TEST_F(StreamRead, readsTheEndAsOftenAsItIsAsked) {
  auto waited = stream.read();
  finishes();
  EXPECT_EQ(successResultOf(std::move(waited)), std::nullopt);
  EXPECT_EQ(successResultOf(stream.read()), std::nullopt);
  closes();
  EXPECT_EQ(successResultOf(stream.read()), std::nullopt);
}

TEST_F(StreamRead, readsWhatCameBeforeTheEndFirst) {
  arrives("last");
  finishes();
  closes();
  EXPECT_EQ(nextBytes(), "last");
  EXPECT_EQ(nextBytes(), "(the end)");
}

TEST_F(StreamRead, failsTheReadThatWaitsAndAllLaterOnesWithWhatBrokeTheConnection) {
  auto waited = stream.read();
  breaks();
  failureResultOf<ConnectionLost>(std::move(waited));
  failureResultOf<ConnectionLost>(stream.read());
  failureResultOf<ConnectionLost>(stream.readUntil("\n"));
  failureResultOf<ConnectionLost>(stream.atEnd());
  failureResultOf<ConnectionLost>(stream.write("too late"));
}

TEST_F(StreamRead, readsWhatCameBeforeTheConnectionBrokeFirst) {
  arrives("last");
  breaks();
  EXPECT_EQ(nextBytes(), "last");
  failureResultOf<ConnectionLost>(stream.read());
}

TEST_F(StreamRead, comesToAnOrderlyEndIfTheConnectionBreaksAfterThePeerHadFinished) {
  arrives("all");
  finishes();
  breaks();
  EXPECT_EQ(nextBytes(), "all");
  EXPECT_EQ(nextBytes(), "(the end)");
  failureResultOf<ConnectionLost>(stream.write("too late"));
}

// readUntil

struct Lines {
  const char* name;
  std::vector<std::string> pieces;
  std::string delimiter;
  std::vector<std::string> lines;
};

class StreamLines : public StreamTest, public ::testing::WithParamInterface<Lines> {};

TEST_P(StreamLines, areTheSameHoweverTheyAreCut) {
  const Lines& lines = GetParam();
  for (const std::string& piece : lines.pieces) arrives(piece);
  for (const std::string& line : lines.lines)
    EXPECT_EQ(successResultOf(stream.readUntil(lines.delimiter)), line);
}

TEST_P(StreamLines, areReadAsTheyArrive) {
  const Lines& lines = GetParam();
  std::vector<std::string> got;
  auto reader = [](Stream& from, std::string delimiter,
                   std::vector<std::string>& into) -> Deferred<void> {
    while (auto line = co_await from.readUntil(delimiter)) into.push_back(*std::move(line));
  }(stream, lines.delimiter, got);
  for (const std::string& piece : lines.pieces)
    for (const char byte : piece) arrives(std::string_view(&byte, 1));
  EXPECT_EQ(got, lines.lines);
  reader.cancel();
  failureResultOf<CancelledError>(std::move(reader));
}

INSTANTIATE_TEST_SUITE_P(
    , StreamLines,
    ::testing::Values(
        Lines{"one", {"one\n"}, "\n", {"one"}},
        Lines{"severalInOnePiece", {"one\ntwo\n\nfour\nrest"}, "\n", {"one", "two", "", "four"}},
        Lines{"inPieces", {"o", "ne", "\n", "t", "wo\n"}, "\n", {"one", "two"}},
        Lines{"delimiterInPieces", {"one\r", "\ntwo\r", "\r\nrest"}, "\r\n", {"one", "two\r"}},
        Lines{"delimiterThatBeginsLikeItself", {"aab", "aaab", "aaab"}, "aaab", {"aab", ""}},
        Lines{"bytesOfZero", {std::string("a\0b\0c", 5)}, std::string(1, '\0'), {"a", "b"}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(StreamRead, leavesWhatIsBehindTheDelimiterForTheNextRead) {
  arrives("header\nbody");
  EXPECT_EQ(nextLine(), "header");
  EXPECT_EQ(nextBytes(), "body");
}

TEST_F(StreamRead, endsTheLinesAtTheEnd) {
  arrives("one\n");
  finishes();
  EXPECT_EQ(nextLine(), "one");
  EXPECT_EQ(nextLine(), "(the end)");
}

TEST_F(StreamRead, saysThatTheLastLineIsIncompleteAndKeepsIt) {
  auto line = stream.readUntil("\n");
  arrives("half a li");
  finishes();
  const Failure why = failureResultOf<IncompleteReadError>(std::move(line));
  EXPECT_EQ(why.get<IncompleteReadError>()->received(), 9u);
  EXPECT_TRUE(why.check<ConnectionClosed>());
  EXPECT_EQ(nextBytes(), "half a li");
  EXPECT_EQ(nextBytes(), "(the end)");
}

TEST_F(StreamRead, refusesALineThatIsTooLongAndLosesNothing) {
  auto line = stream.readUntil("\r\n", 5);
  arrives("12345");
  assertNoResult(line);
  arrives("6");
  assertNoResult(line);  // it may be the delimiter's first byte yet
  arrives("7\r\n");
  const Failure why = failureResultOf<LineTooLongError>(std::move(line));
  EXPECT_EQ(why.get<LineTooLongError>()->limit(), 5u);
  EXPECT_EQ(why.getErrorMessage(), peer + " sent more than 5 bytes without the delimiter");
  failureResultOf<LineTooLongError>(stream.readUntil("\r\n", 6));
  EXPECT_EQ(successResultOf(stream.readUntil("\r\n", 7)), "1234567");
}

TEST_F(StreamRead, takesALineThatIsJustShortEnough) {
  arrives("12345\r\n");
  EXPECT_EQ(successResultOf(stream.readUntil("\r\n", 5)), "12345");
  arrives("\r\n");
  EXPECT_EQ(successResultOf(stream.readUntil("\r\n", 0)), "");
  arrives("x\n");
  EXPECT_EQ(successResultOf(stream.readUntil("\n", SIZE_MAX)), "x");
}

TEST_F(StreamRead, refusesAnEmptyDelimiter) {
  EXPECT_THROW(static_cast<void>(stream.readUntil("")), std::invalid_argument);
}

// readExactly, atEnd

TEST_F(StreamRead, readsExactlySoMuchHoweverItComes) {
  auto whole = stream.readExactly(6);
  arrives("abc");
  arrives("defgh");
  EXPECT_EQ(successResultOf(std::move(whole)), "abcdef");
  EXPECT_EQ(successResultOf(stream.readExactly(0)), "");
  EXPECT_EQ(successResultOf(stream.readExactly(1)), "g");
  EXPECT_EQ(nextBytes(), "h");
}

TEST_F(StreamRead, tellsHowMuchCameOfWhatItWasToReadExactly) {
  auto whole = stream.readExactly(10);
  arrives("abc");
  finishes();
  const Failure why = failureResultOf<IncompleteReadError>(std::move(whole));
  EXPECT_EQ(why.get<IncompleteReadError>()->received(), 3u);
  EXPECT_EQ(why.getErrorMessage(), "connection with " + peer + " ended after 3 bytes of 10");
  EXPECT_FALSE(why.cause());
  EXPECT_EQ(nextBytes(), "abc");
}

TEST_F(StreamRead, tellsWhatBrokeTheConnectionInTheMiddle) {
  auto whole = stream.readExactly(10);
  arrives("abc");
  breaks();
  const Failure why = failureResultOf<IncompleteReadError>(std::move(whole));
  EXPECT_EQ(why.get<IncompleteReadError>()->received(), 3u);
  ASSERT_TRUE(why.cause());
  EXPECT_TRUE(why.cause()->check<ConnectionLost>());
  failureResultOf<IncompleteReadError>(stream.readExactly(4));
  EXPECT_EQ(successResultOf(stream.readExactly(3)), "abc");
}

TEST_F(StreamRead, knowsTheEndWithoutReading) {
  auto end = stream.atEnd();
  assertNoResult(end);
  arrives("x");
  EXPECT_FALSE(successResultOf(std::move(end)));
  EXPECT_FALSE(successResultOf(stream.atEnd()));
  EXPECT_EQ(nextBytes(), "x");
  auto again = stream.atEnd();
  finishes();
  EXPECT_TRUE(successResultOf(std::move(again)));
  EXPECT_TRUE(successResultOf(stream.atEnd()));
}

// One read at a time; cancelling.

TEST_F(StreamRead, refusesASecondReadWhileTheFirstWaits) {
  auto first = stream.read();
  EXPECT_THROW(static_cast<void>(stream.read()), StreamBusyError);
  EXPECT_THROW(static_cast<void>(stream.readUntil("\n")), StreamBusyError);
  EXPECT_THROW(static_cast<void>(stream.readExactly(1)), StreamBusyError);
  EXPECT_THROW(static_cast<void>(stream.atEnd()), StreamBusyError);
  arrives("for the first");
  EXPECT_EQ(successResultOf(std::move(first)), "for the first");
}

TEST_F(StreamRead, losesNothingWhenAReadIsCancelled) {
  auto bytes = stream.read();
  bytes.cancel();
  failureResultOf<CancelledError>(std::move(bytes));
  arrives("hal");
  auto line = stream.readUntil("\n");
  line.cancel();
  failureResultOf<CancelledError>(std::move(line));
  arrives("f");
  auto exactly = stream.readExactly(5);
  exactly.cancel();
  failureResultOf<CancelledError>(std::move(exactly));
  arrives("\n");
  EXPECT_EQ(nextLine(), "half");
}

TEST_F(StreamRead, mayReadAgainAfterATimeout) {
  auto bytes = stream.read().addTimeout(30s, clock);
  clock.advance(30s);
  failureResultOf<TimeoutError>(std::move(bytes));
  auto again = stream.read().addTimeout(30s, clock);
  arrives("late");
  EXPECT_EQ(successResultOf(std::move(again)), "late");
}

TEST_F(StreamRead, losesWhatADroppedReadTakes) {
  {
    auto dropped = stream.read();
  }
  EXPECT_THROW(static_cast<void>(stream.read()), StreamBusyError);
  arrives("lost");
  arrives("kept");
  EXPECT_EQ(nextBytes(), "kept");
}

}  // namespace
}  // namespace hawser::nettest
