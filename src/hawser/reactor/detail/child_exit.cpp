#include <hawser/reactor/detail/child_exit.h>
#include <hawser/reactor/file_descriptor.h>
#include <hawser/reactor/process_errors.h>

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <utility>
#include <vector>

namespace hawser::detail {

namespace {

constinit std::mutex leaving;
std::vector<FileDescriptor> left;  // guarded by leaving

int statusOf(const siginfo_t& info) noexcept {
  if (info.si_code == CLD_EXITED) return W_EXITCODE(info.si_status & 0xff, 0);
  return info.si_status | (info.si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

}  // namespace

ChildExit ChildExit::look(int pidfd) noexcept {
  siginfo_t info{};
  while (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG) != 0) {
    if (errno == EINTR) continue;
    // EAGAIN: it runs, and its pidfd does not block.
    return {errno == EAGAIN ? State::running : State::lost};
  }
  if (info.si_pid == 0) return {};
  return {State::ended, statusOf(info)};
}

ChildExit ChildExit::await(int pidfd, std::chrono::milliseconds longest) noexcept {
  using std::chrono::steady_clock, std::chrono::milliseconds;
  const auto end = steady_clock::now() + longest;
  for (;;) {
    const ChildExit found = look(pidfd);
    const auto rest = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    if (found.state != State::running || rest.count() <= 0) return found;
    pollfd waited{pidfd, POLLIN, 0};
    ::poll(&waited, 1, static_cast<int>(rest.count()));
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

int sendSignal(int pidfd, int signal) noexcept {
  return ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0 ? 0 : errno;
}

void leaveChild(FileDescriptor pidfd) noexcept {
  if (ChildExit::look(pidfd.get()).state != ChildExit::State::running) return;
  const std::lock_guard lock(leaving);
  try {
    left.push_back(std::move(pidfd));
  } catch (...) {
    return;  // the end of this program is the next to wait for it
  }
}

void waitForLeftChildren() noexcept {
  const std::lock_guard lock(leaving);
  std::erase_if(left, [](const FileDescriptor& pidfd) {
    return ChildExit::look(pidfd.get()).state != ChildExit::State::running;
  });
}

}  // namespace hawser::detail
