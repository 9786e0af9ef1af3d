#include "reactor/process_fixture.h"

#include <hawser/reactor/process_output.h>

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hawser::tests {
namespace {

using ProcessStop = ProcessTest;
HAWSER_ON_EVERY_BACKEND(ProcessStop);

TEST_P(ProcessStop, leavesTheProcessAndClosesItsPipes) {
  const auto seen = std::make_shared<Watcher>();
  spawnProcess(*reactor, seen, "cat");
  reactor->callWhenRunning([this] { reactor->stop(); });
  const int pid = seen->transport().pid().value();
  run();
  EXPECT_TRUE(seen->ended->check<ProcessLeftRunning>());
  EXPECT_FALSE(seen->exited);
  EXPECT_EQ(seen->events,
            (std::vector<std::string>{"made", "lost 0", "lost 1", "lost 2", "ended"}));
  EXPECT_FALSE(seen->transport().pid());
  // It has read the end of its input.
  siginfo_t info{};
  EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(info.si_status, 0);
  // The next one to be started waits for it.
  Reactor next(GetParam().make());
  const auto other = std::make_shared<Watcher>();
  other->onEnded = [&] { next.stop(); };
  spawnProcess(next, other, "true");
  EXPECT_EQ(::kill(pid, 0), -1);
  next.run();
}

TEST_P(ProcessStop, tellsOfAProcessThatHasEndedAlready) {
  const auto seen = std::make_shared<Watcher>();
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "exit 4"});
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
  reactor.reset();
  EXPECT_EQ(seen->ended->get<ProcessTerminated>()->exitCode(), 4);
  EXPECT_TRUE(seen->exited);
  reactor.emplace(GetParam().make());
}

TEST_P(ProcessStop, doesNotTakeForAllWhatWasReadOfAProcessThatIsDone) {
  const auto seen = std::make_shared<Watcher>();
  spawnProcess(*reactor, seen, "echo", {"echo", "more than nothing"});
  std::optional<Failure> cut;
  getProcessOutput(*reactor, "echo", {"more than nothing"}).addErrback([&](const Failure& failure) {
    cut = failure;
    return std::string();
  });
  siginfo_t info{};
  const auto pid = static_cast<id_t>(seen->transport().pid().value());
  ASSERT_EQ(::waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
  reactor.reset();
  EXPECT_TRUE(seen->exited->check<ProcessDone>());
  EXPECT_EQ(seen->ended->get<ProcessPipeError>()->osError(), ECANCELED);
  EXPECT_TRUE((cut->check<ProcessPipeError, ProcessOutputCut>()));
  reactor.emplace(GetParam().make());
}

/// The process is done, and much of what was written for it is still here; `script` says whether
/// somebody may yet read it.
Failure endOfOneThatReadsNothing(Reactor& reactor, const char* script) {
  const auto seen = std::make_shared<Watcher>();
  spawnProcess(reactor, seen, "sh", {"sh", "-c", script}, {.childFDs = {{0, "w"}, {4, "w"}}});
  seen->transport().write(std::string(200'000, 'x'));
  siginfo_t info{};
  const auto pid = static_cast<id_t>(seen->transport().pid().value());
  EXPECT_EQ(::waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
  reactor.callWhenRunning([&] { reactor.stop(); });
  reactor.run();
  return *seen->ended;
}

TEST_P(ProcessStop, doesNotTakeForAllWhatWasWrittenForAProcessThatIsDone) {
  // A child of its own has its standard input, until descriptor 4 ends.
  const Failure why =
      endOfOneThatReadsNothing(*reactor, "exec 3<&0 1>/dev/null 2>/dev/null; cat <&4 & exit 0");
  ASSERT_TRUE(why.check<ProcessPipeError>()) << why.getErrorMessage();
  EXPECT_EQ(why.get<ProcessPipeError>()->childFD(), 0);
  EXPECT_EQ(why.get<ProcessPipeError>()->osError(), ECANCELED);
}

TEST_P(ProcessStop, leavesToAProcessHowMuchItReads) {
  const Failure why = endOfOneThatReadsNothing(*reactor, "exit 0");
  EXPECT_TRUE(why.check<ProcessDone>()) << why.getErrorMessage();
}

TEST_P(ProcessStop, canWaitForAProcessInTheBeforePhase) {
  const auto seen = std::make_shared<Watcher>();
  Resolver<void> gone;
  seen->onEnded = [&] { gone.callback(); };
  reactor->addSystemEventTrigger(Phase::before, [&] {
    auto [waiting, resolver] = makeDeferred<void>();
    gone = std::move(resolver);
    seen->transport().signalProcess("TERM");
    return std::move(waiting);
  });
  spawnProcess(*reactor, seen, "cat");
  reactor->callWhenRunning([this] { reactor->stop(); });
  run();
  EXPECT_EQ(seen->ended->get<ProcessTerminated>()->signal(), SIGTERM);
}

TEST_P(ProcessStop, insideEachEventEndsInOrder) {
  for (const char* const event : {"made", "data", "lost", "exited"}) {
    Reactor own(GetParam().make());
    const auto seen = std::make_shared<Watcher>();
    const auto stopAt = [&](std::string_view here) {
      if (here == event && own.running() && !own.stopping()) own.stop();
    };
    own.callWhenRunning(
        [&] { spawnProcess(own, seen, "sh", {"sh", "-c", "echo x; exec >&-; read y"}); });
    seen->onMade = [&] { stopAt("made"); };
    seen->onData = [&](int, std::string_view) { stopAt("data"); };
    seen->onLost = [&](int) {
      seen->transport().closeStdin();
      stopAt("lost");
    };
    seen->onExited = [&] { stopAt("exited"); };
    own.run();
    EXPECT_TRUE(seen->ended) << event;
  }
  // Those that were left have read the end of their input.
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  forgetLeftChildren();
}

TEST_P(ProcessStop, comesInTheMiddleOfWhateverAProcessDoes) {
  const char* const scripts[] = {
      "exec yes",                           // floods
      "exec >&- 2>&- <&-; exec sleep 100",  // closes its pipes
      "trap '' TERM; exec sleep 100",       // does not hear SIGTERM
      "exec sleep 100",                     // does not read
      "kill -KILL $$",                      // dies of a signal
      "exit 7",                             // ends meanwhile
  };
  for (const char* const script : scripts) {
    SCOPED_TRACE(script);
    Reactor own(GetParam().make());
    bool told = false;
    const auto seen = std::make_shared<Watcher>();
    own.callWhenRunning([&] {
      getProcessOutput(own, "sh", {"-c", script}).addBoth([&](const Result<std::string>&) {
        told = true;
      });
      spawnProcess(own, seen, "sh", {"sh", "-c", script});
      seen->transport().write(std::string(200'000, 'x'));
      own.callLater(20ms, [&own] { own.stop(); });
    });
    own.run();
    EXPECT_TRUE(told);
    ASSERT_TRUE(seen->ended);
    // One that runs on is the test's to end.
    if (const auto* const left = seen->ended->get<ProcessLeftRunning>()) {
      ::kill(left->pid(), SIGKILL);
      EXPECT_EQ(::waitpid(left->pid(), nullptr, 0), left->pid());
    }
    EXPECT_FALSE(hasChildren());
  }
  forgetLeftChildren();
}

TEST_P(ProcessStop, killsThoseThatBelongToADeferred) {
  std::optional<Failure> ended;
  reactor->callWhenRunning([&] {
    getProcessOutput(*reactor, "sh", {"-c", "trap '' TERM; exec sleep 100"})
        .addErrback([&](const Failure& failure) {
          ended = failure;
          return std::string();
        });
    reactor->stop();
  });
  run();
  EXPECT_EQ(ended->get<ProcessTerminated>()->signal(), SIGKILL);
}

}  // namespace
}  // namespace hawser::tests
