#pragma once

#include <hawser/base/clock.h>
#include <hawser/base/unique_function.h>
#include <hawser/defer/async_generator.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/maybe_deferred.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace hawser::task {

/// What a Cooperator or one of its tasks is in no state for.
class SchedulerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~SchedulerError() override;
};

/// The Cooperator was stopped.
class SchedulerStopped : public SchedulerError {
 public:
  SchedulerStopped();
  ~SchedulerStopped() override;
};

/// The task has ended, one way or another.
class TaskFinished : public SchedulerError {
 public:
  using SchedulerError::SchedulerError;
  ~TaskFinished() override;
};

/// It had no more to do.
class TaskDone : public TaskFinished {
 public:
  TaskDone();
  ~TaskDone() override;
};

/// It was stopped.
class TaskStopped : public TaskFinished {
 public:
  TaskStopped();
  ~TaskStopped() override;
};

/// A unit of its work failed.
class TaskFailed : public TaskFinished {
 public:
  TaskFailed();
  ~TaskFailed() override;
};

/// `resume` of a task that is not paused.
class NotPaused : public SchedulerError {
 public:
  NotPaused();
  ~NotPaused() override;
};

namespace detail {

class CooperatorLoop;
class CooperatorTask;

/// Does one unit of work: true if there is more. Never throws.
using CooperatorWork = unique_function<Deferred<bool>()>;

template <class F>
CooperatorWork cooperatorWork(F f) {
  static_assert(std::is_same_v<decltype(maybeDeferred(f)), Deferred<bool>>,
                "cooperate: a unit of work must say whether there is more: bool or Deferred<bool>");
  return [f = std::move(f)]() mutable { return maybeDeferred(f); };
}
template <class T>
CooperatorWork cooperatorWork(AsyncGenerator<T> generator) {
  return cooperatorWork([generator = std::move(generator)]() mutable {
    return generator.next().addCallback(
        [](const std::optional<T>& item) { return item.has_value(); });
  });
}

}  // namespace detail

/// Work that a Cooperator does bit by bit, as `Cooperator::cooperate` returns it (Twisted's
/// `CooperativeTask`).
///
/// A handle: cheap to copy, and dropping it changes nothing, unless the task is paused: then nobody
/// could resume it, and it is destroyed. It may outlive the Cooperator.
class CooperativeTask {
 public:
  /// Fires when the work is done; fails with what a unit of it failed with, with TaskStopped, or
  /// with SchedulerStopped. May be asked for any number of times. Cancelling it does not stop the
  /// task. A failure that nobody asked for is logged when the last handle has gone.
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<void> whenDone();

  /// Nothing more is done until `resume` was called as often.
  /// @throws TaskDone, TaskStopped, TaskFailed, SchedulerStopped if it has ended
  void pause();
  /// @throws NotPaused
  void resume();
  /// Ends it. The work is destroyed, at once or when its present unit has returned; a Deferred that
  /// a unit waits for is left alone, but its result counts no more.
  /// @throws as pause() does
  void stop();

 private:
  friend class Cooperator;
  explicit CooperativeTask(std::shared_ptr<detail::CooperatorTask> task) noexcept
      : task_(std::move(task)) {}

  std::shared_ptr<detail::CooperatorTask> task_;
};

/// Divides the reactor's time among long computations that would hold it up (Twisted's
/// `Cooperator`).
///
/// Each piece of work comes in small units. In each turn of the reactor the Cooperator does units
/// of its tasks in turn, one each, again and again, for 10 ms; then everybody else has theirs. A
/// unit is
///
/// - one call of a function, which returns whether there is more, as bool or Deferred<bool>; or
/// - what an AsyncGenerator does until its next `co_yield`; the values are dropped.
///
///     Cooperator cooperator(reactor);
///     cooperator.coiterate([&] { return index.addNext(); }).addErrback(logging::err);
///
/// No memory is needed to go on in the next turn of a reactor; on another clock tasks fail with
/// `std::bad_alloc` where there is none.
///
/// A task whose unit waits for a Deferred waits, too, and the others go on; so a few tasks that
/// share one source of jobs work these off with so much parallelism and no more.
///
/// It belongs to its clock's thread. It may be destroyed at any time, also by a unit of work; that
/// is `stop`.
class Cooperator {
 public:
  /// Says that a turn's share is used up. It is asked after each unit, and must not throw.
  using TerminationPredicate = unique_function<bool()>;

  /// `clock` outlives the Cooperator. `terminationPredicateFactory` is called as each share begins;
  /// without one, a share is 10 ms of real time, whatever the clock. If not `started`, tasks wait
  /// for `start`.
  explicit Cooperator(Clock& clock,
                      unique_function<TerminationPredicate()> terminationPredicateFactory = nullptr,
                      bool started = true);
  Cooperator(const Cooperator&) = delete;
  Cooperator& operator=(const Cooperator&) = delete;
  ~Cooperator();

  /// Takes over `work`. Its first unit is done in the reactor's next turn, not in here.
  template <class Work>
  [[nodiscard("keep it, or use coiterate")]] CooperativeTask cooperate(Work work) {
    return add(detail::cooperatorWork(std::move(work)));
  }
  /// The same for who needs to know only how it ends: `cooperate(work).whenDone()`.
  template <class Work>
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<void> coiterate(Work work) {
    return cooperate(std::move(work)).whenDone();
  }

  /// Begins, after `started` was false, or begins anew after `stop`, with tasks that are added
  /// then.
  void start();
  /// Ends all tasks with SchedulerStopped, those that are paused or waiting as soon as they would
  /// go on, and those that are added from now on at once.
  void stop();
  bool running() const noexcept;

 private:
  CooperativeTask add(detail::CooperatorWork work);

  std::shared_ptr<detail::CooperatorLoop> loop_;
};

}  // namespace hawser::task
