#include "reactor/support.h"

#include <hawser/reactor/signal_handler.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <thread>

namespace hawser::tests {
namespace {

using SignalHandlers = ReactorTest;

void (*kernelHandlerOf(int signal))(int) {
  struct sigaction action{};
  ::sigaction(signal, nullptr, &action);
  return action.sa_handler;
}

TEST_F(SignalHandlers, areCalledInATurnOfTheReactor) {
  int called = 0;
  bool inside = true;
  const SignalHandler handler(reactor, SIGHUP, [&](int signal) {
    EXPECT_FALSE(inside);
    EXPECT_EQ(signal, SIGHUP);
    ++called;
    reactor.stop();
  });
  reactor.callWhenRunning([&] {
    ::raise(SIGHUP);
    inside = false;
  });
  run();
  EXPECT_EQ(called, 1);
}

TEST_F(SignalHandlers, wakeAReactorThatWaits) {
  const SignalHandler handler(reactor, SIGUSR1, [&](int) { reactor.stop(); });
  std::thread sender;
  reactor.callWhenRunning([&] { sender = std::thread([] { ::kill(::getpid(), SIGUSR1); }); });
  run();
  sender.join();
}

TEST_F(SignalHandlers, areCalledOnceForSignalsThatCameTogether) {
  int called = 0;
  const SignalHandler handler(reactor, SIGUSR1, [&](int) { ++called; });
  for (int i = 0; i < 5; ++i) ::raise(SIGUSR1);
  reactor.iterate();
  reactor.iterate();
  EXPECT_EQ(called, 1);
  ::raise(SIGUSR1);
  reactor.iterate();
  EXPECT_EQ(called, 2);
}

TEST_F(SignalHandlers, forTheSameSignalAreCalledInTheOrderOfAdding) {
  std::string calls;
  const SignalHandler first(reactor, SIGUSR1, [&](int) { calls += "first "; });
  const SignalHandler second(reactor, SIGUSR1, [&](int) { calls += "second"; });
  const SignalHandler other(reactor, SIGUSR2, [&](int) { calls += "other"; });
  ::raise(SIGUSR1);
  reactor.iterate();
  EXPECT_EQ(calls, "first second");
}

TEST_F(SignalHandlers, thatThrowAreLogged) {
  LogCapture log;
  const SignalHandler handler(reactor, SIGUSR1, [](int) { throw std::runtime_error("capsized"); });
  ::raise(SIGUSR1);
  reactor.iterate();
  EXPECT_EQ(log.count("while handling a signal: capsized"), 1u);
}

TEST_F(SignalHandlers, restoreWhatTheSignalDidBefore) {
  const auto before = kernelHandlerOf(SIGHUP);
  {
    const SignalHandler first(reactor, SIGHUP, [](int) {});
    {
      const SignalHandler second(reactor, SIGHUP, [](int) {});
    }
    EXPECT_NE(kernelHandlerOf(SIGHUP), before);
  }
  EXPECT_EQ(kernelHandlerOf(SIGHUP), before);
}

TEST_F(SignalHandlers, mayDestroyThemselves) {
  std::optional<SignalHandler> handler;
  auto alive = std::make_shared<int>(0);
  handler.emplace(reactor, SIGUSR1, [&, alive](int) {
    handler.reset();
    ++*alive;
  });
  ::raise(SIGUSR1);
  reactor.iterate();
  EXPECT_EQ(*alive, 1);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(SignalHandlers, mayDestroyOthersThatAreToBeCalled) {
  bool called = false;
  std::optional<SignalHandler> second;
  const SignalHandler first(reactor, SIGUSR1, [&](int) { second.reset(); });
  second.emplace(reactor, SIGUSR1, [&](int) { called = true; });
  ::raise(SIGUSR1);
  reactor.iterate();
  EXPECT_FALSE(called);
}

TEST_F(SignalHandlers, canBeMoved) {
  int called = 0;
  SignalHandler first(reactor, SIGUSR1, [&](int) { ++called; });
  SignalHandler second(std::move(first));
  second = SignalHandler(reactor, SIGUSR2, [&](int) { called += 10; });
  const SignalHandler guard(reactor, SIGUSR1, [](int) {});
  ::raise(SIGUSR1);
  ::raise(SIGUSR2);
  reactor.iterate();
  EXPECT_EQ(called, 10);
}

TEST_F(SignalHandlers, ofSigtermDoNotKeepItFromStoppingTheReactor) {
  LogCapture log;
  int called = 0;
  const SignalHandler handler(reactor, SIGTERM, [&](int) { ++called; });
  reactor.callWhenRunning([] { ::raise(SIGTERM); });
  run();
  EXPECT_EQ(called, 1);
  EXPECT_EQ(reactor.exitSignal(), SIGTERM);
}

TEST_F(SignalHandlers, decideAboutSigtermIfTheReactorIsToldToLeaveItAlone) {
  const SignalHandler handler(reactor, SIGTERM, [&](int) { reactor.stop(); });
  reactor.callWhenRunning([] { ::raise(SIGTERM); });
  reactor.run({.handleSignals = false});
  EXPECT_EQ(reactor.exitSignal(), 0);
}

TEST_F(SignalHandlers, thatOutliveTheReactorStandForNothing) {
  const auto before = kernelHandlerOf(SIGUSR1);
  std::optional<SignalHandler> handler;
  auto captured = std::make_shared<int>();
  {
    Reactor second;
    handler.emplace(second, SIGUSR1, [captured](int) {});
    second.callWhenRunning([&] { second.stop(); });
    second.run();
    EXPECT_EQ(captured.use_count(), 1);
    EXPECT_THROW(SignalHandler(second, SIGUSR1, [](int) {}), ReactorNotRunning);
  }
  EXPECT_EQ(kernelHandlerOf(SIGUSR1), before);
  handler.reset();
}

TEST_F(SignalHandlers, ofSeveralReactorsAreAllCalled) {
  int called = 0;
  const SignalHandler handler(reactor, SIGUSR1, [&](int) { reactor.stop(); });
  std::thread other([&] {
    Reactor second;
    const SignalHandler own(second, SIGUSR1, [&](int) {
      ++called;
      second.stop();
    });
    second.callWhenRunning([] { ::kill(::getpid(), SIGUSR1); });
    second.run();
  });
  run();
  other.join();
  EXPECT_EQ(called, 1);
}

TEST_F(SignalHandlers, areNotThoseOfAForkedChild) {
  bool called = false;
  const SignalHandler handler(reactor, SIGUSR1, [&](int) { called = true; });
  const pid_t child = ::fork();
  if (child == 0) {
    ::raise(SIGUSR1);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WTERMSIG(status), SIGUSR1);
  reactor.iterate();
  EXPECT_FALSE(called);
}

TEST_F(SignalHandlers, forWhatCannotBeHandledAreRefused) {
  for (int signal : {0, -1, SIGKILL, SIGSTOP, SIGSEGV, SIGABRT, 32, 65, 1000})
    EXPECT_THROW(SignalHandler(reactor, signal, [](int) {}), std::invalid_argument) << signal;
  EXPECT_THROW(SignalHandler(reactor, SIGUSR1, {}), std::invalid_argument);
}

TEST_F(SignalHandlers, ofRealTimeSignalsAreLikeAllOthers) {
  int came = 0;
  const SignalHandler handler(reactor, SIGRTMAX, [&](int signal) { came = signal; });
  ::raise(SIGRTMAX);
  reactor.iterate();
  EXPECT_EQ(came, SIGRTMAX);
}

TEST_F(SignalHandlers, asADeferredFireOnce) {
  const auto before = kernelHandlerOf(SIGHUP);
  int came = 0;
  nextSignal(reactor, SIGHUP).addCallback([&](int signal) {
    came += signal;
    EXPECT_EQ(kernelHandlerOf(SIGHUP), before);
  });
  ::raise(SIGHUP);
  reactor.iterate();
  EXPECT_EQ(came, SIGHUP);
}

TEST_F(SignalHandlers, asADeferredAreGivenBackWhenItIsCancelled) {
  const auto before = kernelHandlerOf(SIGHUP);
  bool cancelled = false;
  auto waiting = nextSignal(reactor, SIGHUP);
  waiting.addErrback([&](const CancelledError&) {
    cancelled = true;
    return 0;
  });
  waiting.cancel();
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(kernelHandlerOf(SIGHUP), before);
}

TEST_F(SignalHandlers, asADeferredAreAbandonedWhenTheReactorEnds) {
  LogCapture log;
  bool abandoned = false;
  auto waiting = nextSignal(reactor, SIGHUP);
  waiting.addErrback([&](const AbandonedError&) {
    abandoned = true;
    return 0;
  });
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_TRUE(abandoned);
}

Deferred<void> reloadTwice(Reactor& reactor, int& reloads) {
  for (; reloads < 2; ++reloads) {
    ::raise(SIGHUP);
    co_await nextSignal(reactor, SIGHUP);
  }
  reactor.stop();
}

TEST_F(SignalHandlers, asADeferredAreAwaitedByCoroutines) {
  // While nobody waits, the signal would end the program.
  const SignalHandler guard(reactor, SIGHUP, [](int) {});
  int reloads = 0;
  reactor.callWhenRunning([&] { reloadTwice(reactor, reloads); });
  run();
  EXPECT_EQ(reloads, 2);
}

}  // namespace
}  // namespace hawser::tests
