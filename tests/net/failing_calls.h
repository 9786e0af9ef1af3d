#pragma once

namespace hawser::nettest {

/// System calls that a test can make fail.
enum class Call { accept4, socket };

/// While it lives, `call` fails with `error` in this process, and is counted.
///
/// The test program has functions of these names; the linker prefers them to the C library's.
class FailingCall {
 public:
  FailingCall(Call call, int error) noexcept;
  ~FailingCall();
  FailingCall(const FailingCall&) = delete;
  FailingCall& operator=(const FailingCall&) = delete;

  int count() const noexcept;

 private:
  Call call_;
};

}  // namespace hawser::nettest
