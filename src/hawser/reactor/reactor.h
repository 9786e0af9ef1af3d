#pragma once

#include <hawser/base/clock.h>
#include <hawser/base/logging.h>
#include <hawser/reactor/after_turn.h>
#include <hawser/reactor/detail/handler_mark.h>
#include <hawser/reactor/detail/turn_buffer.h>
#include <hawser/reactor/errors.h>
#include <hawser/reactor/remote_calls.h>
#include <hawser/reactor/shutdown.h>
#include <hawser/reactor/stall.h>
#include <hawser/reactor/timers.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace hawser {

class Backend;
template <class T>
class Resolver;
template <class T>
class RemoteResolver;
class SignalHandler;
class ThreadPool;

namespace detail {
class ReactorThreads;
class SignalHandlers;
class SignalWatch;
}  // namespace detail

/// How a reactor is run.
struct RunOptions {
  /// SIGINT and SIGTERM stop the reactor while it runs; what they did before is restored at the
  /// end. False leaves them alone, unless a SignalHandler (signal_handler.h) wants them.
  bool handleSignals = true;
  /// If not zero, every stop is a `stop(drain)`: connections may finish.
  std::chrono::nanoseconds drain = std::chrono::nanoseconds(0);
};

/// The loop that calls you (Twisted's reactor): it waits for sockets, timers, other threads and
/// signals, and calls handlers, one after the other, on one thread.
///
///     Reactor reactor;
///     reactor.callLater(1s, [&] { reactor.stop(); });
///     reactor.run();
///
/// Programs with one thing to do rather use `task::react` (task.h).
///
/// **The turn.** A reactor does the same four things again and again: the calls asked for by other
/// threads, the timers that are due, the I/O that has completed, and what was put off to the end
/// of the turn. docs/design/reactor.md specifies the turn and the shutdown step by step.
///
/// **Handlers** return quickly: while one runs, nothing else does. One that throws does no harm
/// to others: the failure is logged, and the reactor goes on.
///
/// **Threads.** A reactor belongs to the thread that made it. Everything is called on that thread
/// and calls back on it; `callFromThread`, `isInIOThread`, `blockingCallFromThread` (threads.h),
/// and firing what `remote` returns, are the exceptions. Functions that are cheap to check throw
/// WrongThreadError elsewhere. It also belongs to its process: a child made by `fork` leaves it
/// alone and calls `exec` or `_exit`, or makes a reactor of its own.
///
/// **Lifetime.** It runs once. It must not be destroyed by one of its own handlers. Transports,
/// timers and handles that outlive it are harmless and do nothing.
class Reactor final : public Clock {
 public:
  /// Talks to the kernel by the default backend, or the one that HAWSER_REACTOR names.
  /// From now on SIGPIPE is ignored by this process, unless it had a handler: a peer that closes
  /// its end is an error of one connection, never the end of the program.
  /// @throws NoSuchReactor, ReactorNotAvailable, std::system_error if the backend cannot be made
  Reactor();
  /// The same by `backend`, as `makeBackend` (backend.h) makes it; null: the default one.
  explicit Reactor(std::unique_ptr<Backend> backend);
  /// Disconnects what is still connected, and drops what is still pending, as the end of `run`
  /// does. Handlers called by that find the reactor usable.
  ~Reactor();

  /// Runs until it is stopped. Everything that was pending at the end (timers, calls of other
  /// threads) has been dropped when this returns, and the Deferreds that depended on it have failed
  /// with AbandonedError.
  /// @throws ReactorAlreadyRunning, ReactorNotRestartable, WrongThreadError
  void run(RunOptions options = {});

  /// Ends `run` in order, after the turn in which it is called: triggers of the `before` phase
  /// (and what they wait for), `during`, the connections, `after`. Returns at once.
  /// @throws ReactorNotRunning if it is not running, or is stopping already
  void stop();

  /// Ends `run` in order and with patience for `drain`, a graceful shutdown: ports stop listening
  /// at once; the connections that they have accepted go on until they end by themselves, and with
  /// them everything else. A trigger of the `before` phase is the place to tell those that would
  /// not end to do so. When all have ended and the triggers' Deferreds have fired, or `drain` is
  /// over, whatever comes first, the shutdown goes on, and what is still connected is disconnected.
  /// `drain` limits the patience with the thread pool, too.
  ///
  /// On a reactor that stops already it may only shorten that.
  /// @throws ReactorNotRunning if it is not running, or is beyond the `before` phase
  void stop(Duration drain);

  /// From the beginning of `run` until the shutdown is through.
  bool running() const noexcept;
  /// Has it been asked to stop?
  bool stopping() const noexcept;
  /// Has the shutdown been completed? Then nothing can be asked of it any more.
  bool ended() const noexcept { return state_ == State::ended; }
  /// How that went. All zero before.
  const ShutdownReport& shutdownReport() const noexcept;
  /// The signal that stopped it, or 0.
  int exitSignal() const noexcept { return exitSignal_; }

  /// One turn, by hand (Twisted's `iterate`): waits for I/O at most `longest`. For tests and for
  /// embedding in another loop; not for handlers.
  /// @throws ReactorAlreadyRunning inside a turn
  void iterate(Duration longest = Duration::zero());

  /// While handlers run: the beginning of the turn. Otherwise: the time.
  TimePoint now() const noexcept override;

  /// As Clock says. Calls that are due together are made in the order of their times, then of
  /// their creation. When the reactor ends, pending calls are dropped.
  /// @throws std::invalid_argument, WrongThreadError
  DelayedCall callLater(Duration delay, unique_function<void()> call,
                        std::source_location where = std::source_location::current()) override;
  /// Handles of all pending timed calls, in no order (Twisted's `getDelayedCalls`).
  std::vector<DelayedCall> getDelayedCalls() const { return timers_.pending(); }

  /// Calls `call` at the beginning of `run`, in the order of asking; at once if it runs already.
  void callWhenRunning(unique_function<void()> call,
                       std::source_location where = std::source_location::current());

  /// Calls `call()` on the reactor's thread, in the first step of a turn; each thread's calls in
  /// the order in which it asked. **Any thread may call this**, while the reactor exists. Calls
  /// that the reactor does not get to before its end are dropped. Not for signal handlers.
  /// @throws std::invalid_argument if there is nothing to call; std::bad_alloc
  template <class F = unique_function<void()>>
  void callFromThread(F call, std::source_location where = std::source_location::current());

  /// Whether this is the reactor's own thread (Twisted's `isInIOThread`). Any thread may ask.
  bool isInIOThread() const noexcept;

  /// The threads in which `deferToThread` and its like do their work (threads.h), at most 10; made
  /// when they are needed first, and started as there is work. When the reactor stops, after the
  /// `before` phase, the pool does: what waits is dropped, what runs is asked to stop, and turns go
  /// on until it has ended. A second SIGINT or SIGTERM ends that patience; the destructor still
  /// waits.
  /// @throws WrongThreadError, ReactorNotRunning if the reactor has ended
  ThreadPool& getThreadPool();
  /// At most so many threads from now on (Twisted's `suggestThreadPoolSize`).
  /// @throws std::invalid_argument if that is 0, and as `getThreadPool`
  void suggestThreadPoolSize(std::size_t threads);
  /// Calls `call` in a thread of that pool; see ThreadPool::callInThread.
  void callInThread(unique_function<void()> call,
                    std::source_location where = std::source_location::current());

  /// The firing end of a Deferred in a form that another thread may have: it fires, and abandons,
  /// through `callFromThread`. Defined in remote_resolver.h.
  template <class T>
  [[nodiscard]] RemoteResolver<T> remote(
      Resolver<T> resolver, std::source_location where = std::source_location::current());

  /// Calls `hook.afterTurn()` at the end of this turn; see AfterTurn. Nothing if it is pending.
  void afterTurn(AfterTurn& hook) noexcept {
    if (!hook.pending()) afterTurn_.pushBack(hook);
  }
  /// Reports handlers that hold this reactor for `threshold` or longer, and turns that last as
  /// long, from the next turn on: which one it is, and while it still does. A stall that goes on is
  /// reported again whenever it has lasted twice as long; so is its end. One that ends within a
  /// quarter of `threshold` after it may go unnoticed.
  ///
  /// A thread of its own looks at the reactor four times in each `threshold`, by the real time; the
  /// reactor itself notes which handler it calls, a few stores for each. `report` is called **on
  /// that thread**, since the reactor's is busy: it must not wait for the reactor, nor call
  /// anything of it but callFromThread. What it throws is logged.
  ///
  /// Named are protocols and factories by type and event, timed calls and calls of threads by the
  /// place that asked for them. Handlers of a Deferred count as part of the one that fired it.
  /// Replaces what an earlier call asked for; `ignoreStalls` ends it.
  /// @throws std::invalid_argument if `threshold` is not positive, std::system_error if there can
  /// be no further thread
  void reportStalls(Duration threshold, unique_function<void(const Stall&)> report);
  /// Logs them, as warnings.
  void reportStalls(Duration threshold);
  /// Waits for a report under way.
  void ignoreStalls();

  /// `object.disconnect()` is called when the reactor ends; see Disconnectable. Connections are
  /// disconnected in the order in which they were attached.
  void attach(Disconnectable& object) noexcept {
    if (!object.attached()) attached_.pushBack(object);
  }

  /// Calls `f()` in a phase of the shutdown, in the order of adding. In the `before` phase f may
  /// return a `Deferred<void>`: the phase lasts until all of these have fired (a second SIGINT or
  /// SIGTERM ends the patience). Failures are logged.
  template <class F>
  ShutdownTrigger addSystemEventTrigger(Phase phase, F f);
  /// False if it was called or removed already.
  bool removeSystemEventTrigger(ShutdownTrigger trigger) { return triggers_.remove(trigger); }

  /// For transports that send at the end of the turn.
  detail::TurnBuffer& turnBuffer() noexcept { return turnBuffer_; }
  /// Where transports make their channels.
  Backend& backend() noexcept { return *backend_; }

  /// @throws WrongThreadError naming `function`, unless this is the reactor's thread and process
  void checkThread(const char* function) const;
  /// @throws WrongThreadError naming `function`, unless this is the reactor's process
  void checkProcess(const char* function) const;

  /// The reactor made last, of those alive, on this thread. For programs; library code is given
  /// its reactor.
  /// @throws NoReactorError
  static Reactor& current();

 private:
  template <class T>
  friend class RemoteResolver;
  friend class detail::ReactorThreads;
  friend class SignalHandler;
  class InTurn;
  struct Parts;
  struct CallWhenRunning {
    unique_function<void()> call;
    std::source_location where;
  };
  /// How often, at the end, what handlers ask for anew is ended and dropped again.
  static constexpr int endingRounds = 8;

  /// created -> running -> stopping -> ending -> ended; the destructor goes to ending directly.
  enum class State : std::uint8_t {
    created,   ///< not run yet
    running,   ///< in `run`, not asked to stop
    stopping,  ///< asked to stop; the `before` phase begins after this turn, or is going on
    ending,    ///< the phases after `before`
    ended,     ///< nothing left: refuses new calls
  };

  std::optional<TimePoint> nextWake() const noexcept;
  void readClock() noexcept;
  void turn(std::optional<TimePoint> until);
  void startUp();
  void handleSignals();
  void handleStopSignal(int signal);
  detail::SignalWatch& signals();
  detail::SignalHandlers& signalHandlers();
  void makeRemoteCalls();
  void makeDueCalls(std::uint64_t timersBefore);
  void makeAfterTurnCalls();
  void beforeShutdown();
  void beginDraining();
  void losePatienceIn(Duration time) noexcept;
  void stopThreadPool();
  void shutDown();
  void endConnections();
  void dropPending();
  bool forked() const noexcept;

  std::unique_ptr<Parts> parts_;
  Backend* const backend_;
  TimerQueue timers_;
  detail::TurnBuffer turnBuffer_;
  detail::IntrusiveList<AfterTurn> afterTurn_;
  detail::IntrusiveList<Disconnectable, detail::AttachedNode> attached_;
  detail::IntrusiveList<detail::RemoteSlot> remoteSlots_;
  std::shared_ptr<detail::RemoteCalls> remoteCalls_;
  detail::HandlerMarks marks_;
  detail::RemoteBatch remoteTaken_;
  std::vector<CallWhenRunning> whenRunning_;
  ShutdownTriggers triggers_;
  TimePoint turnTime_{};
  Reactor* previous_;
  const void* const thread_;  // tells threads apart
  unsigned forks_;
  int exitSignal_ = 0;
  State state_ = State::created;
  bool inTurn_ = false;
  bool impatient_ = false;
  bool stopsOnSignals_ = false;
};

template <class F>
void Reactor::callFromThread(F call, std::source_location where) {
  if constexpr (std::is_pointer_v<F> || std::is_same_v<F, unique_function<void()>>)
    if (!call) throw std::invalid_argument("callFromThread: there is nothing to call");
  remoteCalls_->post(std::move(call), where);
}

template <class F>
ShutdownTrigger Reactor::addSystemEventTrigger(Phase phase, F f) {
  checkThread("addSystemEventTrigger");
  using Returned = std::invoke_result_t<F&>;
  if constexpr (std::is_void_v<Returned>) {
    return triggers_.add(phase, [f = std::move(f)](ShutdownHold) mutable { f(); });
  } else {
    return triggers_.add(phase, [f = std::move(f)](ShutdownHold hold) mutable {
      f().addErrback([](const Failure& failure) { logging::err(failure, "while shutting down"); })
          .addFinally([hold = std::move(hold)] {});
    });
  }
}

}  // namespace hawser
