#pragma once

#include <hawser/base/delayed_call.h>
#include <hawser/base/unique_function.h>
#include <hawser/defer/cancel_handle.h>
#include <hawser/defer/deferred.h>
#include <hawser/reactor/detail/reactor_thread.h>
#include <hawser/reactor/reactor_pool.h>
#include <hawser/reactor/shutdown.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <vector>

namespace hawser::detail {

/// The threads of a ReactorPool, and how far they have come. All of it belongs to the thread of
/// home.
class ReactorGroup : public std::enable_shared_from_this<ReactorGroup> {
 public:
  using Duration = std::chrono::nanoseconds;
  using SetUp = unique_function<Deferred<void>(Reactor&)>;
  using Report = ReactorPoolReport;

  ReactorGroup(std::size_t size, ReactorPoolOptions options) noexcept
      : options_(std::move(options)), size_(size) {}

  Deferred<void> start(Reactor& home, SetUp setUp);
  Deferred<Report> stop(Duration drain, std::source_location where);
  /// Not started yet?
  bool idle() const noexcept { return state_ == State::idle; }
  /// Without a reactor to wait in.
  void stopAndWait() noexcept;
  /// Home will be gone.
  void leaveHome() noexcept;
  /// Ends the threads, and waits for them.
  void end() noexcept;

  Report report() const;
  std::size_t size() const noexcept { return size_; }
  const ReactorPoolOptions& options() const noexcept { return options_; }
  Reactor& reactor(std::size_t number) const;
  Reactor& home() const;
  /// Is called when all is over; then nobody else needs the report.
  void setOnOver(unique_function<void()> onOver) noexcept { onOver_ = std::move(onOver); }

 private:
  /// idle -> starting -> running -> stopping -> over; a start that failed goes back to idle.
  enum class State : std::uint8_t { idle, starting, running, stopping, over };
  using Self = std::shared_ptr<ReactorGroup>;

  static Deferred<void> startOrEnd(Self self, std::shared_ptr<SetUp> setUp);
  static Deferred<void> bringUp(Self self, std::shared_ptr<SetUp> setUp);
  Deferred<void> add();
  Deferred<void> callSetUp(Reactor& reactor, std::shared_ptr<SetUp> setUp);
  Deferred<Report> whenOver(std::source_location where);
  void stopBy(Duration drain);
  void threadEnded(std::size_t number);
  void finish();
  void addTrigger();
  bool allEnded() const noexcept;
  void release() noexcept;

  ReactorPoolOptions options_;
  const std::size_t size_;
  Reactor* home_ = nullptr;
  std::shared_ptr<RemoteCalls> homeCalls_;  // which know whether it has ended
  State state_ = State::idle;
  std::vector<std::shared_ptr<ReactorThread>> threads_;
  std::size_t ready_ = 0;  // so many of them run, or have run
  std::size_t left_ = 0;   // so many have not ended
  CancelHandle starting_;
  std::vector<Resolver<Report>> waiting_;
  DelayedCall patience_;
  ShutdownTrigger trigger_;
  unique_function<void()> onOver_;
};

}  // namespace hawser::detail
