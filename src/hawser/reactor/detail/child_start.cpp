#include <hawser/reactor/detail/child_start.h>
#include <hawser/reactor/process_errors.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <new>
#include <utility>

// The child runs in the memory of its parent, or in a copy without the other threads: what
// sanitizers note down there is wrong in both.
#define HAWSER_IN_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))

// ThreadSanitizer takes every clone for a fork with a copy.
#if defined(__SANITIZE_THREAD__)
#define HAWSER_SHARED_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAWSER_SHARED_MEMORY 0
#endif
#endif
#ifndef HAWSER_SHARED_MEMORY
#define HAWSER_SHARED_MEMORY 1
#endif

namespace hawser::detail {

namespace {

constexpr std::size_t stackBytes = 64 * 1024;

/// All signals of this thread, those of the C library too, are blocked while it lives.
class NoSignals {
 public:
  NoSignals() noexcept {
    ::sigfillset(&all_);
    ::pthread_sigmask(SIG_SETMASK, &all_, &before_);
  }
  ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t all_;
  sigset_t before_;
};

std::vector<char*> pointersTo(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Of numbers that no descriptor has.
HAWSER_IN_CHILD void closeBetween(unsigned first, unsigned last) noexcept {
  if (first > last || ::syscall(SYS_close_range, first, last, 0) == 0) return;
  rlimit most{};
  if (::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &most) != 0) return;
  const auto end = std::min<rlim_t>(most.rlim_cur, rlim_t{last} + 1);
  for (rlim_t number = first; number < end; ++number) ::syscall(SYS_close, number);
}

}  // namespace

/// The child's stack, and the place where it leaves word.
class ChildStart::Memory {
 public:
  explicit Memory(bool shared)
      : start_(::mmap(nullptr, stackBytes, PROT_READ | PROT_WRITE,
                      MAP_ANONYMOUS | (shared ? MAP_PRIVATE : MAP_SHARED), -1, 0)) {
    if (start_ == MAP_FAILED) throw std::bad_alloc();
    outcome_ = new (start_) Outcome();
  }
  ~Memory() { ::munmap(start_, stackBytes); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  Outcome& outcome() noexcept { return *outcome_; }
  /// Stacks grow downwards, and away from the outcome.
  void* stack() noexcept { return static_cast<std::byte*>(start_) + stackBytes; }

 private:
  void* start_;
  Outcome* outcome_ = nullptr;
};

ChildStart::Started ChildStart::start() {
  for (const std::string& program : programs) programPointers_.push_back(program.c_str());
  programPointers_.push_back(nullptr);
  argumentPointers_ = pointersTo(arguments);
  if (environment) environmentPointers_ = pointersTo(*environment);
  environ_ = environment ? environmentPointers_.data() : ::environ;
  std::ranges::sort(gifts_, {}, &Gift::target);

  const bool shared = HAWSER_SHARED_MEMORY && !uid && !gid;
  Memory memory(shared);
  outcome_ = &memory.outcome();
  int pidfd = -1;
  pid_t pid = -1;
  int error = 0;
  {
    const NoSignals noSignals;
    pid = ::clone(&ChildStart::run, memory.stack(),
                  CLONE_VFORK | CLONE_PIDFD | SIGCHLD | (shared ? CLONE_VM : 0), this, &pidfd);
    error = errno;
  }
  if (pid < 0) throw ProcessStartError("fork for", executable, error);
  Started started{pid, FileDescriptor(pidfd)};
  if (memory.outcome().step != Step::none) {
    while (::waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
    }
    throwOutcome(memory.outcome());
  }
  return started;
}

void ChildStart::throwOutcome(const Outcome& outcome) const {
  switch (outcome.step) {
    case Step::none:
    case Step::descriptors:
      throw ProcessStartError("descriptors for", executable, outcome.error);
    case Step::session:
    case Step::terminal:
      throw ProcessStartError("terminal for", executable, outcome.error);
    case Step::chdir:
      throw ProcessStartError("chdir", directory, outcome.error);
    case Step::setgid:
      throw ProcessStartError("setgid for", executable, outcome.error);
    case Step::setuid:
      throw ProcessStartError("setuid for", executable, outcome.error);
    case Step::exec:
      throw ProcessStartError("exec", executable, outcome.error);
  }
  std::abort();
}

// From here on: in the child.

HAWSER_IN_CHILD int ChildStart::run(void* self) noexcept {
  static_cast<ChildStart*>(self)->become();
}

HAWSER_IN_CHILD void ChildStart::become() noexcept {
  resetSignals();
  takeDescriptors();
  if (leadsSession) {
    if (::syscall(SYS_setsid) < 0) fail(Step::session);
    if (::syscall(SYS_ioctl, 0, TIOCSCTTY, 0) != 0) fail(Step::terminal);
  }
  if (!directory.empty() && ::syscall(SYS_chdir, directory.c_str()) != 0) fail(Step::chdir);
  changeUser();
  execute();
  fail(Step::exec);
}

HAWSER_IN_CHILD void ChildStart::resetSignals() const noexcept {
  struct sigaction standard;
  // No memset: it may be a sanitizer's.
  standard.sa_handler = SIG_DFL;
  standard.sa_flags = 0;
  ::sigemptyset(&standard.sa_mask);
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
}

HAWSER_IN_CHILD void ChildStart::takeDescriptors() noexcept {
  // Nothing may be overwritten that is needed later: sources move above all targets first.
  const int beyond = gifts_.empty() ? 0 : gifts_.back().target + 1;
  for (Gift& gift : gifts_) {
    if (gift.source >= beyond || gift.source == gift.target) continue;
    const long moved = ::syscall(SYS_fcntl, gift.source, F_DUPFD_CLOEXEC, beyond);
    if (moved < 0) fail(Step::descriptors);
    gift.source = static_cast<int>(moved);
  }
  unsigned next = 0;
  for (const Gift& gift : gifts_) {
    const long given = gift.source == gift.target
                           ? ::syscall(SYS_fcntl, gift.source, F_SETFD, 0)
                           : ::syscall(SYS_dup3, gift.source, gift.target, 0);
    if (given < 0) fail(Step::descriptors);
    const unsigned target = static_cast<unsigned>(gift.target);
    if (target > next) closeBetween(next, target - 1);
    next = target + 1;
  }
  closeBetween(next, std::numeric_limits<int>::max());
}

// Calls of the kernel: those of the C library change all threads of the process, the parent's.
HAWSER_IN_CHILD void ChildStart::changeUser() const noexcept {
  if (!uid && !gid) return;
  const gid_t group = gid ? static_cast<gid_t>(*gid) : static_cast<gid_t>(::syscall(SYS_getgid));
  if (::syscall(SYS_setgroups, 1, &group) != 0) fail(Step::setgid);
  if (::syscall(SYS_setresgid, group, group, group) != 0) fail(Step::setgid);
  if (!uid) return;
  const auto user = static_cast<uid_t>(*uid);
  if (::syscall(SYS_setresuid, user, user, user) != 0) fail(Step::setuid);
}

// As execvp looks for a program, but that a file which is no program is an error, not a script.
HAWSER_IN_CHILD void ChildStart::execute() const noexcept {
  constexpr unsigned long kernelSetBytes = (NSIG - 1) / 8;
  const unsigned long none[2] = {0, 0};
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, none, nullptr, kernelSetBytes);
  bool denied = false;
  for (const char* const* program = programPointers_.data(); *program; ++program) {
    ::syscall(SYS_execve, *program, argumentPointers_.data(), environ_);
    switch (errno) {
      case EACCES:
        denied = true;
        break;
      case ENOENT:
      case ENOTDIR:
      case ENAMETOOLONG:
      case ELOOP:
      case ENODEV:
      case ESTALE:
      case ETIMEDOUT:
        break;
      default:
        return;
    }
  }
  if (denied) errno = EACCES;
}

HAWSER_IN_CHILD void ChildStart::fail(Step step) const noexcept { fail(step, errno); }

HAWSER_IN_CHILD void ChildStart::fail(Step step, int error) const noexcept {
  outcome_->step = step;
  outcome_->error = error;
  for (;;) ::syscall(SYS_exit_group, 127);
}

}  // namespace hawser::detail
