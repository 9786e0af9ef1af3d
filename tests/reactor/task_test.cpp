#include "reactor/support.h"

#include <hawser/reactor/task.h>
#include <hawser/testing/fake_clock.h>

#include <signal.h>

#include <optional>

namespace hawser::tests {
namespace {

TEST(React, aMainThatSucceedsGivesStatusZero) {
  bool called = false;
  EXPECT_EQ(task::react([&](Reactor& reactor) {
              called = true;
              EXPECT_TRUE(reactor.running());
              EXPECT_EQ(&Reactor::current(), &reactor);
              return succeed();
            }),
            0);
  EXPECT_TRUE(called);
}

TEST(React, anIntIsTheStatus) {
  EXPECT_EQ(task::react([](Reactor&) { return succeed(7); }), 7);
}

TEST(React, runsUntilTheDeferredOfMainFires) {
  EXPECT_EQ(task::react(
                [](Reactor& reactor) { return task::deferLater(reactor, 2ms, [] { return 3; }); }),
            3);
}

TEST(React, aFailureIsLoggedAndGivesStatusOne) {
  LogCapture log;
  EXPECT_EQ(task::react([](Reactor&) { return fail<void>(std::runtime_error("no poem")); }), 1);
  EXPECT_EQ(log.count("main function encountered error: no poem"), 1u);
}

TEST(React, soIsAnException) {
  LogCapture log;
  EXPECT_EQ(task::react([](Reactor&) -> Deferred<void> { throw std::runtime_error("thrown"); }), 1);
  EXPECT_EQ(log.count("main function encountered error: thrown"), 1u);
}

Deferred<int> coroutineMain(Reactor& reactor, int a, std::string b) {
  co_await task::deferLater(reactor, 1ms);
  co_return a + static_cast<int>(b.size());
}

TEST(React, passesItsArgumentsAndRunsCoroutines) {
  EXPECT_EQ(task::react(coroutineMain, 2, "three"), 7);
}

TEST(React, keepsTheCapturesOfACoroutineAlive) {
  const std::string text(100, 'x');
  auto main = [text](Reactor& reactor) -> Deferred<int> {
    co_await task::deferLater(reactor, 1ms);
    co_return static_cast<int>(text.size());
  };
  EXPECT_EQ(task::react(std::move(main)), 100);
}

TEST(React, givesTheWordsOfTheCommandLine) {
  char program[] = "program";
  char word[] = "word";
  char* argv[] = {program, word, nullptr};
  std::vector<std::string> got;
  EXPECT_EQ(task::react(
                [&](Reactor&, std::vector<std::string> words) {
                  got = std::move(words);
                  return succeed();
                },
                2, argv),
            0);
  EXPECT_EQ(got, std::vector<std::string>{"word"});
  EXPECT_EQ(task::react([](Reactor&, int argc, char**) { return succeed(argc); }, 2, argv), 2);
}

TEST(React, aSignalCancelsMainAndGivesItsStatus) {
  LogCapture log;
  EXPECT_EQ(task::react([](Reactor& reactor) {
              reactor.callLater(0s, [] { ::raise(SIGTERM); });
              return task::deferLater(reactor, 1h);
            }),
            128 + SIGTERM);
  EXPECT_EQ(log.count("main function encountered error"), 0u);
}

TEST(React, aMainThatHandlesItsCancellationDecidesTheStatus) {
  LogCapture log;
  EXPECT_EQ(task::react([](Reactor& reactor) {
              reactor.callLater(0s, [] { ::raise(SIGINT); });
              return task::deferLater(reactor, 1h, [] { return 1; })
                  .addErrback([&reactor](const CancelledError&) {
                    return task::deferLater(reactor, 1ms, [] { return 5; });  // takes its leave
                  });
            }),
            5);
}

TEST(React, aSecondSignalEndsTheWaitForMain) {
  LogCapture log;
  EXPECT_EQ(task::react([](Reactor& reactor) {
              reactor.callLater(0s, [] { ::raise(SIGINT); });
              return task::deferLater(reactor, 1h).addErrback([&reactor](const CancelledError&) {
                reactor.callLater(0s, [] { ::raise(SIGTERM); });
                return task::deferLater(reactor, 1h);
              });
            }),
            128 + SIGINT);
}

TEST(React, stopCancelsMain) {
  bool cancelled = false;
  EXPECT_EQ(task::react([&](Reactor& reactor) {
              reactor.callLater(0s, [&] { reactor.stop(); });
              return task::deferLater(reactor, 1h).addErrback([&](const CancelledError& error) {
                cancelled = true;
                throw error;
              });
            }),
            0);
  EXPECT_TRUE(cancelled);
}

TEST(React, canBeDoneAgain) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(task::react([i](Reactor&) { return succeed(i); }), i);
}

class DeferLater : public ::testing::Test {
 protected:
  testing::FakeClock clock;
};

TEST_F(DeferLater, callsAfterTheDelayAndFiresWithTheResult) {
  std::optional<int> got;
  task::deferLater(clock, 3s, [] { return 42; }).addCallback([&](int value) { got = value; });
  clock.advance(2s);
  EXPECT_FALSE(got);
  clock.advance(1s);
  EXPECT_EQ(got, 42);
}

TEST_F(DeferLater, withoutAFunctionJustFires) {
  bool fired = false;
  task::deferLater(clock, 3s).addCallback([&] { fired = true; });
  clock.advance(3s);
  EXPECT_TRUE(fired);
}

TEST_F(DeferLater, anExceptionOfTheFunctionIsItsFailure) {
  std::string message;
  task::deferLater(clock, 1s, []() -> int {
    throw std::runtime_error("broken");
  }).addErrback([&](Failure why) {
    message = why.getErrorMessage();
    return 0;
  });
  clock.advance(1s);
  EXPECT_EQ(message, "broken");
}

TEST_F(DeferLater, cancellingItCancelsTheTimer) {
  bool called = false;
  bool cancelled = false;
  auto deferred = task::deferLater(clock, 1s, [&] {
                    called = true;
                  }).addErrback([&](const CancelledError&) { cancelled = true; });
  deferred.cancel();
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(clock.getDelayedCalls().empty());
  clock.advance(2s);
  EXPECT_FALSE(called);
}

TEST_F(DeferLater, isAbandonedWithItsClock) {
  bool abandoned = false;
  {
    testing::FakeClock shortLived;
    task::deferLater(shortLived, 1s).addErrback([&](const AbandonedError&) { abandoned = true; });
  }
  EXPECT_TRUE(abandoned);
}

TEST_F(DeferLater, refusesNegativeDelays) {
  EXPECT_THROW(static_cast<void>(task::deferLater(clock, -1s)), std::invalid_argument);
}

}  // namespace
}  // namespace hawser::tests
