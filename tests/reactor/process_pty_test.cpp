#include "reactor/process_fixture.h"

#include <signal.h>

namespace hawser::tests {
namespace {

class ProcessPty : public ProcessTest {
 protected:
  /// Runs a script until its output `has` come, then lets it go on to its end. When the leader of a
  /// session ends the kernel throws away what has not been read by then.
  std::shared_ptr<Watcher> runUntil(std::string script,
                                    std::function<bool(const std::string&)> has) {
    const auto seen = watcher();
    bool came = false;
    seen->onData = [&](int, std::string_view) {
      if (!has(seen->out) || std::exchange(came, true)) return;
      seen->transport().write("\n");
    };
    spawnProcess(*reactor, seen, "sh", {"sh", "-c", std::move(script) + "; read go"},
                 {.usePTY = true});
    run();
    return seen;
  }
  std::shared_ptr<Watcher> runUntil(std::string script, std::string text) {
    return runUntil(std::move(script), [text = std::move(text)](const std::string& out) {
      return out.find(text) != std::string::npos;
    });
  }
};
HAWSER_ON_EVERY_BACKEND(ProcessPty);

TEST_P(ProcessPty, isTheTerminalOfTheProcess) {
  const auto seen = runUntil("tty; test -t 0 && test -t 1 && test -t 2 && echo all", "all\r\n");
  EXPECT_EQ(seen->out.substr(0, 9), "/dev/pts/");
  EXPECT_EQ(seen->events, (std::vector<std::string>{"made", "exited", "ended"}));
}

TEST_P(ProcessPty, isItsControllingTerminalInASessionOfItsOwn) {
  const auto seen =
      runUntil("echo $(cut -d' ' -f6 /proc/$$/stat) $$; echo opened >/dev/tty", "opened");
  const std::string sessionAndPid = seen->out.substr(0, seen->out.find('\r'));
  EXPECT_EQ(sessionAndPid.substr(0, sessionAndPid.find(' ')),
            sessionAndPid.substr(sessionAndPid.find(' ') + 1));
}

TEST_P(ProcessPty, carriesWhatIsWrittenAndEchoesIt) {
  const auto seen = watcher();
  seen->onMade = [&] { seen->transport().write("ahoy\n"); };
  seen->onData = [&](int, std::string_view) {
    if (seen->out == "ahoy\r\nahoy\r\n") seen->transport().write("\x04");
  };
  spawnProcess(*reactor, seen, "cat", {}, {.usePTY = true});
  run();
  EXPECT_EQ(seen->out, "ahoy\r\nahoy\r\n");
  EXPECT_TRUE(seen->ended->check<ProcessDone>());
}

TEST_P(ProcessPty, sendsControlCharactersAsSignals) {
  const auto seen = watcher();
  seen->onData = [&](int, std::string_view) { seen->transport().write("\x03"); };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "echo ready; exec sleep 100"}, {.usePTY = true});
  run();
  EXPECT_EQ(seen->ended->get<ProcessTerminated>()->signal(), SIGINT);
}

TEST_P(ProcessPty, hangsUpWhenItIsClosed) {
  const auto seen = watcher();
  seen->onData = [&](int, std::string_view) {
    seen->transport().closeStdin();  // has one direction only with the other
    seen->transport().closeChildFD(1);
    seen->transport().loseConnection();
  };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "echo ready; exec sleep 100"}, {.usePTY = true});
  run();
  EXPECT_EQ(seen->ended->get<ProcessTerminated>()->signal(), SIGHUP);
}

TEST_P(ProcessPty, hasTheWindowSizeThatItWasStartedWith) {
  const auto seen = watcher();
  seen->onData = [&](int, std::string_view) {
    if (seen->out.ends_with("\n")) seen->transport().write("\x04");
  };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "stty size; exec cat"},
               {.usePTY = true, .windowSize = WindowSize{.rows = 25, .columns = 132}});
  run();
  EXPECT_EQ(seen->out, "25 132\r\n");
}

TEST_P(ProcessPty, isToldThatItsWindowHasAnotherSize) {
  const auto seen = watcher();
  seen->onData = [&](int, std::string_view) {
    if (seen->out == "ready\r\n") seen->transport().setWindowSize({.rows = 7, .columns = 11});
    if (seen->out.ends_with("7 11\r\n")) seen->transport().write("\n");
  };
  spawnProcess(
      *reactor, seen, "sh",
      {"sh", "-c",
       "trap 'stty size; read go; kill $!; exit' WINCH; sleep 100 >/dev/null 2>&1 </dev/null & "
       "echo ready; wait"},
      {.usePTY = true});
  run();
  EXPECT_NE(seen->out.find("7 11"), std::string::npos) << seen->out;
  seen->transport().setWindowSize({});  // it is over, so nothing happens
}

TEST_P(ProcessPty, isWhatAProcessNeedsToHaveAWindow) {
  const auto seen = watcher();
  spawnProcess(*reactor, seen, "true");
  EXPECT_THROW(seen->transport().setWindowSize({.rows = 1, .columns = 1}), std::logic_error);
  run();
}

TEST_P(ProcessPty, carriesMoreThanATerminalHolds) {
  const auto seen = runUntil("stty raw -echo; head -c 300000 /dev/zero",
                             [](const std::string& out) { return out.size() == 300'000; });
  EXPECT_EQ(seen->out.size(), 300'000u);
}

}  // namespace
}  // namespace hawser::tests
