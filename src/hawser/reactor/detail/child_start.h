#pragma once

#include <hawser/reactor/file_descriptor.h>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hawser::detail {

/// Everything that a child needs between the fork and the exec, made before: there it may call
/// nothing that allocates, locks, or is only safe in a whole process.
///
/// **How.** clone(2) with CLONE_VFORK: this thread waits until the child has executed a program or
/// has ended, so the outcome is known when `start` returns, and is told through memory; no pipe has
/// to be read, which another fork at the same time might hold open. With CLONE_VM, so that no page
/// table is copied, however large the program; the child has a stack of its own, and all signals
/// are blocked until its handlers are gone, so that none of ours runs in it. With CLONE_PIDFD, so
/// that the child is never known by a number that may be another's. Without CLONE_VM if it changes
/// its user: that marks the shared memory as one that cannot be looked into, this program's too.
class ChildStart {
 public:
  struct Started {
    pid_t pid;
    FileDescriptor pidfd;
  };

  std::string executable;              ///< as asked for
  std::vector<std::string> programs;   ///< to be tried one after the other
  std::vector<std::string> arguments;  ///< with the name first
  std::optional<std::vector<std::string>> environment;
  std::string directory;  ///< none if empty
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  bool leadsSession = false;  ///< with descriptor 0 as its terminal

  /// `source` is open here, `target` is its number there; each target once, in any order.
  void give(int target, int source) { gifts_.push_back({target, source}); }

  /// Once.
  /// @throws ProcessStartError, std::bad_alloc
  Started start();

 private:
  struct Gift {
    int target;
    int source;
  };
  /// What the child did last.
  enum class Step : std::uint8_t {
    none,
    descriptors,
    session,
    terminal,
    chdir,
    setgid,
    setuid,
    exec
  };
  struct Outcome {
    Step step = Step::none;
    int error = 0;
  };
  class Memory;

  static int run(void* self) noexcept;
  [[noreturn]] void become() noexcept;
  void resetSignals() const noexcept;
  void takeDescriptors() noexcept;
  void changeUser() const noexcept;
  void execute() const noexcept;
  [[noreturn]] void fail(Step step) const noexcept;
  [[noreturn]] void fail(Step step, int error) const noexcept;
  [[noreturn]] void throwOutcome(const Outcome& outcome) const;

  std::vector<Gift> gifts_;
  std::vector<const char*> programPointers_;
  std::vector<char*> argumentPointers_;
  std::vector<char*> environmentPointers_;
  char** environ_ = nullptr;
  Outcome* outcome_ = nullptr;  // where the parent looks
};

}  // namespace hawser::detail
