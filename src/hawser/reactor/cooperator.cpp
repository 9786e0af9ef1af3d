#include <hawser/base/logging.h>
#include <hawser/reactor/cooperator.h>
#include <hawser/reactor/reactor.h>

#include <chrono>
#include <list>
#include <new>
#include <vector>

namespace hawser::task {

SchedulerError::~SchedulerError() = default;
SchedulerStopped::SchedulerStopped() : SchedulerError("the Cooperator was stopped") {}
SchedulerStopped::~SchedulerStopped() = default;
TaskFinished::~TaskFinished() = default;
TaskDone::TaskDone() : TaskFinished("the task is done already") {}
TaskDone::~TaskDone() = default;
TaskStopped::TaskStopped() : TaskFinished("the task was stopped") {}
TaskStopped::~TaskStopped() = default;
TaskFailed::TaskFailed() : TaskFinished("the task has failed") {}
TaskFailed::~TaskFailed() = default;
NotPaused::NotPaused() : SchedulerError("the task is not paused") {}
NotPaused::~NotPaused() = default;

namespace detail {

/// The tasks that can go on; the Cooperator may be gone while one of them works.
///
/// Their next share is a timed call. Where there is no memory for one, it comes at the end of a
/// turn of the reactor, for which none is needed; on another clock the tasks fail.
class CooperatorLoop final : public std::enable_shared_from_this<CooperatorLoop>,
                             private AfterTurn {
 public:
  using Tasks = std::list<std::shared_ptr<CooperatorTask>>;
  using Predicate = Cooperator::TerminationPredicate;

  CooperatorLoop(Clock& clock, unique_function<Predicate()> factory, bool started)
      : clock_(clock),
        reactor_(dynamic_cast<Reactor*>(&clock)),
        factory_(std::move(factory)),
        started_(started) {}

  /// @throws what callLater throws, and then it was not added
  Tasks::iterator add(std::shared_ptr<CooperatorTask> task);
  void remove(Tasks::iterator task) noexcept;
  void start();
  void stop();
  bool started() const noexcept { return started_; }
  bool stopped() const noexcept { return stopped_; }

 private:
  void afterTurn() override { tick(); }
  void tick();
  void work();
  void schedule();
  void unschedule() noexcept;
  void scheduleOrFail() noexcept;
  Predicate share();

  Clock& clock_;
  Reactor* const reactor_;  // the clock, if it is one
  unique_function<Predicate()> factory_;
  Tasks tasks_;
  DelayedCall next_;
  bool started_;
  bool stopped_ = false;
  bool ticking_ = false;
};

class CooperatorTask : public std::enable_shared_from_this<CooperatorTask> {
 public:
  CooperatorTask(std::shared_ptr<CooperatorLoop> loop, CooperatorWork work)
      : loop_(std::move(loop)), work_(std::move(work)) {}
  CooperatorTask(const CooperatorTask&) = delete;
  CooperatorTask& operator=(const CooperatorTask&) = delete;
  ~CooperatorTask() {
    if (state_ == State::failed && !asked_)
      logging::err(failure_, "a cooperative task failed, and nobody asked how it ended");
  }

  Deferred<void> whenDone();
  void pause();
  void resume();
  void stop();
  void stopWithLoop();
  void failWithLoop(const Failure& why) { end(State::failed, why); }

  /// Joins or leaves those that can go on.
  void settle();
  void doUnit();

 private:
  enum class State { working, done, stopped, failed, schedulerStopped };

  void checkFinish() const;
  void unitEnded(bool more);
  void unitFailed(Failure why);
  void end(State state, Failure failure);
  void destroyWork() noexcept { const CooperatorWork dropped = std::move(work_); }

  std::shared_ptr<CooperatorLoop> loop_;
  CooperatorWork work_;
  State state_ = State::working;
  Failure failure_ = Failure::none();
  bool asked_ = false;
  bool inUnit_ = false;   // in a call of work_, which must not be destroyed then
  bool waiting_ = false;  // for what work_ returned
  unsigned pauses_ = 0;
  std::optional<CooperatorLoop::Tasks::iterator> place_;
  std::vector<Resolver<void>> watchers_;
};

void CooperatorTask::stopWithLoop() {
  Failure why = Failure::none();
  try {
    why = SchedulerStopped();
  } catch (const std::bad_alloc&) {
    why = Failure::current();
  }
  end(State::schedulerStopped, std::move(why));
}

// The loop.

CooperatorLoop::Tasks::iterator CooperatorLoop::add(std::shared_ptr<CooperatorTask> task) {
  const auto place = tasks_.insert(tasks_.end(), std::move(task));
  try {
    schedule();
  } catch (...) {
    tasks_.erase(place);
    throw;
  }
  return place;
}

void CooperatorLoop::remove(Tasks::iterator task) noexcept {
  const std::shared_ptr<CooperatorTask> removed = std::move(*task);
  tasks_.erase(task);
  if (tasks_.empty()) unschedule();
}

void CooperatorLoop::start() {
  const bool stopped = std::exchange(stopped_, false);
  const bool started = std::exchange(started_, true);
  try {
    schedule();
  } catch (...) {
    stopped_ = stopped;
    started_ = started;
    throw;
  }
}

void CooperatorLoop::stop() {
  const auto self = shared_from_this();
  stopped_ = true;
  unschedule();
  while (stopped_ && !tasks_.empty()) {
    const std::shared_ptr<CooperatorTask> task = tasks_.front();
    task->stopWithLoop();
  }
}

void CooperatorLoop::schedule() {
  if (!started_ || stopped_ || ticking_ || tasks_.empty() || next_.active() || pending()) return;
  try {
    next_ = clock_.callLater(Clock::Duration(0), [self = shared_from_this()] { self->tick(); });
  } catch (const std::bad_alloc&) {
    if (!reactor_) throw;
    reactor_->afterTurn(*this);
  }
}

void CooperatorLoop::unschedule() noexcept {
  if (next_.active()) next_.cancel();
  withdraw();
}

// Nobody waits for ever: those who cannot go on are told why.
void CooperatorLoop::scheduleOrFail() noexcept {
  try {
    schedule();
  } catch (...) {
    const Failure why = Failure::current();
    while (!tasks_.empty() && !next_.active()) {
      const std::shared_ptr<CooperatorTask> task = tasks_.front();
      task->failWithLoop(why);
    }
  }
}

void CooperatorLoop::tick() {
  const auto self = shared_from_this();
  ticking_ = true;
  try {
    work();
  } catch (...) {
    ticking_ = false;
    scheduleOrFail();
    throw;
  }
  ticking_ = false;
  scheduleOrFail();
}

void CooperatorLoop::work() {
  Predicate over = share();
  while (!tasks_.empty()) {
    const std::shared_ptr<CooperatorTask> task = tasks_.front();
    tasks_.splice(tasks_.end(), tasks_, tasks_.begin());
    task->doUnit();
    if (over()) return;
  }
}

CooperatorLoop::Predicate CooperatorLoop::share() {
  if (factory_) return factory_();
  // The reactor's clock stands still while this goes on.
  using RealTime = std::chrono::steady_clock;
  const auto end = RealTime::now() + std::chrono::milliseconds(10);
  return [end] { return RealTime::now() >= end; };
}

// One task.

Deferred<void> CooperatorTask::whenDone() {
  asked_ = true;
  if (state_ == State::done) return succeed();
  if (state_ != State::working) return Failure(failure_);
  auto [deferred, resolver] = makeDeferred<void>();
  watchers_.push_back(std::move(resolver));
  return std::move(deferred);
}

void CooperatorTask::pause() {
  checkFinish();
  ++pauses_;
  settle();
}

void CooperatorTask::resume() {
  if (pauses_ == 0) throw NotPaused();
  --pauses_;
  try {
    settle();
  } catch (...) {
    ++pauses_;
    throw;
  }
}

void CooperatorTask::stop() {
  checkFinish();
  end(State::stopped, TaskStopped());
}

void CooperatorTask::checkFinish() const {
  switch (state_) {
    case State::working:
      return;
    case State::done:
      throw TaskDone();
    case State::stopped:
      throw TaskStopped();
    case State::failed:
      throw TaskFailed();
    case State::schedulerStopped:
      throw SchedulerStopped();
  }
}

void CooperatorTask::settle() {
  const bool ready = state_ == State::working && pauses_ == 0 && !waiting_;
  if (ready == place_.has_value()) return;
  if (!ready)
    loop_->remove(*std::exchange(place_, std::nullopt));
  else if (loop_->stopped())
    stopWithLoop();
  else
    place_ = loop_->add(shared_from_this());
}

void CooperatorTask::doUnit() {
  const auto self = shared_from_this();
  inUnit_ = true;
  Deferred<bool> result = work_();
  inUnit_ = false;
  if (state_ != State::working) destroyWork();
  waiting_ = true;
  try {
    std::move(result)
        .addCallback([self](bool more) { self->unitEnded(more); })
        .addErrback([self](Failure why) { self->unitFailed(std::move(why)); });
  } catch (...) {
    unitFailed(Failure::current());  // nobody would tell it how that ended
  }
  settle();
}

void CooperatorTask::unitEnded(bool more) {
  waiting_ = false;
  if (state_ != State::working) return;
  if (more)
    settle();
  else
    end(State::done, Failure::none());
}

void CooperatorTask::unitFailed(Failure why) {
  waiting_ = false;
  if (state_ == State::working) end(State::failed, std::move(why));
}

void CooperatorTask::end(State state, Failure failure) {
  const auto self = shared_from_this();
  state_ = state;
  failure_ = std::move(failure);
  settle();
  if (!inUnit_) destroyWork();
  for (Resolver<void>& watcher : std::exchange(watchers_, {})) {
    if (state_ == State::done)
      watcher.callback();
    else
      watcher.errback(Failure(failure_));
  }
}

}  // namespace detail

// The handles.

Deferred<void> CooperativeTask::whenDone() { return task_->whenDone(); }
void CooperativeTask::pause() { task_->pause(); }
void CooperativeTask::resume() { task_->resume(); }
void CooperativeTask::stop() { task_->stop(); }

Cooperator::Cooperator(Clock& clock,
                       unique_function<TerminationPredicate()> terminationPredicateFactory,
                       bool started)
    : loop_(std::make_shared<detail::CooperatorLoop>(clock, std::move(terminationPredicateFactory),
                                                     started)) {}

Cooperator::~Cooperator() { loop_->stop(); }

CooperativeTask Cooperator::add(detail::CooperatorWork work) {
  auto task = std::make_shared<detail::CooperatorTask>(loop_, std::move(work));
  task->settle();
  return CooperativeTask(std::move(task));
}

void Cooperator::start() { loop_->start(); }
void Cooperator::stop() { loop_->stop(); }
bool Cooperator::running() const noexcept { return loop_->started() && !loop_->stopped(); }

}  // namespace hawser::task
