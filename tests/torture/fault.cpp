#include "torture/fault.h"

#include <netdb.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

namespace hawser::torture {

namespace {

std::atomic<const Failing*> chosen{nullptr};
std::atomic<int> chosenIndex{0};
// Shared with children that have a copy of this memory, and make calls before they execute.
std::atomic<int>& calls = *[] {
  void* const shared = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                              MAP_ANONYMOUS | MAP_SHARED, -1, 0);
  if (shared == MAP_FAILED) std::abort();
  return ::new (shared) std::atomic<int>(0);
}();
// Of the test itself, on its thread.
constinit thread_local int untortured = 0;

// What the manuals list and a program that is right can meet. Not that a call would block that
// would not: on an edge-triggered interface that is no error but a lie, and nobody would ever tell
// the truth.
#define HAWSER_FAILS(call, error) {call, #error, error, Manner::instead}
#define HAWSER_FAILS_AFTER(call, error) {call, #error, error, Manner::after}
constexpr Failing failings[] = {
    HAWSER_FAILS("socket", EMFILE),
    HAWSER_FAILS("socket", ENFILE),
    HAWSER_FAILS("socket", ENOBUFS),
    HAWSER_FAILS("socket", ENOMEM),
    HAWSER_FAILS("socket", EACCES),
    HAWSER_FAILS("socket", EAFNOSUPPORT),
    HAWSER_FAILS("socketpair", EMFILE),
    HAWSER_FAILS("socketpair", ENFILE),
    HAWSER_FAILS("bind", EADDRINUSE),
    HAWSER_FAILS("bind", EADDRNOTAVAIL),
    HAWSER_FAILS("bind", EACCES),
    HAWSER_FAILS("listen", EADDRINUSE),
    HAWSER_FAILS("accept4", EMFILE),
    HAWSER_FAILS("accept4", ENFILE),
    HAWSER_FAILS("accept4", ENOBUFS),
    HAWSER_FAILS("accept4", ENOMEM),
    HAWSER_FAILS("accept4", ECONNABORTED),
    HAWSER_FAILS("accept4", EPROTO),
    HAWSER_FAILS("accept4", EPERM),
    HAWSER_FAILS("accept4", EINTR),
    HAWSER_FAILS("accept4", EINVAL),
    HAWSER_FAILS("connect", ECONNREFUSED),
    HAWSER_FAILS("connect", ETIMEDOUT),
    HAWSER_FAILS("connect", ENETUNREACH),
    HAWSER_FAILS("connect", EADDRNOTAVAIL),
    HAWSER_FAILS("connect", EAGAIN),
    HAWSER_FAILS_AFTER("connect", EINTR),
    HAWSER_FAILS("getsockname", ENOBUFS),
    HAWSER_FAILS("getpeername", ENOBUFS),
    HAWSER_FAILS("getpeername", ENOTCONN),
    HAWSER_FAILS("getsockopt", ENOBUFS),
    HAWSER_FAILS("setsockopt", ENOBUFS),
    HAWSER_FAILS("setsockopt", ENOPROTOOPT),
    HAWSER_FAILS("recv", ECONNRESET),
    HAWSER_FAILS("recv", ETIMEDOUT),
    HAWSER_FAILS("recv", ENOMEM),
    HAWSER_FAILS("recv", EINTR),
    HAWSER_FAILS("send", EPIPE),
    HAWSER_FAILS("send", ECONNRESET),
    HAWSER_FAILS("send", ENOBUFS),
    HAWSER_FAILS("send", EINTR),
    HAWSER_FAILS("sendmsg", EPIPE),
    HAWSER_FAILS("sendmsg", ECONNRESET),
    HAWSER_FAILS("sendmsg", ENOMEM),
    HAWSER_FAILS("sendmsg", EINTR),
    HAWSER_FAILS("recvmsg", ECONNRESET),
    HAWSER_FAILS("recvmsg", ECONNREFUSED),
    HAWSER_FAILS("recvmsg", ENOMEM),
    HAWSER_FAILS("recvmsg", EBADF),
    HAWSER_FAILS("recvmsg", EINTR),
    HAWSER_FAILS_AFTER("recvmsg", EMFILE),
    HAWSER_FAILS("sendto", EAGAIN),
    HAWSER_FAILS("sendto", ENOBUFS),
    HAWSER_FAILS("sendto", EPERM),
    HAWSER_FAILS("sendto", ENETUNREACH),
    HAWSER_FAILS("sendto", ECONNREFUSED),
    HAWSER_FAILS("sendto", EMSGSIZE),
    HAWSER_FAILS("sendto", EINTR),
    HAWSER_FAILS("sendfile", EIO),
    HAWSER_FAILS("sendfile", EINVAL),
    HAWSER_FAILS("sendfile", ENOMEM),
    HAWSER_FAILS("sendfile", EPIPE),
    HAWSER_FAILS("sendfile", ECONNRESET),
    HAWSER_FAILS("sendfile", EINTR),
    HAWSER_FAILS("pread", EIO),
    HAWSER_FAILS("pread", EINTR),
    HAWSER_FAILS("open", EMFILE),
    HAWSER_FAILS("open", ENFILE),
    HAWSER_FAILS("open", EACCES),
    HAWSER_FAILS("open", ENXIO),
    HAWSER_FAILS("dup2", EINTR),
    HAWSER_FAILS("dup2", EBUSY),
    HAWSER_FAILS("dup2", EMFILE),
    HAWSER_FAILS("isatty", ENOTTY),
    HAWSER_FAILS("pipe2", EMFILE),
    HAWSER_FAILS("pipe2", ENFILE),
    HAWSER_FAILS("posix_openpt", EMFILE),
    HAWSER_FAILS("posix_openpt", ENOSPC),
    HAWSER_FAILS("unlockpt", EINVAL),
    HAWSER_FAILS("clone", EAGAIN),
    HAWSER_FAILS("clone", ENOMEM),
    HAWSER_FAILS("clone", EPERM),
    // In the child, before it executes its program.
    HAWSER_FAILS("dup3", EBUSY),
    HAWSER_FAILS("close_range", ENOSYS),
    HAWSER_FAILS("setsid", EPERM),
    HAWSER_FAILS("chdir", EACCES),
    HAWSER_FAILS("setgroups", EPERM),
    HAWSER_FAILS("setresgid", EPERM),
    HAWSER_FAILS("setresuid", EAGAIN),
    HAWSER_FAILS("execve", ENOENT),
    HAWSER_FAILS("execve", EACCES),
    HAWSER_FAILS("execve", ENOMEM),
    HAWSER_FAILS("pidfd_send_signal", EPERM),
    HAWSER_FAILS("poll", EINTR),
    HAWSER_FAILS("poll", ENOMEM),
    HAWSER_FAILS("waitid", EINTR),
    HAWSER_FAILS("waitpid", EINTR),
    // Somebody else in this program has waited for the child.
    HAWSER_FAILS_AFTER("waitid", ECHILD),
    HAWSER_FAILS_AFTER("waitpid", ECHILD),
    HAWSER_FAILS("lstat", ENOMEM),
    HAWSER_FAILS("chmod", EPERM),
    HAWSER_FAILS("fchmod", EPERM),
    HAWSER_FAILS("symlink", EEXIST),
    HAWSER_FAILS("symlink", EACCES),
    HAWSER_FAILS("symlink", ENOSPC),
    HAWSER_FAILS("readlink", ENOENT),
    HAWSER_FAILS("readlink", EACCES),
    HAWSER_FAILS("unlink", EACCES),
    HAWSER_FAILS_AFTER("unlink", ENOENT),
    HAWSER_FAILS("kill", EPERM),
    HAWSER_FAILS("if_nametoindex", EMFILE),
    HAWSER_FAILS("read", EIO),
    HAWSER_FAILS("read", EINTR),
    HAWSER_FAILS("writev", EPIPE),
    HAWSER_FAILS("writev", ENOSPC),
    HAWSER_FAILS("writev", EINTR),
    // The counter of an eventfd that nobody reads is full; it is readable then.
    HAWSER_FAILS_AFTER("write", EAGAIN),
    HAWSER_FAILS_AFTER("shutdown", ENOTCONN),
    HAWSER_FAILS("shutdown", EINVAL),
    HAWSER_FAILS_AFTER("close", EIO),
    HAWSER_FAILS_AFTER("close", EINTR),
    HAWSER_FAILS("fcntl", EPERM),
    HAWSER_FAILS("fstat", ENOMEM),
    HAWSER_FAILS("ioctl", EINVAL),
    HAWSER_FAILS("eventfd", EMFILE),
    HAWSER_FAILS("eventfd", ENFILE),
    HAWSER_FAILS("eventfd", ENOMEM),
    HAWSER_FAILS("epoll_create1", EMFILE),
    HAWSER_FAILS("epoll_create1", ENOMEM),
    HAWSER_FAILS("epoll_ctl", ENOMEM),
    HAWSER_FAILS("epoll_ctl", ENOSPC),
    HAWSER_FAILS("epoll_wait", EINTR),
    HAWSER_FAILS("epoll_wait", EINVAL),
    HAWSER_FAILS("epoll_pwait2", EINTR),
    HAWSER_FAILS("epoll_pwait2", ENOSYS),
    HAWSER_FAILS("epoll_pwait2", EINVAL),
    HAWSER_FAILS("ppoll", EINTR),
    HAWSER_FAILS("ppoll", ENOMEM),
    HAWSER_FAILS("mmap", ENOMEM),
    HAWSER_FAILS("mmap", EAGAIN),
    HAWSER_FAILS("sigaction", EINVAL),
    HAWSER_FAILS("pthread_sigmask", EINVAL),
    HAWSER_FAILS("std::thread", EAGAIN),
    HAWSER_FAILS("getaddrinfo", EAI_AGAIN),
    HAWSER_FAILS("getaddrinfo", EAI_FAIL),
    HAWSER_FAILS("getaddrinfo", EAI_MEMORY),
    HAWSER_FAILS("getaddrinfo", EAI_NONAME),
    HAWSER_FAILS("getaddrinfo", EAI_SYSTEM),
    HAWSER_FAILS("io_uring_setup", ENOSYS),
    HAWSER_FAILS("io_uring_setup", EPERM),
    HAWSER_FAILS("io_uring_setup", ENOMEM),
    HAWSER_FAILS("io_uring_setup", EMFILE),
    HAWSER_FAILS("io_uring_register", EINVAL),
    HAWSER_FAILS("io_uring_register", ENOMEM),
    HAWSER_FAILS("io_uring_enter", EINTR),
    HAWSER_FAILS("io_uring_enter", EAGAIN),
    HAWSER_FAILS("io_uring_enter", EBUSY),
    HAWSER_FAILS("io_uring_enter", EBADR),
    // Requests of io_uring: submitted, and completed with this error.
    HAWSER_FAILS("request:accept", EMFILE),
    HAWSER_FAILS("request:accept", ENFILE),
    HAWSER_FAILS("request:accept", ENOBUFS),
    HAWSER_FAILS("request:accept", ENOMEM),
    HAWSER_FAILS("request:accept", ECONNABORTED),
    HAWSER_FAILS("request:accept", EPERM),
    HAWSER_FAILS("request:accept", EINTR),
    HAWSER_FAILS("request:accept", ECANCELED),
    HAWSER_FAILS("request:accept", EINVAL),
    HAWSER_FAILS("request:connect", ECONNREFUSED),
    HAWSER_FAILS("request:connect", ETIMEDOUT),
    HAWSER_FAILS("request:connect", EADDRNOTAVAIL),
    HAWSER_FAILS("request:receive", ECONNRESET),
    HAWSER_FAILS("request:receive", ETIMEDOUT),
    HAWSER_FAILS("request:receive", ENOMEM),
    HAWSER_FAILS("request:receive", ENOBUFS),
    HAWSER_FAILS("request:receive", EINTR),
    HAWSER_FAILS("request:receive", ECANCELED),
    HAWSER_FAILS("request:send", EPIPE),
    HAWSER_FAILS("request:send", ECONNRESET),
    HAWSER_FAILS("request:send", ENOMEM),
    HAWSER_FAILS("request:send", EINTR),
    HAWSER_FAILS("request:send", ECANCELED),
    HAWSER_FAILS("request:watch", ENOMEM),
    HAWSER_FAILS("request:watch", ECANCELED),
    HAWSER_FAILS("request:cancel", ENOENT),
    HAWSER_FAILS("request:cancel", EALREADY),
    HAWSER_FAILS("request:cancel", ENOMEM),
};
#undef HAWSER_FAILS
#undef HAWSER_FAILS_AFTER

}  // namespace

void PrintTo(const Failing& failing, std::ostream* stream) {
  *stream << failing.call << " with " << failing.name;
}

std::span<const Failing> allFailings() noexcept { return failings; }

Fault::Fault(const Failing& failing, int index) noexcept {
  calls = 0;
  chosenIndex = index;
  chosen = &failing;
}
Fault::~Fault() { chosen = nullptr; }

bool Fault::happened() const noexcept { return calls >= chosenIndex; }

Untortured::Untortured() noexcept { ++untortured; }
Untortured::~Untortured() { --untortured; }

bool failsNow(std::string_view call, Manner manner) noexcept {
  const Failing* const failing = chosen;
  if (!failing || failing->manner != manner || failing->call != call) return false;
  if (untortured != 0) return false;
  if (++calls != chosenIndex) return false;
  errno = failing->error;
  return true;
}

int errorNow(std::string_view call) noexcept {
  const int kept = errno;
  if (!failsNow(call)) return 0;
  const int error = errno;
  errno = kept;
  return error;
}

}  // namespace hawser::torture
