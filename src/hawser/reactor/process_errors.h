#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>

namespace hawser {

/// A process ended as it should: with exit code 0. (Twisted's `error.ProcessDone`.) It travels in a
/// Failure, as the reason of `ProcessProtocol::processEnded`, like any other end.
class ProcessDone : public std::runtime_error {
 public:
  ProcessDone();
  ~ProcessDone() override;
  /// As `waitpid` says it: 0.
  int status() const noexcept { return 0; }
};

/// A process ended otherwise: with another exit code, or by a signal. (Twisted's
/// `error.ProcessTerminated`.)
class ProcessTerminated : public std::runtime_error {
 public:
  /// @param status as `waitpid` says it
  explicit ProcessTerminated(int status);
  ~ProcessTerminated() override;

  /// Nothing if a signal ended it.
  std::optional<int> exitCode() const noexcept;
  /// Nothing if it ended by itself.
  std::optional<int> signal() const noexcept;
  int status() const noexcept { return status_; }

 private:
  int status_;
};

/// A process has ended, and nobody will ever know how: somebody else in this program waited for it,
/// or the program ignores SIGCHLD, and then the kernel keeps no status.
class ProcessStatusLost : public std::runtime_error {
 public:
  ProcessStatusLost();
  ~ProcessStatusLost() override;
};

/// The reactor ended while the process ran. It runs on, without its pipes.
class ProcessLeftRunning : public std::runtime_error {
 public:
  explicit ProcessLeftRunning(int pid);
  ~ProcessLeftRunning() override;
  int pid() const noexcept { return pid_; }

 private:
  int pid_;
};

/// A signal was to be sent to a process that has ended. (Twisted's `error.ProcessExitedAlready`.)
class ProcessExitedAlready : public std::runtime_error {
 public:
  ProcessExitedAlready();
  ~ProcessExitedAlready() override;
};

/// A process could not be started: the program is not there or cannot be executed, the directory is
/// not there, descriptors, processes or memory are short. Or it was started and its end cannot be
/// watched, for want of descriptors or memory: then it was killed. One that became another user and
/// may not be killed runs on and finds its pipes closed.
class ProcessStartError : public std::runtime_error {
 public:
  /// @param step what was tried: "exec", "chdir", "fork for", "pipes for", "watching", ...
  /// @param file what it was tried with: the program's or the directory's name
  ProcessStartError(std::string step, std::string file, int osError);
  ~ProcessStartError() override;

  const std::string& step() const noexcept { return step_; }
  const std::string& file() const noexcept { return file_; }
  /// The errno.
  int osError() const noexcept { return osError_; }

 private:
  std::string step_;
  std::string file_;
  int osError_;
};

/// The kernel failed to carry what a process wrote, or what was written for it, or the reactor
/// ended before that was done (ECANCELED): what came, or what the process got, may be less than
/// all. Not that one side closed the pipe: a process that ends well without having read all that
/// was written for it did not want it.
class ProcessPipeError : public std::runtime_error {
 public:
  ProcessPipeError(int pid, int childFD, int osError);
  ~ProcessPipeError() override;

  /// The descriptor of the process; of a pty, 1.
  int childFD() const noexcept { return childFD_; }
  /// The errno.
  int osError() const noexcept { return osError_; }

 private:
  int childFD_;
  int osError_;
};

/// A process of which only the standard output was wanted wrote to its standard error; `text()` is
/// the beginning of it. It was ended.
class ProcessErrorOutput : public std::runtime_error {
 public:
  explicit ProcessErrorOutput(std::string text);
  ~ProcessErrorOutput() override;
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// A process wrote more than was allowed, in bytes. It was ended.
class ProcessOutputTooLong : public std::length_error {
 public:
  explicit ProcessOutputTooLong(std::size_t limit);
  ~ProcessOutputTooLong() override;
  std::size_t limit() const noexcept { return limit_; }

 private:
  std::size_t limit_;
};

/// A signal ended a process whose output was collected; this is what it wrote until then.
class ProcessOutputCut : public ProcessTerminated {
 public:
  ProcessOutputCut(int status, std::string out, std::string err);
  ~ProcessOutputCut() override;
  const std::string& out() const noexcept { return out_; }
  const std::string& err() const noexcept { return err_; }

 private:
  std::string out_;
  std::string err_;
};

}  // namespace hawser
