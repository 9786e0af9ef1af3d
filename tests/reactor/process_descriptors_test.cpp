#include "reactor/process_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace hawser::tests {
namespace {

using ProcessDescriptors = ProcessTest;
HAWSER_ON_EVERY_BACKEND(ProcessDescriptors);

// Opens none itself.
constexpr const char* listThem =
    "n=0; while [ $n -lt 720 ]; do [ -e /proc/$$/fd/$n ] && echo $n; n=$((n+1)); done";

std::string contentOf(int descriptor) {
  std::array<char, 64> bytes{};
  const ssize_t count = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

FileDescriptor emptyFile() {
  return FileDescriptor(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

TEST_P(ProcessDescriptors, areThoseThatWereGivenAndNoOther) {
  // Not closed by exec, as those of careless libraries are.
  const FileDescriptor careless(::open("/dev/null", O_RDONLY));
  const FileDescriptor high(::fcntl(careless.get(), F_DUPFD, 700));
  EXPECT_EQ(runShell(listThem)->out, "0\n1\n2\n");
}

TEST_P(ProcessDescriptors, mayBePipesOfAnyNumber) {
  const auto seen = watcher();
  std::string from7;
  seen->onMade = [&] {
    seen->transport().writeToChild(5, "ahoy");
    seen->transport().closeChildFD(5);
  };
  seen->onData = [&](int childFD, std::string_view bytes) {
    if (childFD == 7) from7 += bytes;
  };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "cat <&5 >&7"},
               {.childFDs = {{7, "r"}, {5, "w"}}});
  run();
  EXPECT_EQ(from7, "ahoy");
  EXPECT_TRUE(seen->saw("lost 5"));
  EXPECT_TRUE(seen->saw("lost 7"));
}

TEST_P(ProcessDescriptors, leaveOutWhatWasNotGiven) {
  const FileDescriptor file = emptyFile();
  const auto seen = watcher();
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "{ " + std::string(listThem) + "; } >&4"},
               {.childFDs = {{4, file.get()}}});
  run();
  // The shell keeps the 1 that it redirects, at most.
  EXPECT_EQ(contentOf(file.get()), "1\n4\n");
}

TEST_P(ProcessDescriptors, ofThisProgramArePassedOnAndStayOpen) {
  const FileDescriptor file = emptyFile();
  runShell("echo kept >&3", {.childFDs = {{0, "w"}, {1, "r"}, {3, file.get()}}});
  EXPECT_EQ(contentOf(file.get()), "kept\n");
}

TEST_P(ProcessDescriptors, mayChangePlaces) {
  const FileDescriptor first = emptyFile();
  const FileDescriptor second = emptyFile();
  runShell(
      "echo one >&" + std::to_string(first.get()) + "; echo two >&" + std::to_string(second.get()),
      {.childFDs = {{first.get(), second.get()}, {second.get(), first.get()}}});
  EXPECT_EQ(contentOf(first.get()), "two\n");
  EXPECT_EQ(contentOf(second.get()), "one\n");
}

TEST_P(ProcessDescriptors, mayStayWhereTheyAre) {
  const FileDescriptor file = emptyFile();
  runShell("echo here >&" + std::to_string(file.get()), {.childFDs = {{file.get(), file.get()}}});
  EXPECT_EQ(contentOf(file.get()), "here\n");
}

TEST_P(ProcessDescriptors, mayBeTheSameSeveralTimes) {
  const FileDescriptor file = emptyFile();
  runShell("echo a >&1; echo b >&2", {.childFDs = {{1, file.get()}, {2, file.get()}}});
  EXPECT_EQ(contentOf(file.get()), "a\nb\n");
}

TEST_P(ProcessDescriptors, mayBeNone) {
  const auto seen = watcher();
  spawnProcess(*reactor, seen, "true", {}, {.childFDs = {}});
  run();
  EXPECT_EQ(seen->events, (std::vector<std::string>{"made", "exited", "ended"}));
}

}  // namespace
}  // namespace hawser::tests
