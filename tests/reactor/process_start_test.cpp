#include "reactor/process_fixture.h"
#include "support/descriptor_limit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

namespace hawser::tests {
namespace {

class ProcessStart : public ProcessTest {
 protected:
  /// What starting it ends in; nothing may be left of it, and nobody told.
  std::optional<ProcessStartError> errorOf(std::string executable,
                                           std::vector<std::string> args = {},
                                           ProcessOptions options = {}) {
    const auto seen = std::make_shared<Watcher>();
    // A backend may open some of its own for the first one.
    EXPECT_THROW(spawnProcess(*reactor, seen, "/"), ProcessStartError);
    reactor->iterate();
    const std::ptrdiff_t before = openDescriptors();
    std::optional<ProcessStartError> error;
    try {
      spawnProcess(*reactor, seen, std::move(executable), std::move(args), std::move(options));
      ADD_FAILURE() << "it was started";
    } catch (const ProcessStartError& thrown) {
      error = thrown;
    }
    EXPECT_TRUE(seen->events.empty());
    EXPECT_FALSE(hasChildren());
    // Channels are closed at the end of a turn at the latest.
    reactor->iterate();
    EXPECT_EQ(openDescriptors(), before);
    return error;
  }
};
HAWSER_ON_EVERY_BACKEND(ProcessStart);

/// A file that lives as long as this.
class File {
 public:
  File(const std::string& content, mode_t mode) {
    std::ofstream(name_) << content;
    ::chmod(name_.c_str(), mode);
  }
  ~File() { ::unlink(name_.c_str()); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const std::string& name() const { return name_; }

 private:
  std::string name_ =
      (std::filesystem::temp_directory_path() / ("hawser-process-" + std::to_string(::getpid())))
          .string();
};

TEST_P(ProcessStart, ofWhatIsNotThereFailsWithItsName) {
  const auto error = errorOf("/nowhere/at-all");
  EXPECT_EQ(error->step(), "exec");
  EXPECT_EQ(error->file(), "/nowhere/at-all");
  EXPECT_EQ(error->osError(), ENOENT);
  EXPECT_STREQ(error->what(),
               "cannot start a process: exec /nowhere/at-all: No such file or directory (ENOENT)");
}

TEST_P(ProcessStart, ofWhatIsNowhereInThePathFailsWithItsName) {
  const auto error = errorOf("hawser-no-such-program");
  EXPECT_EQ(error->file(), "hawser-no-such-program");
  EXPECT_EQ(error->osError(), ENOENT);
}

TEST_P(ProcessStart, ofADirectoryFails) { EXPECT_EQ(errorOf("/usr")->osError(), EACCES); }

TEST_P(ProcessStart, ofNothingFails) { EXPECT_EQ(errorOf("")->osError(), ENOENT); }

TEST_P(ProcessStart, ofAFileThatMayNotBeExecutedFails) {
  const File file("#!/bin/sh\n", 0644);
  EXPECT_EQ(errorOf(file.name())->osError(), EACCES);
}

TEST_P(ProcessStart, ofAFileThatIsNoProgramFails) {
  const File file("neither a script nor a binary\n", 0755);
  EXPECT_EQ(errorOf(file.name())->osError(), ENOEXEC);
}

TEST_P(ProcessStart, ofAScriptWhoseInterpreterIsNotThereFails) {
  const File file("#!/nowhere/interpreter\n", 0755);
  EXPECT_EQ(errorOf(file.name())->osError(), ENOENT);
}

TEST_P(ProcessStart, inADirectoryThatIsNotThereFailsWithItsName) {
  const auto error = errorOf("true", {}, {.path = "/nowhere"});
  EXPECT_EQ(error->step(), "chdir");
  EXPECT_EQ(error->file(), "/nowhere");
  EXPECT_EQ(error->osError(), ENOENT);
}

TEST_P(ProcessStart, withMoreArgumentsThanTheKernelTakesFails) {
  const auto error = errorOf("true", {"true", std::string(1 << 20, 'x')});
  EXPECT_EQ(error->osError(), E2BIG);
}

TEST_P(ProcessStart, withADescriptorThatIsNotOpenFails) {
  const auto error = errorOf("true", {}, {.childFDs = {{3, 999'999}}});
  EXPECT_EQ(error->step(), "descriptors for");
  EXPECT_EQ(error->osError(), EBADF);
}

TEST_P(ProcessStart, withoutDescriptorsFailsAtEachOfThem) {
  if (!DescriptorLimit::possible) GTEST_SKIP() << "the sanitizer needs descriptors itself";
  bool started = false;
  int failures = 0;
  for (rlim_t more = 0; !started && more < 30; ++more) {
    const auto seen = std::make_shared<Watcher>();
    const DescriptorLimit limit(more);
    try {
      spawnProcess(*reactor, seen, "true");
      started = true;
      seen->onEnded = [this] { reactor->stop(); };
    } catch (const ProcessStartError& error) {
      EXPECT_EQ(error.osError(), EMFILE);
      ++failures;
    }
  }
  ASSERT_TRUE(started);
  EXPECT_GE(failures, 6);
  run();
}

TEST_P(ProcessStart, whereNoFurtherProcessIsAllowedFails) {
  // Root may have as many as it likes, so another user tries it, in a child of its own.
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_NPROC, &none) != 0 || (::getuid() == 0 && ::setuid(65534) != 0))
      ::_exit(2);
    int status = 1;
    Reactor own(makeBackend("poll"));
    try {
      spawnProcess(own, std::make_shared<Watcher>(), "true");
    } catch (const ProcessStartError& error) {
      status = error.osError() == EAGAIN && error.step() == "fork for" ? 0 : 1;
    }
    ::_exit(status);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_P(ProcessStart, refusesWhatCanNeverBe) {
  const auto protocol = std::make_shared<Watcher>();
  const auto start = [&](std::string executable, ProcessOptions options = {}) {
    spawnProcess(*reactor, protocol, std::move(executable), {}, std::move(options));
  };
  EXPECT_THROW(start(std::string("a\0b", 3)), std::invalid_argument);
  EXPECT_THROW(start("true", {.path = std::string("/\0", 2)}), std::invalid_argument);
  EXPECT_THROW(start("true", {.childFDs = {{1, "r"}, {1, "w"}}}), std::invalid_argument);
  EXPECT_THROW(ChildFD(0, "x"), std::invalid_argument);
  EXPECT_THROW(ChildFD(-1, "r"), std::invalid_argument);
  EXPECT_THROW(ChildFD(3, -1), std::invalid_argument);
  EXPECT_THROW(spawnProcess(*reactor, nullptr, "true"), std::invalid_argument);
}

TEST_P(ProcessStart, onAReactorThatHasEndedIsRefused) {
  reactor->callWhenRunning([this] { reactor->stop(); });
  run();
  EXPECT_THROW(spawnProcess(*reactor, std::make_shared<Watcher>(), "true"), ReactorNotRunning);
}

TEST_P(ProcessStart, asAnotherUserLeavesThisProgramAsItIs) {
  if (::getuid() != 0) GTEST_SKIP() << "only root may become another user";
  const auto seen = runShell("id -u; id -g; id -G", {.uid = 65534, .gid = 65533});
  EXPECT_EQ(seen->out, "65534\n65533\n65533\n");
  EXPECT_EQ(::getuid(), 0u);
}

TEST_P(ProcessStart, asAnotherUserFailsForThoseWhoMayNot) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    int status = 1;
    Reactor own(makeBackend("poll"));
    try {
      spawnProcess(own, std::make_shared<Watcher>(), "true", {}, {.uid = 0});
    } catch (const ProcessStartError& error) {
      status = error.osError() == EPERM ? 0 : 1;
    }
    ::_exit(status);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_P(ProcessStart, goesOnWhileOtherThreadsForkAndAllocate) {
  std::atomic<bool> enough = false;
  std::vector<std::thread> busy;
  for (int i = 0; i < 2; ++i)
    busy.emplace_back([&] {
      while (!enough) {
        const auto memory = std::make_unique<std::string>(100'000, 'x');
        const pid_t child = ::fork();
        if (child == 0) ::_exit(0);
        if (child > 0) ::waitpid(child, nullptr, 0);
      }
    });
  int left = 60;
  const std::function<void()> next = [&] {
    const auto seen = std::make_shared<Watcher>();
    seen->onEnded = [&, raw = seen.get()] {
      EXPECT_EQ(raw->out, "x\n");
      if (--left == 0)
        reactor->stop();
      else
        next();
    };
    spawnProcess(*reactor, seen, "echo", {"echo", "x"});
  };
  next();
  run();
  enough = true;
  for (std::thread& thread : busy) thread.join();
}

}  // namespace
}  // namespace hawser::tests
