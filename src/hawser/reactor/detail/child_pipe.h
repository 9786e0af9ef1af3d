#pragma once

#include <hawser/reactor/after_turn.h>
#include <hawser/reactor/channel.h>
#include <hawser/reactor/operations.h>
#include <hawser/reactor/process_transport.h>
#include <hawser/reactor/send_queue.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>

namespace hawser {
class Reactor;
}

namespace hawser::detail {

class ChildPipe;

/// Is told what comes of a pipe. Each call may close pipes; none destroys them.
class ChildPipeOwner {
 public:
  virtual void pipeReceived(ChildPipe& pipe, std::string_view bytes) = 0;
  /// Once for each pipe.
  virtual void pipeLost(ChildPipe& pipe) = 0;
  /// Tells a producer of its user something; what that throws is the owner's to handle.
  virtual void tellProducer(const char* what, Producer& producer, void (Producer::*event)()) = 0;
  /// The kernel fails to carry what it should; `pipeLost` follows.
  virtual void pipeBroke(ChildPipe& pipe, std::error_code error) noexcept = 0;
  /// More was written than may wait; the pipe is closed.
  virtual void pipeOverflowed(ChildPipe& pipe, std::size_t limit) noexcept = 0;
  virtual bool childRuns() const noexcept = 0;

 protected:
  ~ChildPipeOwner() = default;
};

/// This program's end of a pipe to or from a child, or of its terminal.
///
/// What is written collects until the end of the turn. A pipe to the child is watched as well: when
/// nobody can read from it any more, it is closed. One that cannot be watched is closed when the
/// child has ended.
class ChildPipe final : private ReceiveHandler, private AfterTurn {
 public:
  enum class Direction : std::uint8_t { fromChild, toChild, terminal };

  ChildPipe(Reactor& reactor, ChildPipeOwner& owner, int childFD, Direction direction,
            ChannelPtr channel, PipeLimits limits) noexcept;
  ChildPipe(const ChildPipe&) = delete;
  ChildPipe& operator=(const ChildPipe&) = delete;

  int childFD() const noexcept { return childFD_; }
  bool writable() const noexcept { return direction_ != Direction::fromChild; }
  bool readable() const noexcept { return direction_ != Direction::toChild; }
  bool isTerminal() const noexcept { return direction_ == Direction::terminal; }
  /// Until it is closed.
  bool open() const noexcept { return channel_ != nullptr; }
  /// Something may still come from the child.
  bool unread() const noexcept { return open() && readable() && !hungUp_; }
  /// Something was written for the child that has not gone, and somebody could still read it.
  bool unsent() const noexcept;
  /// Of this program; while it is open.
  int descriptor() const noexcept { return channel_->descriptor(); }
  /// Until its owner was told that it is lost.
  bool alive() const noexcept { return !lost_; }

  /// Begins to receive, unless it has been paused or closed meanwhile.
  void start();
  void write(std::string_view bytes);
  /// When all is written, or at once if nothing can be; `pipeLost` comes later.
  void close();
  /// At once, throwing away what is queued; `pipeLost` comes later.
  void abort() noexcept;
  /// At once, and its owner is told now, if it was not before.
  void disconnect();
  /// The child has ended: closes a terminal that nobody has open any more, and what nobody watches.
  void childEnded();

  void pause() noexcept;
  void resume();
  std::size_t queuedBytes() const noexcept;
  void registerProducer(std::shared_ptr<Producer> producer, bool streaming);
  void unregisterProducer();

 private:
  void received(std::span<const std::byte> bytes) override;
  void receiveEnded(std::error_code error) override;
  void sent(std::size_t bytes, std::size_t left) override;
  void sendFailed(std::error_code error) override;
  void afterTurn() override;
  void drained();
  void checkLimits();
  void closeChannel() noexcept;

  Reactor& reactor_;
  ChildPipeOwner& owner_;
  ChannelPtr channel_;  // null once it is closed
  SendQueue queue_;
  std::shared_ptr<Producer> producer_;
  PipeLimits limits_;
  int childFD_;
  Direction direction_;
  bool receiving_ = false;
  bool paused_ = false;   // the receiving
  bool sending_ = false;  // the channel has something
  bool closing_ = false;  // when all is written
  bool streaming_ = false;
  bool producerPaused_ = false;
  bool hungUp_ = false;     // nobody had the terminal open
  bool unwatched_ = false;  // nobody will tell that its readers are gone
  bool lost_ = false;
};

}  // namespace hawser::detail
