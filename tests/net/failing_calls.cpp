#include "net/failing_calls.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

namespace hawser::nettest {

namespace {

struct State {
  std::atomic<int> error{0};
  std::atomic<int> count{0};
  std::atomic<int> left{0};
};

State& stateOf(Call call) {
  static std::array<State, 4> states;
  return states[static_cast<std::size_t>(call)];
}

bool fails(Call call) noexcept {
  State& state = stateOf(call);
  const int error = state.error;
  if (error == 0 || state.left == 0) return false;
  --state.left;
  ++state.count;
  errno = error;
  return true;
}

}  // namespace

FailingCall::FailingCall(Call call, int error, int times) noexcept : call_(call) {
  stateOf(call).count = 0;
  stateOf(call).left = times;
  stateOf(call).error = error;
}
FailingCall::~FailingCall() { stateOf(call_).error = 0; }

int FailingCall::count() const noexcept { return stateOf(call_).count; }

}  // namespace hawser::nettest

extern "C" {

int accept4(int descriptor, sockaddr* address, socklen_t* size, int flags) {
  if (hawser::nettest::fails(hawser::nettest::Call::accept4)) return -1;
  return static_cast<int>(::syscall(SYS_accept4, descriptor, address, size, flags));
}

ssize_t sendto(int descriptor, const void* bytes, std::size_t size, int flags,
               const sockaddr* address, socklen_t addressSize) {
  if (hawser::nettest::fails(hawser::nettest::Call::sendto)) return -1;
  return ::syscall(SYS_sendto, descriptor, bytes, size, flags, address, addressSize);
}

int epoll_ctl(int epoll, int operation, int descriptor, epoll_event* event) noexcept {
  if (hawser::nettest::fails(hawser::nettest::Call::epoll_ctl)) return -1;
  return static_cast<int>(::syscall(SYS_epoll_ctl, epoll, operation, descriptor, event));
}

int socket(int family, int type, int protocol) noexcept {
  if (hawser::nettest::fails(hawser::nettest::Call::socket)) return -1;
  return static_cast<int>(::syscall(SYS_socket, family, type, protocol));
}
}
