#pragma once

#include <hawser/base/failure.h>
#include <hawser/reactor/reactor_pool.h>
#include <hawser/reactor/remote_calls.h>
#include <hawser/reactor/remote_resolver.h>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace hawser::detail {

/// A thread with a reactor that runs. The reactor stays when it has ended, until it is released, so
/// that others may go on asking it, and are refused.
class ReactorThread : public RemoteNews, public std::enable_shared_from_this<ReactorThread> {
 public:
  using TimePoint = Reactor::TimePoint;

  /// `options` outlive it.
  ReactorThread(const ReactorPoolOptions& options, std::size_t number,
                std::source_location where) noexcept;
  ~ReactorThread() override;

  /// @param running fires when the reactor runs, or fails with why there is none
  /// @param ended fires when it does not any more
  /// @throws ThreadStartError
  void start(RemoteResolver<void> running, RemoteResolver<void> ended);

  // Any thread.

  /// Has the reactor stop by then; earlier than was asked for before, or as that was. Takes no
  /// memory.
  void stop(TimePoint until) noexcept;
  /// Once it runs, until `release`.
  Reactor& reactor() const noexcept { return *reactor_; }
  ReactorPoolReport::Member report() const;
  bool ended() const noexcept;
  /// Waits; false if it has not ended by then.
  bool waitEnded(TimePoint until) const noexcept;
  /// Lets the reactor go, and waits for the thread's end.
  void release() noexcept;

 private:
  void arrive() override;
  void lost() noexcept override {}

  void live();
  void runReactor(Reactor& reactor);
  void stopNow();
  void endWith(Failure failure, const ShutdownReport& report);
  std::string heldBy() const;

  const ReactorPoolOptions& options_;
  const std::size_t number_;
  RemoteResolver<void> running_;  // the thread's, as the next
  RemoteResolver<void> ended_;
  std::thread thread_;
  Reactor* reactor_ = nullptr;  // set before `running_` fires

  mutable std::mutex mutex_;  // guards all that follows
  mutable std::condition_variable changed_;
  std::shared_ptr<RemoteCalls> calls_;  // of the reactor, once it runs
  std::optional<TimePoint> until_;      // asked to stop
  bool told_ = false;                   // of that; the news is under way
  bool hasReactor_ = false;
  bool hasEnded_ = false;
  bool released_ = false;
  ReactorPoolReport::Member report_;
};

}  // namespace hawser::detail
