#include <hawser/reactor/process_errors.h>

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstring>
#include <string_view>
#include <utility>

namespace hawser {

namespace {

std::string terminatedText(int status) {
  if (WIFEXITED(status))
    return fmt::format("a process ended with exit code {}", WEXITSTATUS(status));
  const char* const name = ::sigabbrev_np(WTERMSIG(status));
  return fmt::format("a process was ended by {}{}{}", name ? "SIG" : "signal ",
                     name ? std::string(name) : std::to_string(WTERMSIG(status)),
                     WCOREDUMP(status) ? ", with a core dump" : "");
}

std::string errorText(int osError) {
  const char* const name = ::strerrorname_np(osError);
  const char* const words = ::strerrordesc_np(osError);
  return fmt::format("{} ({})", words ? words : "unknown error",
                     name ? name : std::to_string(osError));
}

}  // namespace

ProcessDone::ProcessDone() : runtime_error("a process finished without error") {}
ProcessDone::~ProcessDone() = default;

ProcessTerminated::ProcessTerminated(int status)
    : runtime_error(terminatedText(status)), status_(status) {}
ProcessTerminated::~ProcessTerminated() = default;

std::optional<int> ProcessTerminated::exitCode() const noexcept {
  if (!WIFEXITED(status_)) return std::nullopt;
  return WEXITSTATUS(status_);
}

std::optional<int> ProcessTerminated::signal() const noexcept {
  if (WIFEXITED(status_)) return std::nullopt;
  return WTERMSIG(status_);
}

ProcessStatusLost::ProcessStatusLost()
    : runtime_error("a process ended, but its status is lost: somebody else waited for it") {}
ProcessStatusLost::~ProcessStatusLost() = default;

ProcessLeftRunning::ProcessLeftRunning(int pid)
    : runtime_error(fmt::format("the reactor ended; process {} runs on", pid)), pid_(pid) {}
ProcessLeftRunning::~ProcessLeftRunning() = default;

ProcessExitedAlready::ProcessExitedAlready() : runtime_error("the process has ended already") {}
ProcessExitedAlready::~ProcessExitedAlready() = default;

ProcessStartError::ProcessStartError(std::string step, std::string file, int osError)
    : runtime_error(
          fmt::format("cannot start a process: {} {}: {}", step, file, errorText(osError))),
      step_(std::move(step)),
      file_(std::move(file)),
      osError_(osError) {}
ProcessStartError::~ProcessStartError() = default;

ProcessPipeError::ProcessPipeError(int pid, int childFD, int osError)
    : runtime_error(fmt::format("the pipe to descriptor {} of process {} broke: {}", childFD, pid,
                                errorText(osError))),
      childFD_(childFD),
      osError_(osError) {}
ProcessPipeError::~ProcessPipeError() = default;

ProcessErrorOutput::ProcessErrorOutput(std::string text)
    : runtime_error("a process wrote to its standard error: " + text), text_(std::move(text)) {}
ProcessErrorOutput::~ProcessErrorOutput() = default;

ProcessOutputTooLong::ProcessOutputTooLong(std::size_t limit)
    : length_error(fmt::format("a process wrote more than {} bytes", limit)), limit_(limit) {}
ProcessOutputTooLong::~ProcessOutputTooLong() = default;

ProcessOutputCut::ProcessOutputCut(int status, std::string out, std::string err)
    : ProcessTerminated(status), out_(std::move(out)), err_(std::move(err)) {}
ProcessOutputCut::~ProcessOutputCut() = default;

}  // namespace hawser
