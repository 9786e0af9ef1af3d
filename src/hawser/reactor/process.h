#pragma once

#include <hawser/reactor/process_errors.h>
#include <hawser/reactor/process_protocol.h>
#include <hawser/reactor/process_transport.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser {

class Reactor;

/// What a child process gets as one of its descriptors (an entry of Twisted's `childFDs`).
///
///     options.childFDs = {{0, "w"}, {1, "r"}, {2, "r"}, {3, logFile.get()}};
struct ChildFD {
  /// "r": a pipe from which this program reads what the child writes; "w": one into which it
  /// writes.
  /// @throws std::invalid_argument for any other word, or a negative number
  ChildFD(int childFD, std::string_view use);
  /// A descriptor of this program, to be the same in the child. It stays open here.
  /// @throws std::invalid_argument if one of them is negative
  ChildFD(int childFD, int descriptor);

  enum class Use : std::uint8_t { read, write, pass };

  int childFD;
  Use use;
  int descriptor = -1;  ///< to be passed on
};

/// How a process is to be started.
struct ProcessOptions {
  /// The environment, as in "HOME=/root". Nothing: that of this program. (Twisted's default is an
  /// empty one.)
  std::optional<std::vector<std::string>> env = std::nullopt;
  /// The directory to start in. Empty: this program's.
  std::string path = {};
  /// Who it is to run as, for programs that are allowed to change that. Its only group is `gid`, or
  /// if that is not given, the group that this program has.
  std::optional<std::uint32_t> uid = std::nullopt;
  std::optional<std::uint32_t> gid = std::nullopt;
  /// A terminal of its own is its standard input, output and error, and it leads a session. When it
  /// ends, the kernel throws away what it wrote that has not been read by then.
  bool usePTY = false;
  /// Of that terminal's window, as the process finds it. Nothing: 0 by 0, which most programs take
  /// for 24 by 80. `ProcessTransport::setWindowSize` changes it.
  std::optional<WindowSize> windowSize = std::nullopt;
  /// Every descriptor that it has, unless `usePTY`: all others are closed.
  std::vector<ChildFD> childFDs = {{0, "w"}, {1, "r"}, {2, "r"}};
  /// Of each pipe to it.
  PipeLimits limits = {};
};

/// Starts a program in a child process, with pipes or a terminal, and tells `protocol` what comes
/// of it. (Twisted's `reactor.spawnProcess`.)
///
///     spawnProcess(reactor, std::make_shared<Sorter>(), "sort", {"sort", "-n"});
///
/// **The program** is a path if `executable` has a slash in it (a relative one from `options.path`
/// on), else it is looked for in the directories that the PATH of `options.env` names, or this
/// program's. `args` begins with the name that the program sees as its own; no args are the
/// executable's name alone.
///
/// **What the child has**: the descriptors of `childFDs`, and no other; no blocked signal, and no
/// ignored one, SIGPIPE included; the working directory and environment that `options` say. It
/// stays in this program's process group unless it has a pty: Ctrl-C in a terminal is for both.
///
/// **When it returns** the program runs: this thread stands still from the fork to the exec, some
/// hundred microseconds, however much memory this program has. So what cannot be started is known
/// at once, and thrown. (In Twisted the child writes a traceback to its standard error and exits
/// with 1.) `connectionMade` has been called, everything else comes in later steps.
///
/// **How it ends** is learned from a pidfd: SIGCHLD is neither needed nor touched, and children
/// that others started are left alone. The status is lost only if others wait for all children
/// (`wait`, `waitpid(-1)`) or SIGCHLD is ignored.
///
/// **When the reactor ends** first, the pipes are closed, the protocol is told
/// ProcessLeftRunning, and the process runs on, as in Twisted. Whoever wants it to end uses a
/// trigger of the `before` phase. Such a process is waited for when the next one is started.
///
/// **Memory of this program** is shared with the child until it executes, as with vfork, unless
/// `uid` or `gid` are given: a child of another user gets a copy.
///
/// @throws ProcessStartError: the protocol was not called, and nothing is left of it, but for one
/// case that its documentation names
/// @throws std::invalid_argument for what can never be: a zero byte in a string, a descriptor named
/// twice
/// @throws WrongThreadError, ReactorNotRunning if the reactor has ended
std::shared_ptr<ProcessTransport> spawnProcess(Reactor& reactor,
                                               std::shared_ptr<ProcessProtocol> protocol,
                                               std::string executable,
                                               std::vector<std::string> args = {},
                                               ProcessOptions options = {});

}  // namespace hawser
