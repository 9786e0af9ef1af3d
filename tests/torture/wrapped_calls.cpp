#include "torture/fault.h"
#include "torture/uring_faults.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>

// What the linker puts in the place of the calls (its option --wrap; tests/CMakeLists.txt has the
// list of them): `__wrap_f` is called instead of f, and `__real_f` is f.

using hawser::torture::errorNow;
using hawser::torture::failsNow;
using hawser::torture::Manner;

namespace {

template <class Real, class... Arguments>
auto tortured(const char* name, Real real, Arguments... arguments) {
  using Returned = decltype(real(arguments...));
  if (failsNow(name)) return static_cast<Returned>(-1);
  const Returned returned = real(arguments...);
  return failsNow(name, Manner::after) ? static_cast<Returned>(-1) : returned;
}

}  // namespace

#define HAWSER_WRAP(Returned, name, declared, given) \
  Returned __real_##name declared;                   \
  Returned __wrap_##name declared;                   \
  Returned __wrap_##name declared { return tortured(#name, __real_##name, given); }
#define HAWSER_GIVEN(...) __VA_ARGS__

extern "C" {

HAWSER_WRAP(int, socket, (int a, int b, int c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(int, socketpair, (int a, int b, int c, int* d), HAWSER_GIVEN(a, b, c, d))
HAWSER_WRAP(int, bind, (int a, const sockaddr* b, socklen_t c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(int, listen, (int a, int b), HAWSER_GIVEN(a, b))
HAWSER_WRAP(int, accept4, (int a, sockaddr* b, socklen_t* c, int d), HAWSER_GIVEN(a, b, c, d))
HAWSER_WRAP(int, connect, (int a, const sockaddr* b, socklen_t c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(int, getsockname, (int a, sockaddr* b, socklen_t* c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(int, getpeername, (int a, sockaddr* b, socklen_t* c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(int, getsockopt, (int a, int b, int c, void* d, socklen_t* e),
            HAWSER_GIVEN(a, b, c, d, e))
HAWSER_WRAP(int, setsockopt, (int a, int b, int c, const void* d, socklen_t e),
            HAWSER_GIVEN(a, b, c, d, e))
HAWSER_WRAP(ssize_t, recv, (int a, void* b, std::size_t c, int d), HAWSER_GIVEN(a, b, c, d))
HAWSER_WRAP(ssize_t, send, (int a, const void* b, std::size_t c, int d), HAWSER_GIVEN(a, b, c, d))
HAWSER_WRAP(ssize_t, sendmsg, (int a, const msghdr* b, int c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(ssize_t, read, (int a, void* b, std::size_t c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(ssize_t, write, (int a, const void* b, std::size_t c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(ssize_t, writev, (int a, const iovec* b, int c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(int, close, (int a), HAWSER_GIVEN(a))
HAWSER_WRAP(int, fstat, (int a, struct stat* b), HAWSER_GIVEN(a, b))
HAWSER_WRAP(int, ioctl, (int a, unsigned long b, void* c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(int, fcntl, (int a, int b, long c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(int, eventfd, (unsigned a, int b), HAWSER_GIVEN(a, b))
HAWSER_WRAP(int, epoll_create1, (int a), HAWSER_GIVEN(a))
HAWSER_WRAP(int, epoll_ctl, (int a, int b, int c, epoll_event* d), HAWSER_GIVEN(a, b, c, d))
HAWSER_WRAP(int, epoll_wait, (int a, epoll_event* b, int c, int d), HAWSER_GIVEN(a, b, c, d))
HAWSER_WRAP(int, epoll_pwait2, (int a, epoll_event* b, int c, const timespec* d, const sigset_t* e),
            HAWSER_GIVEN(a, b, c, d, e))
HAWSER_WRAP(int, ppoll, (pollfd * a, nfds_t b, const timespec* c, const sigset_t* d),
            HAWSER_GIVEN(a, b, c, d))
HAWSER_WRAP(ssize_t, sendto,
            (int a, const void* b, std::size_t c, int d, const sockaddr* e, socklen_t f),
            HAWSER_GIVEN(a, b, c, d, e, f))
HAWSER_WRAP(ssize_t, pread, (int a, void* b, std::size_t c, off_t d), HAWSER_GIVEN(a, b, c, d))
HAWSER_WRAP(ssize_t, sendfile, (int a, int b, off_t* c, std::size_t d), HAWSER_GIVEN(a, b, c, d))
HAWSER_WRAP(int, open, (const char* a, int b, mode_t c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(int, dup2, (int a, int b), HAWSER_GIVEN(a, b))
HAWSER_WRAP(int, lstat, (const char* a, struct stat* b), HAWSER_GIVEN(a, b))
HAWSER_WRAP(int, chmod, (const char* a, mode_t b), HAWSER_GIVEN(a, b))
HAWSER_WRAP(int, fchmod, (int a, mode_t b), HAWSER_GIVEN(a, b))
HAWSER_WRAP(int, symlink, (const char* a, const char* b), HAWSER_GIVEN(a, b))
HAWSER_WRAP(ssize_t, readlink, (const char* a, char* b, std::size_t c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(int, unlink, (const char* a), HAWSER_GIVEN(a))
HAWSER_WRAP(int, kill, (pid_t a, int b), HAWSER_GIVEN(a, b))
HAWSER_WRAP(int, pipe2, (int* a, int b), HAWSER_GIVEN(a, b))
HAWSER_WRAP(int, posix_openpt, (int a), HAWSER_GIVEN(a))
HAWSER_WRAP(int, unlockpt, (int a), HAWSER_GIVEN(a))
HAWSER_WRAP(int, poll, (pollfd * a, nfds_t b, int c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(pid_t, waitpid, (pid_t a, int* b, int c), HAWSER_GIVEN(a, b, c))
HAWSER_WRAP(int, sigaction, (int a, const struct sigaction* b, struct sigaction* c),
            HAWSER_GIVEN(a, b, c))

int __real_clone(int (*run)(void*), void* stack, int flags, void* argument, ...);
int __wrap_clone(int (*run)(void*), void* stack, int flags, void* argument, int* pidfd);
int __wrap_clone(int (*run)(void*), void* stack, int flags, void* argument, int* pidfd) {
  return failsNow("clone") ? -1 : __real_clone(run, stack, flags, argument, pidfd);
}

// Whom somebody else has waited for has ended.
int __real_waitid(idtype_t kind, id_t number, siginfo_t* info, int options);
int __wrap_waitid(idtype_t kind, id_t number, siginfo_t* info, int options);
int __wrap_waitid(idtype_t kind, id_t number, siginfo_t* info, int options) {
  if (failsNow("waitid")) return -1;
  const int returned = __real_waitid(kind, number, info, options);
  const bool ended = returned == 0 && info->si_pid != 0;
  return ended && failsNow("waitid", Manner::after) ? -1 : returned;
}

// 0 and an error: no terminal.
int __real_isatty(int descriptor);
int __wrap_isatty(int descriptor);
int __wrap_isatty(int descriptor) { return failsNow("isatty") ? 0 : __real_isatty(descriptor); }

// 0 and an error: there is no such interface.
unsigned __real_if_nametoindex(const char* name);
unsigned __wrap_if_nametoindex(const char* name);
unsigned __wrap_if_nametoindex(const char* name) {
  return failsNow("if_nametoindex") ? 0 : __real_if_nametoindex(name);
}

// Descriptors that come with a message get lost where this process may have no more.
ssize_t __real_recvmsg(int socket, msghdr* message, int flags);
ssize_t __wrap_recvmsg(int socket, msghdr* message, int flags);
ssize_t __wrap_recvmsg(int socket, msghdr* message, int flags) {
  if (failsNow("recvmsg")) return -1;
  const ssize_t count = __real_recvmsg(socket, message, flags);
  const cmsghdr* const header = count < 0 ? nullptr : CMSG_FIRSTHDR(message);
  if (!header || !failsNow("recvmsg", Manner::after)) return count;
  for (std::size_t place = CMSG_LEN(0); place < header->cmsg_len; place += sizeof(int)) {
    int descriptor = -1;
    std::memcpy(&descriptor, reinterpret_cast<const char*>(header) + place, sizeof descriptor);
    __real_close(descriptor);
  }
  message->msg_controllen = 0;
  message->msg_flags |= MSG_CTRUNC;
  return count;
}

// A connection that is not connected any more has been reset: connecting to nowhere does that. On
// a UNIX socket it is over.
int __real_shutdown(int descriptor, int how);
int __wrap_shutdown(int descriptor, int how);
int __wrap_shutdown(int descriptor, int how) {
  if (failsNow("shutdown")) return -1;
  if (!failsNow("shutdown", Manner::after)) return __real_shutdown(descriptor, how);
  const sockaddr nowhere{};
  if (__real_connect(descriptor, &nowhere, sizeof nowhere) != 0)
    __real_shutdown(descriptor, SHUT_RDWR);
  errno = ENOTCONN;
  return -1;
}

// Those that return the error.

int __real_pthread_sigmask(int how, const sigset_t* set, sigset_t* before);
int __wrap_pthread_sigmask(int how, const sigset_t* set, sigset_t* before);
int __wrap_pthread_sigmask(int how, const sigset_t* set, sigset_t* before) {
  const int error = errorNow("pthread_sigmask");
  return error != 0 ? error : __real_pthread_sigmask(how, set, before);
}

// The name torture.test is this machine.
int __real_getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                       addrinfo** found);
int __wrap_getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                       addrinfo** found);
int __wrap_getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                       addrinfo** found) {
  if (const int error = errorNow("getaddrinfo")) {
    if (error == EAI_SYSTEM) errno = EMFILE;
    return error;
  }
  const bool ours = std::string_view(name) == "torture.test";
  return __real_getaddrinfo(ours ? "127.0.0.1" : name, service, hints, found);
}

// What io_uring is used with.

void* __real_mmap(void* where, std::size_t bytes, int protection, int flags, int descriptor,
                  off_t offset);
void* __wrap_mmap(void* where, std::size_t bytes, int protection, int flags, int descriptor,
                  off_t offset);
void* __wrap_mmap(void* where, std::size_t bytes, int protection, int flags, int descriptor,
                  off_t offset) {
  if (failsNow("mmap")) return MAP_FAILED;
  void* const memory = __real_mmap(where, bytes, protection, flags, descriptor, offset);
  if (memory != MAP_FAILED) hawser::torture::ringMapped(descriptor, offset, memory);
  return memory;
}

// Also called in a child that has not executed its program yet, in the memory of its parent.
static const char* nameOfSystemCall(long number) noexcept {
  switch (number) {
    case SYS_io_uring_setup:
      return "io_uring_setup";
    case SYS_io_uring_register:
      return "io_uring_register";
    case SYS_io_uring_enter:
      return "io_uring_enter";
    case SYS_fcntl:
      return "fcntl";
    case SYS_ioctl:
      return "ioctl";
    case SYS_dup3:
      return "dup3";
    case SYS_close_range:
      return "close_range";
    case SYS_setsid:
      return "setsid";
    case SYS_chdir:
      return "chdir";
    case SYS_setgroups:
      return "setgroups";
    case SYS_setresgid:
      return "setresgid";
    case SYS_setresuid:
      return "setresuid";
    case SYS_execve:
      return "execve";
    case SYS_pidfd_send_signal:
      return "pidfd_send_signal";
    default:
      return "another system call";
  }
}

long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
  if (failsNow(nameOfSystemCall(number))) return -1;
  if (number == SYS_io_uring_enter)
    hawser::torture::changeRequests(static_cast<int>(a), static_cast<unsigned>(b));
  const long returned = __real_syscall(number, a, b, c, d, e, f);
  if (number == SYS_io_uring_setup && returned >= 0)
    hawser::torture::ringMade(static_cast<int>(returned),
                              *reinterpret_cast<const io_uring_params*>(b));
  return returned;
}

// std::thread's constructor, in the C++ library.
using Depend = void (*)();
void __real__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(
    std::thread* self, std::unique_ptr<std::thread::_State> state, Depend depend);
void __wrap__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(
    std::thread* self, std::unique_ptr<std::thread::_State> state, Depend depend);
void __wrap__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(
    std::thread* self, std::unique_ptr<std::thread::_State> state, Depend depend) {
  if (const int error = errorNow("std::thread"))
    throw std::system_error(error, std::generic_category(), "std::thread");
  __real__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(
      self, std::move(state), depend);
}
}
