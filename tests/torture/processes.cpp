#include "torture/torture.h"

#include <hawser/reactor/backend.h>
#include <hawser/reactor/detail/child_exit.h>
#include <hawser/reactor/file_descriptor.h>
#include <hawser/reactor/process.h>
#include <hawser/reactor/process_output.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser::torture {
namespace {

constexpr std::string_view words = "some words\n";

class Nobody final : public ProcessProtocol {};

/// No child is left, dead or alive. Those that a reactor left running are on their way out, and are
/// waited for by whoever starts the next one.
void expectNoChild(const char* backend) {
  const Untortured itself;
  siginfo_t info{};
  if (::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0) {
    Reactor next(makeBackend(backend));
    EXPECT_THROW(spawnProcess(next, std::make_shared<Nobody>(), "/"), ProcessStartError);
  }
  EXPECT_TRUE(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD)
      << "a zombie is left";
}

void expectStartError(const Failure& why) {
  EXPECT_TRUE((why.check<ProcessStartError, std::bad_alloc>())) << why.typeName();
  if (const auto* const error = why.get<ProcessStartError>()) {
    EXPECT_NE(error->osError(), 0);
    EXPECT_NE(error->step(), "");
    EXPECT_NE(error->file(), "");
  }
}

/// That a child does not read is its own affair, and no error.
bool saysNobodyReads(const Failing& failing) { return failing.error == EPIPE; }

/// Writes some words, and hears them again.
class Parrot final : public ProcessProtocol {
 public:
  explicit Parrot(Reactor& reactor) : reactor_(reactor) {}

  void connectionMade() override {
    made = true;
    transport().write(words);
    transport().closeStdin();
  }
  void outReceived(std::string_view bytes) override {
    out += bytes;
    // A terminal has no end of its own: it is told.
    if (std::ranges::count(out, '\n') == 2) transport().write("\x04");
  }
  void processEnded(const Failure& reason) override {
    EXPECT_FALSE(ended);
    ended = reason;
    if (reactor_.running() && !reactor_.stopping()) reactor_.stop();
  }

  bool made = false;
  std::string out;
  std::optional<Failure> ended;

 private:
  Reactor& reactor_;
};

/// Starts a child that says what it is told.
class Program {
 public:
  Program(const Case& each, ProcessOptions options)
      : failing_(each.failing), options_(std::move(options)), watched_(each.backend) {}

  void run() {
    const auto child = std::make_shared<Parrot>(watched_.reactor);
    watched_.reactor.callWhenRunning([&] {
      try {
        spawnProcess(watched_.reactor, child, "/bin/cat", {"cat"}, options_);
      } catch (...) {
        expectStartError(Failure::current());
        EXPECT_FALSE(child->made);
        watched_.reactor.stop();
      }
    });
    watched_.run();
    EXPECT_EQ(child->made, child->ended.has_value());
    if (!child->ended || !child->ended->check<ProcessDone>()) return;
    const std::string whole = options_.usePTY ? "some words\r\nsome words\r\n" : std::string(words);
    EXPECT_TRUE(child->out == whole || saysNobodyReads(failing_))
        << "\"" << child->out << "\" was taken for all of it";
  }

 private:
  Failing failing_;
  ProcessOptions options_;
  QuietLog log_;
  Watched watched_;
};

/// Starts what is not there.
class Impossible {
 public:
  explicit Impossible(const char* backend) : reactor_(makeBackend(backend)) {}

  void run() {
    try {
      spawnProcess(reactor_, std::make_shared<Nobody>(), "/nowhere/at-all");
      ADD_FAILURE() << "it was started";
    } catch (...) {
      expectStartError(Failure::current());
    }
  }

 private:
  Reactor reactor_;
};

/// All but calls that cannot fail as they are used here, to give and to take back.
std::vector<Case> processCases() {
  std::vector<Case> cases = allCases();
  std::erase_if(cases, [](const Case& each) {
    const std::string_view call = each.failing.call;
    return call == "pthread_sigmask" || call == "sigaction";
  });
  return cases;
}

class Processes : public ::testing::TestWithParam<Case> {
 protected:
  void walkThrough(const ProcessOptions& options) {
    const int failed = walk(GetParam().failing, [&] {
      runProgram([&] { return std::make_unique<Program>(GetParam(), options); });
      expectNoChild(GetParam().backend);
    });
    RecordProperty("failed", failed);
  }
};

TEST_P(Processes, endInTypedErrorsWhicheverCallFails) { walkThrough({.path = "/"}); }

TEST_P(Processes, onTerminalsDoSoToo) {
  // A terminal says by EIO that it was closed; one that lies about it cannot be told from one that
  // does not.
  if (std::string_view(GetParam().failing.name) == "EIO" &&
      std::string_view(GetParam().failing.call) == "read")
    GTEST_SKIP();
  walkThrough({.usePTY = true, .windowSize = WindowSize{.rows = 25, .columns = 80}});
}

TEST_P(Processes, ofOtherUsersDoSoToo) {
  if (::getuid() != 0) GTEST_SKIP() << "only root may become another user";
  walkThrough({.uid = 65534, .gid = 65534});
}

TEST_P(Processes, thatCannotBeStartedLeaveNothing) {
  const int failed = walk(GetParam().failing, [] {
    runProgram([] { return std::make_unique<Impossible>(GetParam().backend); });
    expectNoChild(GetParam().backend);
  });
  RecordProperty("failed", failed);
}

/// What a Deferred of a process ends in, by itself or of a process that ends when nobody hears it.
class Collecting {
 public:
  enum class End { byItself, cancelled, withReactor };

  Collecting(const Case& each, End end)
      : failing_(each.failing), end_(end), watched_(each.backend) {}

  void run() {
    std::optional<Result<std::string>> result;
    Deferred<std::string> output = succeed(std::string());
    watched_.reactor.callWhenRunning([&] {
      output = end_ == End::byItself
                   ? getProcessOutput(watched_.reactor, "/bin/cat", {},
                                      {.stdinBytes = std::string(words)})
                   : getProcessOutput(watched_.reactor, "yes", {}, {.killAfter = 50ms});
      CancelHandle handle = output.cancelHandle();
      output.addBoth([&](Result<std::string> got) {
        result = std::move(got);
        if (watched_.reactor.running() && !watched_.reactor.stopping()) watched_.reactor.stop();
        return std::string();
      });
      if (result) return;
      if (end_ == End::cancelled) handle.cancel();
      if (end_ == End::withReactor) watched_.reactor.stop();
    });
    const bool ran = watched_.run();
    ASSERT_TRUE(result || !ran);
    if (!result) return;
    if (*result) {
      EXPECT_TRUE(**result == words || saysNobodyReads(failing_))
          << "\"" << **result << "\" was taken for all of it";
      return;
    }
    EXPECT_TRUE(
        (result->failure()
             .check<ProcessStartError, ProcessOutputCut, ProcessPipeError, CancelledError,
                    ProcessStatusLost, ProcessLeftRunning, AbandonedError, std::bad_alloc>()))
        << result->failure().typeName();
  }

 private:
  Failing failing_;
  End end_;
  QuietLog log_;
  Watched watched_;
};

class Outputs : public ::testing::TestWithParam<Case> {
 protected:
  void walkThrough(Collecting::End end) {
    const int failed = walk(GetParam().failing, [&] {
      runProgram([&] { return std::make_unique<Collecting>(GetParam(), end); });
      expectNoChild(GetParam().backend);
    });
    RecordProperty("failed", failed);
  }
};

TEST_P(Outputs, areWholeOrFailWhicheverCallFails) { walkThrough(Collecting::End::byItself); }

TEST_P(Outputs, thatAreCancelledLeaveNoProcess) { walkThrough(Collecting::End::cancelled); }

TEST_P(Outputs, thatEndWithTheReactorLeaveNoProcess) { walkThrough(Collecting::End::withReactor); }

INSTANTIATE_TEST_SUITE_P(, Processes, ::testing::ValuesIn(processCases()), nameOf);
INSTANTIATE_TEST_SUITE_P(, Outputs, ::testing::ValuesIn(processCases()), nameOf);

// One that was closed, or is another's by now, is ready at once and for ever.
TEST(TheEndOfAProcess, isAwaitedInPeaceThoughItsDescriptorIsAnothers) {
  static constexpr Failing looks{"poll", "EINTR", EINTR};
  for (const bool closed : {true, false}) {
    SCOPED_TRACE(closed ? "closed" : "of a file");
    FileDescriptor file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int number = file.get();
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);
      for (;;) ::pause();
    }
    if (closed) file = {};
    using detail::ChildExit;
    const Fault counted(looks, 1000);
    EXPECT_EQ(ChildExit::await(number, child, 200ms).state, ChildExit::State::running);
    EXPECT_FALSE(counted.happened()) << "it looks without end";
    ::kill(child, SIGKILL);
    EXPECT_EQ(ChildExit::await(number, child, 20s).state, ChildExit::State::ended);
  }
}

}  // namespace
}  // namespace hawser::torture
