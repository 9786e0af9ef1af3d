#pragma once

#include <coroutine>
#include <exception>
#include <utility>

/// What goes because something failed: for destructors that must know whether all was done.
namespace hawser::detail {

struct Failing {
  unsigned frames;  // coroutines that have failed, and whose variables are being destroyed
  int others;       // exceptions under way that are no business of what runs now
};
extern constinit thread_local Failing failing __attribute__((tls_model("initial-exec")));

/// In a destructor: whether it is called because an exception passes, or for a local variable or
/// parameter of a coroutine that has failed.
inline bool goesInFailure() noexcept {
  return failing.frames != 0 || std::uncaught_exceptions() > failing.others;
}

/// Frees a coroutine that has failed, with its parameters.
void destroyFailed(std::coroutine_handle<> coroutine) noexcept;

/// While it lives, what runs has nothing to do with why its caller, a destructor, was called.
class Unconcerned {
 public:
  Unconcerned() noexcept : kept_(std::exchange(failing, {0, std::uncaught_exceptions()})) {}
  Unconcerned(const Unconcerned&) = delete;
  Unconcerned& operator=(const Unconcerned&) = delete;
  ~Unconcerned() { failing = kept_; }

 private:
  Failing kept_;
};

}  // namespace hawser::detail
