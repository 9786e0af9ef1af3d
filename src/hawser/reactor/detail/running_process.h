#pragma once

#include <hawser/base/delayed_call.h>
#include <hawser/base/failure.h>
#include <hawser/reactor/after_turn.h>
#include <hawser/reactor/channel.h>
#include <hawser/reactor/detail/child_exit.h>
#include <hawser/reactor/detail/child_pipe.h>
#include <hawser/reactor/process.h>

#include <memory>
#include <string>
#include <vector>

namespace hawser::detail {

class ChildStart;

/// The ProcessTransport of a child that was started.
///
/// While the process lives, or one of its pipes, this holds itself and its protocol, which may go
/// on to another process meanwhile; `finish` ends that. The pidfd is a channel of the reactor's,
/// whose receiving ends when the process has.
class RunningProcess final : public ProcessTransport,
                             private ChildPipeOwner,
                             private ReceiveHandler,
                             private Disconnectable {
 public:
  /// As `spawnProcess` says.
  static std::shared_ptr<RunningProcess> spawn(Reactor& reactor,
                                               std::shared_ptr<ProcessProtocol> protocol,
                                               std::string executable,
                                               std::vector<std::string> args,
                                               const ProcessOptions& options);

  /// For `spawn` only: public for make_shared.
  RunningProcess(Reactor& reactor, std::shared_ptr<ProcessProtocol> protocol) noexcept;
  ~RunningProcess() override;

  /// When the reactor ends it is killed, not left.
  void endWithReactor() noexcept { endsWithReactor_ = true; }
  /// Closes all pipes at once.
  void closePipes() noexcept;
  /// The first pipe that carried less than it should, or was cut by the reactor's end: a
  /// ProcessPipeError. None if all was well.
  const Failure& broken() const noexcept { return broken_; }

  std::optional<int> pid() const noexcept override;
  void writeToChild(int childFD, std::string_view bytes) override;
  void closeChildFD(int childFD) override;
  void closeStdin() override { closeIfPipe(0); }
  void closeStdout() override { closeIfPipe(1); }
  void closeStderr() override { closeIfPipe(2); }
  void loseConnection() override;
  void setWindowSize(const WindowSize& size) override;
  using ProcessTransport::signalProcess;
  void signalProcess(int signal) override;
  void pauseProducing() override;
  void resumeProducing() override;
  void pauseProducing(int childFD) override;
  void resumeProducing(int childFD) override;
  std::size_t queuedBytes(int childFD) const noexcept override;
  void registerProducer(std::shared_ptr<Producer> producer, bool streaming, int childFD) override;
  void unregisterProducer(int childFD) override;
  Reactor& reactor() const override { return reactor_; }

 private:
  void addPipe(ChildStart& plan, std::vector<FileDescriptor>& childEnds, const ChildFD& entry,
               PipeLimits limits);
  void addTerminal(ChildStart& plan, std::vector<FileDescriptor>& childEnds,
                   const ProcessOptions& options);
  void own(int childFD, ChildPipe::Direction direction, ChannelPtr channel, PipeLimits limits);
  void watch(FileDescriptor pidfd);
  void begin();

  ChildPipe* find(int childFD, bool forWriting) const noexcept;
  ChildPipe& pipe(int childFD, bool forWriting, const char* function) const;
  void closeIfPipe(int childFD);

  void pipeReceived(ChildPipe& pipe, std::string_view bytes) override;
  void pipeLost(ChildPipe& pipe) override;
  void tellProducer(const char* what, Producer& producer, void (Producer::*event)()) override;
  void pipeBroke(ChildPipe& pipe, std::error_code error) noexcept override;
  void pipeOverflowed(ChildPipe& pipe, std::size_t limit) noexcept override;
  void noteBroken(const ChildPipe& pipe, int error) noexcept;

  bool childRuns() const noexcept override { return pidfd_ != nullptr; }

  void received(std::span<const std::byte>) override {}
  void receiveEnded(std::error_code error) override;
  void lookForEnd();
  void lookAgain();
  void afterTurn() override;
  void disconnect() override;
  void endForReactor();

  void endIfOver();
  void finish(const Failure& reason);
  template <class Object, class Event>
  void notify(const char* name, const Object& object, Event event);

  Reactor& reactor_;
  std::shared_ptr<ProcessProtocol> protocol_;
  std::shared_ptr<RunningProcess> self_;  // until it has ended
  std::vector<std::unique_ptr<ChildPipe>> pipes_;
  ChannelPtr pidfd_;  // null once the process has been waited for, or was left
  Failure exit_ = Failure::none();
  Failure broken_ = Failure::none();
  DelayedCall nextLook_;
  int pid_ = 0;
  bool endsWithReactor_ = false;
};

}  // namespace hawser::detail
