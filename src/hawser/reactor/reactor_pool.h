#pragma once

#include <hawser/base/failure.h>
#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/gather.h>
#include <hawser/reactor/call_on.h>
#include <hawser/reactor/reactor.h>
#include <hawser/reactor/shutdown.h>

#include <cstddef>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hawser {

namespace detail {
class ReactorGroup;
}

/// How a pool's reactors are made, and how they end.
struct ReactorPoolOptions {
  /// Their threads are called so, as `top -H` shows: echo-0, echo-1. The kernel keeps 15 bytes.
  std::string name = "reactor";
  /// As `makeBackend` knows it; empty: the default one.
  std::string backend = {};
  /// Keeps each thread on a processor of its own, as far as there are as many. For a machine that
  /// does nothing else.
  bool pinned = false;
  /// When one of them stops, its connections have so long to finish; see `Reactor::stop`.
  std::chrono::nanoseconds drain = std::chrono::seconds(10);
  /// So long after that a reactor may need to end. Then it is reported as one that is held.
  std::chrono::nanoseconds patience = std::chrono::seconds(1);
};

/// How the reactors of a pool have ended.
struct ReactorPoolReport {
  /// One reactor.
  struct Member : ShutdownReport {
    /// False: a handler has not returned.
    bool ended = true;
    /// It ended before the pool was stopped: by a `stop()` of its own, or a failure.
    bool byItself = false;
    /// If it has not ended: the handler, if `Reactor::reportStalls` was asked for there.
    std::string heldBy = {};
    /// What `run` threw, or nothing.
    Failure failure = Failure::none();
  };

  std::vector<Member> reactors;  ///< in the order of their numbers
  int exitSignal = 0;            ///< the signal that stopped `run`, or 0

  std::size_t drained() const noexcept;
  std::size_t aborted() const noexcept;
  std::size_t abandoned() const noexcept;
  /// Nothing was aborted or abandoned, and all have ended without a failure.
  bool clean() const noexcept;
  /// A sentence for the pool, and one for each reactor of which there is something to tell.
  std::string toString() const;
};

/// Many reactors, each in a thread of its own, for a server that needs more than one core.
///
/// One reactor uses one core. When that is busy, more of them help, if they share nothing: each
/// listens on the same port (the kernel divides the connections among them), has its own factory,
/// and serves a connection from beginning to end. `listenTCP(pool, ...)` (net/pool_port.h) does
/// that:
///
///     int main() {
///       ReactorPool pool(4);
///       pool.run([&](Reactor&) {
///         return listenTCP(pool, 8007, [](Reactor&) { return Factory::forProtocol<Echo>(); });
///       });
///     }
///
/// The reactors talk with each other by `callOn` (call_on.h) and `callFromThread`.
///
/// **Home.** A pool belongs to a reactor that is none of its own, its home: that of `run`, or the
/// one given to `start`. Everything here is called on that one's thread, and Deferreds fire there.
/// A reactor of the pool that wants something of the pool asks home for it, by `callOn`.
///
/// **Stopping** is graceful: all reactors stop listening at once; connections may finish for
/// `drain`; what is left then is disconnected, and reported. When home stops (`stop()`, SIGINT,
/// SIGTERM) it stops the pool first, in its `before` phase, and waits for that.
///
/// **A reactor that ends by itself**, since a handler called `stop()` on it, or because the kernel
/// will not let it wait, leaves its share to the others, which go on; a warning says so, and the
/// report. When the last has ended, so has the pool.
///
/// **A handler that does not return** holds its reactor for good: nothing can end it but its
/// return. Stopping does not wait for it longer than `drain` and `patience`, and reports it. The
/// destructor has to wait, as the owner of any thread, and warns. It also waits for jobs that still
/// run in the threads of these reactors.
class ReactorPool {
 public:
  /// Starts nothing yet.
  /// @throws std::invalid_argument if `reactors` is 0
  explicit ReactorPool(std::size_t reactors, ReactorPoolOptions options = {});
  ReactorPool(const ReactorPool&) = delete;
  ReactorPool& operator=(const ReactorPool&) = delete;
  /// Stops what still runs, without draining, and waits for the threads. On home's thread, before
  /// or after home itself.
  ~ReactorPool();

  /// Makes the reactors, one after the other, and fires when all of them run. On each, when it
  /// runs, `setUp(reactor)` is called, on its thread; it may return a Deferred<void>. No two of
  /// these calls are made at the same time.
  ///
  /// **Fails** with what went wrong first: ThreadStartError, NoSuchReactor, ReactorNotAvailable,
  /// std::system_error, whatever `setUp` failed with; ReactorNotRestartable if it was started
  /// before. Then those that run have been stopped, their threads have ended, and it may be started
  /// again. Cancelling does the same.
  template <class F>
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<void> start(Reactor& home,
                                                                                    F setUp);
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<void> start(Reactor& home);

  /// Ends all reactors in order, as `Reactor::stop(drain)` does, and fires when they have ended, or
  /// at the latest `patience` after `drain`. If the pool is starting, that is cancelled.
  ///
  /// Again: it waits for the same end, and may only shorten the time. When all is over it fires at
  /// once. Cancelling ends the waiting, not the stopping.
  ///
  /// **Fails** with ReactorNotRunning if the pool was not started.
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<ReactorPoolReport> stop(
      std::chrono::nanoseconds drain, std::source_location where = std::source_location::current());
  /// With the `drain` of the options.
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<ReactorPoolReport> stop(
      std::source_location where = std::source_location::current());

  /// For programs that are a server and nothing else: makes a reactor on this thread, which handles
  /// SIGINT and SIGTERM, to be home; starts the pool; calls `begin(home)`, which may return a
  /// Deferred; and returns when the pool has ended. A second signal ends the patience.
  /// @throws what starting fails with, and `begin`; the pool has been stopped then;
  /// ReactorNotRestartable if it was started before
  template <class F>
  ReactorPoolReport run(F begin);

  std::size_t size() const noexcept;
  /// They exist from when starting has come to each of them until the pool is destroyed, or
  /// starting fails. Once they have ended they refuse calls.
  /// @throws std::out_of_range if there is none
  Reactor& reactor(std::size_t number) const;

  /// Calls a copy of `f` on each reactor, with that reactor as its argument, and fires with what
  /// they gave, in the order of their numbers. For sums:
  ///
  ///     std::vector<int> counts = co_await pool.callOnEach([](Reactor&) { return count; });
  ///
  /// The first failure fails it with FirstError, as with `gather`; everything else is as with
  /// `callOn`.
  /// @throws WrongThreadError, ReactorNotRunning as `home`, std::out_of_range while it starts
  template <class F>
  [[nodiscard("co_await it, add handlers to it, or keep it")]] auto callOnEach(
      F f, std::source_location where = std::source_location::current());

  /// Where Deferreds fire.
  /// @throws ReactorNotRunning before `start`, and once home has ended
  Reactor& home() const;

 private:
  using SetUp = unique_function<Deferred<void>(Reactor&)>;

  template <class F>
  static SetUp setUpOf(F f);
  Deferred<void> startWith(Reactor& home, SetUp setUp);
  ReactorPoolReport runWith(SetUp begin);

  std::shared_ptr<detail::ReactorGroup> group_;
};

template <class F>
ReactorPool::SetUp ReactorPool::setUpOf(F f) {
  using R = std::invoke_result_t<F&, Reactor&>;
  return [f = std::move(f)](Reactor& reactor) mutable -> Deferred<void> {
    if constexpr (std::is_same_v<R, Deferred<void>>) {
      return f(reactor);
    } else if constexpr (detail::isDeferred<R>) {
      return f(reactor).addCallback([] {});
    } else {
      static_cast<void>(f(reactor));
      return succeed();
    }
  };
}

template <class F>
Deferred<void> ReactorPool::start(Reactor& home, F setUp) {
  return startWith(home, setUpOf(std::move(setUp)));
}

template <class F>
ReactorPoolReport ReactorPool::run(F begin) {
  return runWith(setUpOf(std::move(begin)));
}

template <class F>
auto ReactorPool::callOnEach(F f, std::source_location where) {
  Reactor& caller = home();
  using T = detail::ValueOf<std::invoke_result_t<F&, Reactor&>, void>;
  std::vector<Deferred<T>> results;
  results.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) {
    Reactor& each = reactor(i);
    results.push_back(callOn(caller, ReactorHere(each, where),
                             [f, &each]() mutable -> decltype(auto) { return f(each); }));
  }
  return gather(std::move(results), where);
}

}  // namespace hawser
