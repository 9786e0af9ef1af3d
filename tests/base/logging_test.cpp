#include <hawser/base/logging.h>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hawser::logging {
namespace {

/// What `body` writes to standard error.
template <class Body>
std::string writtenBy(Body body) {
  ::testing::internal::CaptureStderr();
  body();
  return ::testing::internal::GetCapturedStderr();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Logging, tellsObserversLevelMessageAndPlace) {
  const Observation silence = silenceStderr();
  std::vector<std::pair<Level, std::string>> seen;
  unsigned line = 0;
  const Observation observer = addObserver([&](const Event& event) {
    seen.emplace_back(event.level, event.message);
    EXPECT_EQ(event.kind, EventKind::message);
    EXPECT_EQ(event.failure, nullptr);
    EXPECT_STREQ(event.where.file_name(), __FILE__);
    line = event.where.line();
  });
  debug("d");
  info("i");
  warn("w");
  const unsigned here = __LINE__ + 1;
  error("e");
  EXPECT_EQ(seen,
            (std::vector<std::pair<Level, std::string>>{
                {Level::debug, "d"}, {Level::info, "i"}, {Level::warn, "w"}, {Level::error, "e"}}));
  EXPECT_EQ(line, here);
}

TEST(Logging, tellsObserversInTheOrderInWhichTheyWereAdded) {
  const Observation silence = silenceStderr();
  std::string seen;
  const Observation first = addObserver([&](const Event&) { seen += "1"; });
  const Observation second = addObserver([&](const Event&) { seen += "2"; });
  info("message");
  EXPECT_EQ(seen, "12");
}

TEST(Logging, tellsAnObserverNoMoreWhenItsTokenIsGone) {
  const Observation silence = silenceStderr();
  int calls = 0;
  {
    const Observation observer = addObserver([&](const Event&) { ++calls; });
    info("message");
  }
  info("message");
  EXPECT_EQ(calls, 1);
}

TEST(Logging, letsTokensBeMovedAndReplaced) {
  const Observation silence = silenceStderr();
  int first = 0, second = 0;
  Observation token = addObserver([&](const Event&) { ++first; });
  const Observation moved = std::move(token);
  info("message");
  token = addObserver([&](const Event&) { ++second; });
  info("message");
  token = Observation();
  info("message");
  EXPECT_EQ(first, 3);
  EXPECT_EQ(second, 1);
}

TEST(Logging, freesAnObserverWithItsToken) {
  const auto alive = std::make_shared<int>(1);
  {
    const Observation observer = addObserver([alive](const Event&) {});
    EXPECT_EQ(alive.use_count(), 2);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(Logging, letsAnObserverEndItself) {
  const Observation silence = silenceStderr();
  int calls = 0, others = 0;
  std::optional<Observation> token;
  token = addObserver([&](const Event&) {
    ++calls;
    token.reset();
  });
  const Observation other = addObserver([&](const Event&) { ++others; });
  info("message");
  info("message");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(others, 2);
}

TEST(Logging, letsAnObserverEndAnotherThatComesAfterIt) {
  const Observation silence = silenceStderr();
  int calls = 0;
  std::optional<Observation> later;
  const Observation first = addObserver([&](const Event&) { later.reset(); });
  later = addObserver([&](const Event&) { ++calls; });
  info("message");
  EXPECT_EQ(calls, 0);
}

TEST(Logging, letsAnObserverAddAnotherForTheNextEvent) {
  const Observation silence = silenceStderr();
  int calls = 0;
  std::optional<Observation> added;
  const Observation first = addObserver([&](const Event&) {
    if (!added) added = addObserver([&](const Event&) { ++calls; });
  });
  info("message");
  EXPECT_EQ(calls, 0);
  info("message");
  EXPECT_EQ(calls, 1);
}

TEST(Logging, writesInfoAndAboveToStandardError) {
  const std::string text = writtenBy([] {
    debug("a detail");
    info("some news");
    error("bad news");
  });
  EXPECT_FALSE(contains(text, "a detail")) << text;
  EXPECT_TRUE(contains(text, "[info] some news\n")) << text;
  EXPECT_TRUE(contains(text, "[error] bad news\n")) << text;
}

TEST(Logging, writesFromTheLevelThatWasSet) {
  setStderrLevel(Level::debug);
  EXPECT_TRUE(contains(writtenBy([] { debug("a detail"); }), "[debug] a detail\n"));
  setStderrLevel(Level::error);
  EXPECT_EQ(writtenBy([] { warn("a warning"); }), "");
  setStderrLevel(Level::info);
}

TEST(Logging, writesNothingToStandardErrorWhileItIsSilenced) {
  const std::string text = writtenBy([] {
    const Observation silence = silenceStderr();
    {
      const Observation twice = silenceStderr();
      error("bad news");
    }
    error("bad news");
  });
  EXPECT_EQ(text, "");
  EXPECT_NE(writtenBy([] { error("bad news"); }), "");
}

TEST(Logging, logsAFailureWithItsReasonAndTraceback) {
  const Failure failure = std::runtime_error("out of paper");
  const std::string text = writtenBy([&] { err(failure, "printing the poem"); });
  EXPECT_TRUE(contains(text, "[error] printing the poem\n")) << text;
  EXPECT_TRUE(contains(text, "std::runtime_error: out of paper\n")) << text;
  EXPECT_TRUE(contains(text, "raised at ")) << text;
}

TEST(Logging, givesObserversTheFailure) {
  const Observation silence = silenceStderr();
  int seen = 0;
  const Observation observer = addObserver([&](const Event& event) {
    ASSERT_NE(event.failure, nullptr);
    EXPECT_EQ(event.kind, EventKind::failure);
    EXPECT_TRUE(event.failure->check<std::runtime_error>());
    ++seen;
  });
  err(Failure(std::runtime_error("x")));
  err(Failure(std::runtime_error("x")), "why");
  EXPECT_EQ(seen, 2);
}

TEST(Logging, survivesAFailureThatWasMovedFrom) {
  Failure failure = std::runtime_error("x");
  const Failure taken = std::move(failure);
  const std::string text = writtenBy([&] { err(failure, "a reason"); });
  EXPECT_TRUE(contains(text, "a reason")) << text;
  EXPECT_FALSE(contains(text, "out of memory")) << text;
}

TEST(Logging, namesAnObserverThatThrowsAndGoesOnWithTheOthers) {
  int calls = 0;
  const std::string text = writtenBy([&] {
    const Observation silence = silenceStderr();
    const Observation bad =
        addObserver([](const Event&) { throw std::runtime_error("the disk is full"); });
    const Observation good = addObserver([&](const Event&) { ++calls; });
    info("message");
  });
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(contains(text, "the disk is full")) << text;
}

TEST(Logging, writesWhatAnObserverLogsToStandardErrorOnly) {
  int calls = 0;
  const std::string text = writtenBy([&] {
    const Observation observer = addObserver([&](const Event&) {
      ++calls;
      info("from inside");
    });
    info("from outside");
  });
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(contains(text, "from inside"));
}

TEST(Logging, mayBeUsedOnAnyThread) {
  const Observation silence = silenceStderr();
  std::vector<std::string> seen;  // observers are called one at a time
  const Observation observer =
      addObserver([&](const Event& event) { seen.emplace_back(event.message); });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      for (int j = 0; j < 100; ++j) info("message");
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen.size(), 400u);
}

TEST(Logging, callsNoObserverAfterItsTokenHasGoneOnAnotherThread) {
  const Observation silence = silenceStderr();
  std::atomic<bool> stop = false;
  std::thread logger([&] {
    while (!stop) info("message");
  });
  for (int i = 0; i < 200; ++i) {
    auto alive = std::make_unique<int>(0);
    const Observation observer = addObserver([it = alive.get()](const Event&) { ++*it; });
    // The token goes first, then what the observer writes to.
  }
  stop = true;
  logger.join();
}

}  // namespace
}  // namespace hawser::logging
