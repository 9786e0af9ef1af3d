#pragma once

#include <hawser/base/clock.h>
#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/maybe_deferred.h>

#include <cstdint>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace hawser::task {

/// Calls a function again and again (Twisted's `LoopingCall`).
///
///     LoopingCall heartbeat(reactor, [&] { transport->write("ping\n"); });
///     heartbeat.start(30s).addErrback(logging::err);
///
/// The calls keep to the beat of `start`: they are due one interval, two intervals, ... after it,
/// however long a call takes. If the function returns a Deferred, the next call waits for that one.
/// Beats that pass meanwhile are skipped, not made up for.
///
/// A failure, thrown or of the function's Deferred, ends the loop. What the function returns
/// otherwise is ignored. With an interval of 0 there is a call in every turn of the reactor.
///
/// It may be destroyed at any time, in its own call too; see `start`. It belongs to its clock's
/// thread.
class LoopingCall {
 public:
  /// `clock` outlives the loop.
  template <class F>
    requires std::is_invocable_v<F&>
  LoopingCall(Clock& clock, F f)
      : LoopingCall(clock, false, [f = std::move(f)](std::int64_t) mutable {
          return ignoringValue(maybeDeferred(f));
        }) {}

  /// The function is told how many beats there were since it was called before: 1, or more if some
  /// were skipped (Twisted's `withCount`). A call for which there was none is left out. A loop that
  /// is started again counts whole beats of its new start, backwards from it, for the time in which
  /// it did not run.
  template <class F>
    requires std::is_invocable_v<F&, std::int64_t>
  static LoopingCall withCount(Clock& clock, F f) {
    return LoopingCall(clock, true, [f = std::move(f)](std::int64_t count) mutable {
      return ignoringValue(maybeDeferred(f, count));
    });
  }

  LoopingCall(const LoopingCall&) = delete;
  LoopingCall& operator=(const LoopingCall&) = delete;
  /// No call follows. If the loop runs, its Deferred is abandoned: use `stop` to end it in order.
  ~LoopingCall();

  /// Starts calling, at once if `now`, else one interval from now. It may be started again when it
  /// has ended.
  ///
  /// @returns a Deferred that fires when the loop has been stopped and its last call has ended, or
  /// fails with what the function failed with. Cancelling it ends the loop, and cancels what the
  /// function's Deferred waits for.
  /// @throws std::logic_error if it runs, or its last call has not ended; std::invalid_argument if
  /// `interval` is negative
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<void> start(
      Clock::Duration interval, bool now = true,
      std::source_location where = std::source_location::current());

  /// No call follows. The Deferred of `start` fires: before this returns, or when the call under
  /// way has ended.
  /// @throws std::logic_error if it does not run
  void stop();

  /// Starts the beat anew: the next call is one interval from now. Nothing during a call.
  /// @throws std::logic_error if it does not run
  void reset();

  /// From `start` until it is stopped or fails; false already when its Deferred fires.
  bool running() const noexcept;

 private:
  using Function = unique_function<Deferred<void>(std::int64_t count)>;
  struct Loop;

  LoopingCall(Clock& clock, bool counting, Function function);

  template <class T>
  static Deferred<void> ignoringValue(Deferred<T> deferred) {
    if constexpr (std::is_void_v<T>)
      return deferred;
    else
      return std::move(deferred).addCallback([](const T&) {});
  }

  std::shared_ptr<Loop> loop_;
};

}  // namespace hawser::task
