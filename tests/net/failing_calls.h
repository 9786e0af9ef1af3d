#pragma once

#include <climits>

namespace hawser::nettest {

/// System calls that a test can make fail.
enum class Call { accept4, socket, sendto, epoll_ctl };

/// While it lives, `call` fails with `error` in this process, every time or the first `times`, and
/// is counted.
///
/// The test program has functions of these names; the linker prefers them to the C library's.
class FailingCall {
 public:
  FailingCall(Call call, int error, int times = INT_MAX) noexcept;
  ~FailingCall();
  FailingCall(const FailingCall&) = delete;
  FailingCall& operator=(const FailingCall&) = delete;

  /// How often it has failed.
  int count() const noexcept;

 private:
  Call call_;
};

}  // namespace hawser::nettest
