#pragma once

#include <hawser/reactor/producer.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace hawser {

class Reactor;

/// How much may wait to be written to one pipe of a process that reads slowly, in bytes.
struct PipeLimits {
  /// More than this pauses the registered producer.
  std::size_t highWater = 64 * 1024;
  /// More than this closes the pipe, with a line in the log.
  std::size_t hardCap = 16 * 1024 * 1024;
};

/// The size of a terminal's window, in characters; the pixels are for programs that draw, and
/// mostly 0. (What Twisted's Conch gives to `windowChanged`.)
struct WindowSize {
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  std::uint16_t xPixels = 0;
  std::uint16_t yPixels = 0;

  bool operator==(const WindowSize&) const = default;
};

/// A child process as its protocol sees it: bytes into its pipes, signals, and how to let go of it.
/// (Twisted's `IProcessTransport`.) What comes from it are the protocol's events
/// (process_protocol.h).
///
/// Everything here returns at once and belongs to the reactor's thread. Nothing here calls the
/// protocol back before it returns. Once the process has ended every function is still safe to
/// call: writing and closing do nothing, the pid remains known.
///
/// As a Producer it is all that the process writes: pausing it holds the process back, once its
/// pipes are full.
class ProcessTransport : public Producer, public std::enable_shared_from_this<ProcessTransport> {
 public:
  ~ProcessTransport() override;

  /// Nothing once the process has ended: the number may be another's by then.
  virtual std::optional<int> pid() const noexcept = 0;

  /// Queues a copy of `bytes` for the process's standard input. All that is written within one turn
  /// leaves in one system call at its end. A process that does not read any more is no error:
  /// `childConnectionLost` tells.
  void write(std::string_view bytes) { writeToChild(0, bytes); }
  /// The same for another descriptor of the process. Does nothing if its pipe is closed or being
  /// closed; closes it when the queue exceeds `PipeLimits::hardCap`.
  /// @throws std::invalid_argument if there never was a pipe to that descriptor
  virtual void writeToChild(int childFD, std::string_view bytes) = 0;

  /// Closes a pipe: one to the process when all that is queued was written, which is how most
  /// programs learn that there is no more input; one from it at once, what is in it is lost.
  /// `childConnectionLost` follows. Does nothing with a pty, whose directions are one: see
  /// `loseConnection`.
  /// @throws std::invalid_argument if there never was a pipe to that descriptor
  virtual void closeChildFD(int childFD) = 0;
  /// The same, and no error if it is no pipe.
  virtual void closeStdin() = 0;
  virtual void closeStdout() = 0;
  virtual void closeStderr() = 0;
  /// Closes 0, 1 and 2 in this way, or the pty. It does not end the process; many end by
  /// themselves then. (As Twisted's; other pipes stay open.)
  virtual void loseConnection() = 0;

  /// Tells the process's terminal that its window has this size now; the kernel sends SIGWINCH to
  /// those in its foreground, if it had another. Does nothing once the terminal is closed.
  /// @throws std::logic_error if the process has no terminal of this program's
  /// @throws std::system_error
  virtual void setWindowSize(const WindowSize& size) = 0;

  /// Sends a signal to the process, and to no process of its own.
  /// @param signal a number (SIGHUP), or a name with or without SIG ("HUP", "TERM", "KILL", ...)
  /// @throws ProcessExitedAlready if it has ended
  /// @throws std::invalid_argument if there is no such signal
  virtual void signalProcess(int signal) = 0;
  void signalProcess(std::string_view name);

  // The process as a producer. While a pipe is paused its end is not noticed, so `processEnded`
  // waits for it to be resumed or closed.
  void pauseProducing() override = 0;
  void resumeProducing() override = 0;
  void stopProducing() override { loseConnection(); }
  /// One pipe of it. Of a pty, 1 is what comes.
  /// @throws std::invalid_argument if there never was a pipe from that descriptor
  virtual void pauseProducing(int childFD) = 0;
  virtual void resumeProducing(int childFD) = 0;

  /// How many bytes wait to be handed to the kernel for `childFD`.
  virtual std::size_t queuedBytes(int childFD = 0) const noexcept = 0;

  /// Lets `producer` be told when to pause: as `Transport::registerProducer`, for the pipe to
  /// `childFD`. If that is closed it gets `stopProducing` at once.
  /// @throws std::logic_error if one is registered already
  virtual void registerProducer(std::shared_ptr<Producer> producer, bool streaming,
                                int childFD = 0) = 0;
  virtual void unregisterProducer(int childFD = 0) = 0;

  virtual Reactor& reactor() const = 0;

 protected:
  ProcessTransport() = default;
};

}  // namespace hawser
