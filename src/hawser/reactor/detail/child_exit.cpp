#include <hawser/reactor/detail/child_exit.h>
#include <hawser/reactor/file_descriptor.h>
#include <hawser/reactor/process_errors.h>

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>
#include <vector>

namespace hawser::detail {

namespace {

struct LeftChild {
  FileDescriptor pidfd;
  int pid;

  bool runs() const noexcept {
    return ChildExit::look(pidfd.get(), pid).state == ChildExit::State::running;
  }
};

// How often to look for the end of a child that has no pidfd.
constexpr std::chrono::milliseconds lookEvery{5};

constinit std::mutex leaving;
std::vector<LeftChild> left;  // guarded by leaving

int statusOf(const siginfo_t& info) noexcept {
  if (info.si_code == CLD_EXITED) return W_EXITCODE(info.si_status & 0xff, 0);
  return info.si_status | (info.si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

int waitFor(idtype_t kind, int number, siginfo_t& info) noexcept {
  while (::waitid(kind, static_cast<id_t>(number), &info, WEXITED | WNOHANG) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

}  // namespace

ChildExit ChildExit::look(int pidfd, int pid) noexcept {
  siginfo_t info{};
  int error = pidfd < 0 ? EBADF : waitFor(P_PIDFD, pidfd, info);
  if (error == EBADF) error = waitFor(P_PID, pid, info);
  // EAGAIN: it runs, and its pidfd does not block.
  if (error != 0) return {error == EAGAIN ? State::running : State::lost};
  if (info.si_pid == 0) return {};
  return {State::ended, statusOf(info)};
}

ChildExit ChildExit::await(int pidfd, int pid, std::chrono::milliseconds longest) noexcept {
  using std::chrono::steady_clock, std::chrono::milliseconds;
  const auto end = steady_clock::now() + longest;
  for (bool told = false;;) {
    const ChildExit found = look(pidfd, pid);
    const auto rest = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    if (found.state != State::running || rest.count() <= 0) return found;
    // Who says so of a child that runs is no pidfd of its any more.
    if (told) pidfd = -1;
    pollfd waited{pidfd, POLLIN, 0};
    const auto patience = pidfd < 0 ? std::min(rest, lookEvery) : rest;
    told = ::poll(&waited, 1, static_cast<int>(patience.count())) > 0;
  }
}

Failure ChildExit::reason() const noexcept {
  try {
    if (state == State::lost) return Failure(ProcessStatusLost());
    if (status == 0) return Failure(ProcessDone());
    return Failure(ProcessTerminated(status));
  } catch (...) {
    return Failure::current();
  }
}

int sendSignal(int pidfd, int pid, int signal) noexcept {
  if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return 0;
  if (errno != EBADF) return errno;
  return ::kill(pid, signal) == 0 ? 0 : errno;
}

void leaveChild(FileDescriptor pidfd, int pid) noexcept {
  LeftChild child{std::move(pidfd), pid};
  if (!child.runs()) return;
  const std::lock_guard lock(leaving);
  try {
    left.push_back(std::move(child));
  } catch (...) {
    return;  // the end of this program is the next to wait for it
  }
}

void waitForLeftChildren() noexcept {
  const std::lock_guard lock(leaving);
  std::erase_if(left, [](const LeftChild& child) { return !child.runs(); });
}

}  // namespace hawser::detail
