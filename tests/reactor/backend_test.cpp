#include <hawser/reactor/backend.h>

#include "reactor/support.h"

#include <hawser/reactor/detail/backend_choice.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <optional>

namespace hawser::tests {
namespace {

/// Sets the environment variable while it lives; null: unsets it.
class ReactorVariable {
 public:
  explicit ReactorVariable(const char* value) {
    if (const char* const found = std::getenv(name)) before_ = found;
    set(value);
  }
  ReactorVariable(const ReactorVariable&) = delete;
  ReactorVariable& operator=(const ReactorVariable&) = delete;
  ~ReactorVariable() { set(before_ ? before_->c_str() : nullptr); }

 private:
  static constexpr const char* name = "HAWSER_REACTOR";
  static void set(const char* value) {
    if (value)
      ::setenv(name, value, 1);
    else
      ::unsetenv(name);
  }
  std::optional<std::string> before_;
};

template <class Error, class Call>
std::string messageOf(Call call) {
  try {
    static_cast<void>(call());
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(BackendChoice, makesEachByItsName) {
  for (const std::string_view name : backendNames()) {
    SCOPED_TRACE(name);
    try {
      EXPECT_EQ(makeBackend(name)->name(), name);
    } catch (const ReactorNotAvailable& refused) {
      EXPECT_NE(std::string_view(refused.what()).find(name), std::string_view::npos);
    }
  }
}

TEST(BackendChoice, ofAnUnknownNameSaysWhichThereAre) {
  const std::string message = messageOf<NoSuchReactor>([] { return makeBackend("kqueue"); });
  EXPECT_NE(message.find("kqueue"), std::string::npos) << message;
  for (const std::string_view name : backendNames())
    EXPECT_NE(message.find(name), std::string::npos) << message;
}

TEST(BackendChoice, isTheEnvironmentsWhereTheProgramHasNone) {
  const ReactorVariable variable("poll");
  Reactor reactor;
  EXPECT_EQ(reactor.backend().name(), "poll");
  Reactor chosen(makeBackend("epoll"));
  EXPECT_EQ(chosen.backend().name(), "epoll");
}

TEST(BackendChoice, isEpollWhereNobodyHasOne) {
  for (const char* const value : {static_cast<const char*>(nullptr), ""}) {
    const ReactorVariable variable(value);
    EXPECT_EQ(makeDefaultBackend()->name(), "epoll");
  }
}

TEST(BackendChoice, ofTheEnvironmentThatDoesNotExistNamesTheVariable) {
  const ReactorVariable variable("select");
  const std::string message = messageOf<NoSuchReactor>([] { return makeDefaultBackend(); });
  EXPECT_NE(message.find("HAWSER_REACTOR"), std::string::npos) << message;
  EXPECT_NE(message.find("select"), std::string::npos) << message;
  EXPECT_THROW(Reactor(), NoSuchReactor);
}

/// From now on this process may not make an io_uring, as in many a container.
void forbidUring() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    std::abort();
}

/// Does it in a process of its own, which ends well if `f` does.
template <class F>
void elsewhere(F f) {
  const pid_t child = ::fork();
  if (child == 0) {
    f();
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(BackendThatIsNotPermitted, saysSoToThoseWhoAskedForIt) {
  elsewhere([] {
    forbidUring();
    std::string message = messageOf<ReactorNotAvailable>([] { return makeBackend("io_uring"); });
    EXPECT_NE(message.find("io_uring: not permitted"), std::string::npos) << message;
    EXPECT_NE(message.find("seccomp"), std::string::npos) << message;
    const ReactorVariable variable("io_uring");
    message = messageOf<ReactorNotAvailable>([] { return makeDefaultBackend(); });
    EXPECT_NE(message.find("HAWSER_REACTOR"), std::string::npos) << message;
  });
}

TEST(BackendThatIsNotPermitted, isReplacedWithALineInTheLogWhereNobodyAskedForIt) {
  elsewhere([] {
    forbidUring();
    LogCapture log;
    const std::array<std::string_view, 2> names{"io_uring", "poll"};
    EXPECT_EQ(detail::makeFirstAvailable(names)->name(), "poll");
    ASSERT_EQ(log.lines.size(), 1u);
    EXPECT_EQ(log.count("io_uring: not permitted"), 1u) << log.lines[0];
    EXPECT_EQ(log.count("using poll"), 1u) << log.lines[0];
  });
}

}  // namespace
}  // namespace hawser::tests
