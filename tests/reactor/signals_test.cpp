#include "reactor/support.h"

#include <hawser/defer/deferred.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace hawser::tests {
namespace {

using Signals = ReactorTest;

using SignalHandler = void (*)(int);

SignalHandler handlerOf(int signal) {
  struct sigaction action{};
  ::sigaction(signal, nullptr, &action);
  return action.sa_handler;
}

TEST_F(Signals, sigtermEndsTheRunInOrder) {
  LogCapture log;
  std::string calls;
  reactor.addSystemEventTrigger(Phase::before, [&] { calls += "before "; });
  reactor.addSystemEventTrigger(Phase::after, [&] { calls += "after"; });
  reactor.callWhenRunning([] { ::raise(SIGTERM); });
  run();
  EXPECT_EQ(reactor.exitSignal(), SIGTERM);
  EXPECT_EQ(calls, "before after");
  EXPECT_EQ(log.count("Received SIGTERM, shutting down."), 1u);
}

TEST_F(Signals, sigintEndsTheRunInOrder) {
  LogCapture log;
  reactor.callWhenRunning([] { ::raise(SIGINT); });
  run();
  EXPECT_EQ(reactor.exitSignal(), SIGINT);
}

TEST_F(Signals, wakeAReactorThatWaits) {
  LogCapture log;
  std::thread sender;
  reactor.callWhenRunning([&] { sender = std::thread([] { ::kill(::getpid(), SIGTERM); }); });
  run();
  sender.join();
  EXPECT_EQ(reactor.exitSignal(), SIGTERM);
}

TEST_F(Signals, doAfterwardsWhatTheyDidBefore) {
  static int caught;
  caught = 0;
  struct sigaction mine{};
  struct sigaction before{};
  mine.sa_handler = [](int) { ++caught; };
  ASSERT_EQ(::sigaction(SIGTERM, &mine, &before), 0);
  LogCapture log;
  reactor.callWhenRunning([] { ::raise(SIGTERM); });
  run();
  EXPECT_EQ(caught, 0);
  ::raise(SIGTERM);
  EXPECT_EQ(caught, 1);
  ASSERT_EQ(::sigaction(SIGTERM, &before, nullptr), 0);
}

TEST_F(Signals, areLeftAloneIfTheReactorIsToldSo) {
  const SignalHandler before = handlerOf(SIGINT);
  reactor.callWhenRunning([&] {
    EXPECT_EQ(handlerOf(SIGINT), before);
    reactor.stop();
  });
  reactor.run({.handleSignals = false});
}

TEST_F(Signals, stopEveryReactorThatHandlesThem) {
  LogCapture log;
  std::thread other;
  reactor.callWhenRunning([&] {
    other = std::thread([] {
      Reactor second;
      second.callWhenRunning([] { ::kill(::getpid(), SIGTERM); });
      second.run();
      EXPECT_EQ(second.exitSignal(), SIGTERM);
    });
  });
  run();
  other.join();
  EXPECT_EQ(reactor.exitSignal(), SIGTERM);
}

TEST_F(Signals, aSecondOneEndsThePatienceOfTheShutdown) {
  LogCapture log;
  bool released = false;
  auto [never, resolver] = makeDeferred<void>();
  reactor.callWhenRunning([] { ::raise(SIGINT); });
  reactor.addSystemEventTrigger(Phase::before, [&waitedFor = never] {
    ::raise(SIGINT);
    return std::move(waitedFor);
  });
  reactor.addSystemEventTrigger(Phase::after, [&] { released = true; });
  run();
  EXPECT_TRUE(released);
  EXPECT_EQ(log.count("not waiting any longer"), 1u);
}

TEST_F(Signals, ofAForkedChildAreItsOwn) {
  int status = 0;
  reactor.callWhenRunning([&] {
    const pid_t child = ::fork();
    if (child == 0) {
      ::raise(SIGTERM);  // what it does by default
      ::_exit(1);
    }
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    reactor.stop();
  });
  run();
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(reactor.exitSignal(), 0);
}

TEST_F(Signals, stopAReactorThatAForkedChildMade) {
  int status = 1;
  reactor.callWhenRunning([&] {
    const pid_t child = ::fork();
    if (child == 0) {
      const LogCapture log;
      Reactor own;
      own.callWhenRunning([] { ::raise(SIGTERM); });
      own.run();
      ::_exit(own.exitSignal() == SIGTERM ? 0 : 1);
    }
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    reactor.stop();
  });
  run();
  EXPECT_EQ(status, 0);
}

TEST_F(Signals, aBrokenPipeIsNeverTheEndOfTheProgram) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
}

}  // namespace
}  // namespace hawser::tests
