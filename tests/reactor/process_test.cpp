#include "reactor/process_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

namespace hawser::tests {
namespace {

using Process = ProcessTest;
HAWSER_ON_EVERY_BACKEND(Process);

TEST_P(Process, writesToItsProtocol) {
  const auto seen = runShell("echo out; echo err >&2");
  EXPECT_EQ(seen->out, "out\n");
  EXPECT_EQ(seen->err, "err\n");
  EXPECT_TRUE(seen->ended->check<ProcessDone>());
  EXPECT_EQ(seen->events.front(), "made");
  EXPECT_EQ(seen->events.back(), "ended");
  for (const char* event : {"lost 0", "lost 1", "lost 2", "exited"}) EXPECT_TRUE(seen->saw(event));
}

TEST_P(Process, readsWhatItsProtocolWrites) {
  const auto seen = watcher();
  seen->onMade = [&] {
    seen->transport().write("ahoy");
    seen->transport().closeStdin();
  };
  spawnProcess(*reactor, seen, "cat");
  run();
  EXPECT_EQ(seen->out, "ahoy");
  EXPECT_TRUE(seen->ended->check<ProcessDone>());
}

TEST_P(Process, isKnownByItsPidUntilItHasEnded) {
  const auto seen = watcher();
  std::optional<int> while_, after;
  seen->onMade = [&] { while_ = seen->transport().pid(); };
  seen->onExited = [&] { after = seen->transport().pid(); };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "echo $$"});
  run();
  EXPECT_EQ(std::to_string(while_.value()) + "\n", seen->out);
  EXPECT_FALSE(after);
}

TEST_P(Process, tellsItsExitCode) {
  const auto seen = runShell("exit 7");
  const auto* const terminated = seen->ended->get<ProcessTerminated>();
  ASSERT_TRUE(terminated);
  EXPECT_EQ(terminated->exitCode(), 7);
  EXPECT_FALSE(terminated->signal());
  EXPECT_EQ(terminated->status(), 7 << 8);
  EXPECT_STREQ(terminated->what(), "a process ended with exit code 7");
}

TEST_P(Process, tellsTheSignalThatEndedIt) {
  const auto seen = runShell("kill -KILL $$");
  const auto* const terminated = seen->ended->get<ProcessTerminated>();
  ASSERT_TRUE(terminated);
  EXPECT_FALSE(terminated->exitCode());
  EXPECT_EQ(terminated->signal(), SIGKILL);
  EXPECT_EQ(terminated->status(), SIGKILL);
  EXPECT_STREQ(terminated->what(), "a process was ended by SIGKILL");
}

TEST_P(Process, thatClosesItsPipesMayLiveOn) {
  const auto seen = watcher();
  seen->onLost = [&](int) {
    if (!seen->saw("lost 0") || !seen->saw("lost 1") || !seen->saw("lost 2")) return;
    EXPECT_FALSE(seen->exited);
    seen->transport().signalProcess("TERM");
  };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "exec sleep 100 <&- >&- 2>&-"});
  run();
  EXPECT_EQ(seen->ended->get<ProcessTerminated>()->signal(), SIGTERM);
}

TEST_P(Process, thatHasExitedHasNotEndedWhileAChildOfItsOwnHoldsAPipe) {
  const auto seen = watcher();
  seen->onExited = [&] {
    EXPECT_FALSE(seen->ended);
    seen->transport().write("go on\n");
  };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "exec 3<&0; cat <&3 3<&- & exit 3"});
  seen->onData = [&](int, std::string_view) { seen->transport().closeStdin(); };
  run();
  EXPECT_EQ(seen->out, "go on\n");
  EXPECT_EQ(seen->ended->get<ProcessTerminated>()->exitCode(), 3);
}

TEST_P(Process, hasTheEnvironmentThatItWasGiven) {
  EXPECT_EQ(runShell("/usr/bin/env | /bin/grep -v -e PWD -e _= -e SHLVL",
                     {.env = std::vector<std::string>{"NAME=value"}})
                ->out,
            "NAME=value\n");
}

TEST_P(Process, inheritsTheEnvironmentIfItWasGivenNone) {
  ::setenv("HAWSER_TEST_INHERITED", "yes", 1);
  const auto seen = runShell("echo $HAWSER_TEST_INHERITED");
  ::unsetenv("HAWSER_TEST_INHERITED");
  EXPECT_EQ(seen->out, "yes\n");
}

TEST_P(Process, startsInTheDirectoryThatItWasGiven) {
  EXPECT_EQ(runShell("pwd", {.path = "/usr"})->out, "/usr\n");
}

TEST_P(Process, seesTheNameThatItWasGiven) {
  const auto seen = watcher();
  spawnProcess(*reactor, seen, "/bin/sh", {"Bosun", "-c", "echo $0"});
  run();
  EXPECT_EQ(seen->out, "Bosun\n");
}

TEST_P(Process, isLookedForInThePathOfItsEnvironment) {
  const auto seen = watcher();
  spawnProcess(*reactor, seen, "true", {},
               {.env = std::vector<std::string>{"PATH=/nowhere:/etc/passwd:/usr/bin"}});
  run();
  EXPECT_TRUE(seen->ended->check<ProcessDone>());
}

TEST_P(Process, hasNoSignalBlockedOrIgnored) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto seen = watcher();
  // SIGPIPE is ignored by every program with a reactor.
  spawnProcess(*reactor, seen, "grep", {"grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"});
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  run();
  EXPECT_EQ(seen->out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_P(Process, changesNeitherMasksNorHandlersOfThisProgram) {
  struct sigaction mine{}, before{}, after{};
  mine.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &mine, &before);
  sigset_t maskBefore, maskAfter;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &maskBefore);
  runShell("true");
  ::pthread_sigmask(SIG_SETMASK, nullptr, &maskAfter);
  ::sigaction(SIGUSR1, &before, &after);
  EXPECT_EQ(after.sa_handler, mine.sa_handler);
  for (int signal = 1; signal < NSIG; ++signal)
    EXPECT_EQ(::sigismember(&maskBefore, signal), ::sigismember(&maskAfter, signal));
}

TEST_P(Process, whoseStatusSomebodyElseTookEndsAllTheSame) {
  const auto seen = watcher();
  seen->onMade = [&] {
    const int pid = *seen->transport().pid();
    seen->transport().signalProcess(SIGKILL);
    EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  };
  spawnProcess(*reactor, seen, "cat");
  run();
  EXPECT_TRUE(seen->ended->check<ProcessStatusLost>());
}

TEST_P(Process, whoseProtocolThrowsLosesItsPipes) {
  LogCapture log;
  const auto seen = watcher();
  seen->onData = [](int, std::string_view) { throw std::runtime_error("no appetite"); };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "echo x; cat; exit 5"});
  run();
  EXPECT_EQ(log.count("childDataReceived threw"), 1u);
  EXPECT_EQ(seen->ended->get<ProcessTerminated>()->exitCode(), 5);
}

TEST_P(Process, whoseProtocolThrowsInAnyEventIsToldTheRest) {
  const auto fail = [] { throw std::runtime_error("no appetite"); };
  const std::pair<const char*, std::function<void(Watcher&)>> cases[] = {
      {"connectionMade threw", [&](Watcher& seen) { seen.onMade = fail; }},
      {"childDataReceived threw",
       [&](Watcher& seen) { seen.onData = [&](int, std::string_view) { fail(); }; }},
      {"childConnectionLost threw",
       [&](Watcher& seen) {
         seen.onLost = [&](int childFD) {
           if (childFD == 2) fail();
         };
       }},
      {"processExited threw", [&](Watcher& seen) { seen.onExited = fail; }},
      {"processEnded threw",
       [&](Watcher& seen) {
         seen.onEnded = [&, stop = seen.onEnded] {
           stop();
           fail();
         };
       }},
  };
  for (const auto& [text, prepare] : cases) {
    SCOPED_TRACE(text);
    LogCapture log;
    reactor.emplace(GetParam().make());
    const auto seen = watcher();
    prepare(*seen);
    spawnProcess(*reactor, seen, "sh", {"sh", "-c", "echo x"});
    run();
    EXPECT_EQ(log.count(text), 1u);
    for (const char* const event : {"made", "lost 0", "lost 1", "lost 2", "exited", "ended"})
      EXPECT_EQ(std::ranges::count(seen->events, event), 1) << event;
  }
}

TEST_P(Process, mayShareItsProtocolWithAnother) {
  const auto seen = std::make_shared<Watcher>();
  int ended = 0;
  seen->onEnded = [&] {
    if (++ended == 2) reactor->stop();
  };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "echo first"});
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "echo second"});
  run();
  EXPECT_EQ(std::ranges::count(seen->events, "exited"), 2);
  EXPECT_NE(seen->out.find("first\n"), std::string::npos);
  EXPECT_NE(seen->out.find("second\n"), std::string::npos);
}

TEST_P(Process, whosePidfdIsClosedBehindOurBackIsKnownByItsNumber) {
  LogCapture log;
  const auto seen = std::make_shared<Watcher>();
  const auto other = std::make_shared<Watcher>();
  seen->onEnded = other->onEnded = [&] {
    if (seen->ended && other->ended) reactor->stop();
  };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "read go; exit 3"});
  int pidfd = -1;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone).string().find("pidfd") !=
        std::string::npos)
      pidfd = std::stoi(entry.path().filename());
  }
  ASSERT_GE(pidfd, 0);
  reactor->iterate();
  ::close(pidfd);
  // Another's pidfd gets its number, and that is how it is noticed.
  std::vector<FileDescriptor> lower;
  for (FileDescriptor next(::dup(0)); next.get() != pidfd; next = FileDescriptor(::dup(0)))
    lower.push_back(std::move(next));
  spawnProcess(*reactor, other, "true", {}, {.childFDs = {}});
  seen->transport().write("go\n");
  run();
  ASSERT_TRUE(seen->ended->check<ProcessTerminated>()) << seen->ended->getErrorMessage();
  EXPECT_EQ(seen->ended->get<ProcessTerminated>()->exitCode(), 3);
  EXPECT_EQ(log.count("behind"), 1u);
}

TEST_P(Process, keepsItsProtocolUntilItHasEnded) {
  auto seen = watcher();
  const std::weak_ptr<Watcher> weak = seen;
  spawnProcess(*reactor, std::move(seen), "true");
  bool alive = false;
  weak.lock()->onExited = [&] { alive = !weak.expired(); };
  run();
  EXPECT_TRUE(alive);
  EXPECT_TRUE(weak.expired());
}

TEST_P(Process, thatHasEndedCanBeAskedForAnything) {
  const auto seen = runShell("true");
  ProcessTransport& gone = seen->transport();
  gone.write("x");
  gone.closeStdin();
  gone.closeChildFD(2);
  gone.loseConnection();
  gone.pauseProducing();
  gone.resumeProducing();
  EXPECT_EQ(gone.queuedBytes(), 0u);
  EXPECT_THROW(gone.signalProcess("TERM"), ProcessExitedAlready);
}

TEST_P(Process, isStartedBesideManyOthers) {
  int running = 100;
  std::vector<std::shared_ptr<Watcher>> all;
  for (int i = 0; i < running; ++i) {
    const auto seen = std::make_shared<Watcher>();
    seen->onEnded = [&] {
      if (--running == 0) reactor->stop();
    };
    spawnProcess(*reactor, seen, "sh", {"sh", "-c", "echo " + std::to_string(i)});
    all.push_back(seen);
  }
  run();
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i]->out, std::to_string(i) + "\n");
}

}  // namespace
}  // namespace hawser::tests
