#pragma once

#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace hawser::torture {

/// How a call fails.
enum class Manner {
  instead,  ///< it does nothing
  after,    ///< it does its work first
};

/// A system call, or a request of io_uring, and an error that the kernel may answer it with.
struct Failing {
  const char* call;
  const char* name;  ///< of the error
  int error;
  Manner manner = Manner::instead;
};
void PrintTo(const Failing& failing, std::ostream* stream);

/// All that is tried.
std::span<const Failing> allFailings() noexcept;

/// While it lives, one call of this process fails: the `index`-th of its kind, from 1.
class Fault {
 public:
  Fault(const Failing& failing, int index) noexcept;
  ~Fault();
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;

  /// Whether there were as many calls.
  bool happened() const noexcept;
};

/// While it lives, calls of this thread do not fail and are not counted: for what a scenario does
/// itself.
class Untortured {
 public:
  Untortured() noexcept;
  ~Untortured();
  Untortured(const Untortured&) = delete;
  Untortured& operator=(const Untortured&) = delete;
};

/// For the calls' stand-ins: is it the one that is to fail now? Then errno is set, unless the
/// manner is another.
bool failsNow(std::string_view call, Manner manner = Manner::instead) noexcept;
/// The error that this call is to fail with, or 0.
int errorNow(std::string_view call) noexcept;

}  // namespace hawser::torture
