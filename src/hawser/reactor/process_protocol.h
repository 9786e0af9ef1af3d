#pragma once

#include <hawser/base/failure.h>

#include <memory>
#include <string_view>

namespace hawser {

class ProcessTransport;

/// One child process: it gets events about the process and its pipes, and answers through its
/// transport. (Twisted's `protocol.ProcessProtocol`.)
///
/// Derive from it and override the events. They come on the reactor's thread, one at a time:
/// `connectionMade` once, inside `spawnProcess`; then data and the ends of pipes as they come;
/// `processExited` once, when the process has ended; `processEnded` once, when the process has
/// ended and all its pipes are closed as well, and nothing after it. A pipe that the process gave
/// to a child of its own stays open until that one closes it. None is called from inside a call to
/// the transport.
///
/// An event that throws is logged and the pipes are closed; others go on. What the process makes of
/// that is its business.
///
/// Protocols live in shared_ptrs. The transport holds its protocol until `processEnded` has
/// returned.
class ProcessProtocol {
 public:
  virtual ~ProcessProtocol();
  ProcessProtocol(const ProcessProtocol&) = delete;
  ProcessProtocol& operator=(const ProcessProtocol&) = delete;

  /// Joins the protocol to its transport and calls `connectionMade`. Called by `spawnProcess`; in a
  /// test, by the test. If the transport lives in a shared_ptr the protocol shares it, else the
  /// transport must outlive the protocol's use of it.
  void makeConnection(ProcessTransport& transport);

  /// The process runs, and can be written to.
  virtual void connectionMade() {}

  /// Bytes came from the process's descriptor `childFD`; with a pty that is 1. `bytes` is valid
  /// during the call only. Unless overridden, this calls `outReceived` for 1 and `errReceived` for
  /// 2.
  virtual void childDataReceived(int childFD, std::string_view bytes);
  /// Bytes came from its standard output.
  virtual void outReceived(std::string_view bytes) { static_cast<void>(bytes); }
  /// Bytes came from its standard error.
  virtual void errReceived(std::string_view bytes) { static_cast<void>(bytes); }

  /// The pipe to or from the process's descriptor `childFD` is closed, by either side, or broke,
  /// which is logged. A pty has no such event. Unless overridden, this calls the three below for 0,
  /// 1 and 2.
  virtual void childConnectionLost(int childFD);
  virtual void inConnectionLost() {}
  virtual void outConnectionLost() {}
  virtual void errConnectionLost() {}

  /// The process has ended, and was waited for; there may be more in its pipes. `reason` is as with
  /// `processEnded`.
  virtual void processExited(const Failure& reason) { static_cast<void>(reason); }
  /// The process has ended and all pipes are closed. `reason` is ProcessDone, ProcessTerminated or
  /// ProcessStatusLost (process_errors.h); ProcessPipeError if the process is done, but not all
  /// that it wrote has come, or not all that was written for it has gone, since a pipe broke or the
  /// reactor ended first; ProcessLeftRunning, without a `processExited` before it, if it had not
  /// ended when the reactor did.
  virtual void processEnded(const Failure& reason) { static_cast<void>(reason); }

  /// The process, also after it has ended.
  /// @throws std::logic_error before `makeConnection`
  ProcessTransport& transport() const {
    if (!transport_) [[unlikely]]
      throwNotConnected();
    return *transport_;
  }

 protected:
  ProcessProtocol() = default;

 private:
  [[noreturn]] static void throwNotConnected();

  std::shared_ptr<ProcessTransport> transport_;
};

}  // namespace hawser
