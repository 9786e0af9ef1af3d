#include <hawser/reactor/detail/reactor_group.h>

#include <hawser/base/logging.h>
#include <hawser/reactor/call_on.h>
#include <hawser/reactor/detail/reactor_threads.h>
#include <hawser/reactor/errors.h>

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

namespace hawser::detail {

namespace {

std::chrono::nanoseconds sumOf(std::chrono::nanoseconds a, std::chrono::nanoseconds b) noexcept {
  return a > std::chrono::nanoseconds::max() - b ? std::chrono::nanoseconds::max() : a + b;
}

Reactor::TimePoint timeNow() noexcept { return std::chrono::steady_clock::now(); }

}  // namespace

// Starting.

Deferred<void> ReactorGroup::start(Reactor& home, SetUp setUp) {
  home.checkThread("ReactorPool::start");
  if (state_ != State::idle)
    return Failure(ReactorNotRestartable("ReactorPool::start: it was started before"));
  if (home.ended()) return Failure(ReactorNotRunning("ReactorPool::start: its home has ended"));
  home_ = &home;
  homeCalls_ = ReactorThreads::calls(home);
  state_ = State::starting;
  return startOrEnd(shared_from_this(), std::make_shared<SetUp>(std::move(setUp)));
}

Deferred<void> ReactorGroup::startOrEnd(Self self, std::shared_ptr<SetUp> setUp) {
  Deferred<void> up = succeed();
  try {
    up = bringUp(self, std::move(setUp));
    self->starting_ = up.cancelHandle();
  } catch (...) {
    up = Failure::current();
  }
  const Result<void> result = co_await std::move(up).asResult();
  self->starting_ = {};
  if (result) {
    self->state_ = State::running;
    if (self->left_ == 0) self->finish();
    co_return;
  }
  self->state_ = State::stopping;
  for (const auto& thread : self->threads_) thread->stop(Reactor::TimePoint());
  Deferred<Report> over = self->whenOver(std::source_location::current());
  self->stopBy(Duration::zero());
  static_cast<void>(co_await std::move(over).asResult());
  // Else a handler holds one of them, and only the end of the pool waits for that.
  if (self->allEnded()) {
    self->release();
    self->state_ = State::idle;
  }
  co_await fail<void>(result.failure());
}

Deferred<void> ReactorGroup::bringUp(Self self, std::shared_ptr<SetUp> setUp) {
  self->addTrigger();
  for (std::size_t i = 0; i < self->size_; ++i) {
    co_await self->add();
    self->ready_ = i + 1;
    if (*setUp) co_await self->callSetUp(self->reactor(i), setUp);
  }
}

Deferred<void> ReactorGroup::callSetUp(Reactor& reactor, std::shared_ptr<SetUp> setUp) {
  return callOn(*home_, reactor,
                [setUp = std::move(setUp), &reactor] { return (*setUp)(reactor); });
}

Deferred<void> ReactorGroup::add() {
  const std::size_t number = threads_.size();
  const auto where = std::source_location::current();
  const auto thread = std::make_shared<ReactorThread>(options_, number, where);
  threads_.reserve(size_);
  auto running = makeDeferred<void>(where);
  auto ended = makeDeferred<void>(where);
  std::move(ended.deferred).addBoth([weak = weak_from_this(), number](const Result<void>&) {
    if (const auto self = weak.lock()) self->threadEnded(number);
  });
  ++left_;
  try {
    RemoteResolver<void> ends = home_->remote(std::move(ended.resolver));
    thread->start(home_->remote(std::move(running.resolver)), std::move(ends));
  } catch (...) {
    // What it was given is abandoned, so that the rest ends as if it had run.
    std::move(running.deferred).addErrback([](const Failure&) {});
    throw;
  }
  threads_.push_back(thread);
  return std::move(running.deferred);
}

void ReactorGroup::addTrigger() {
  trigger_ =
      home_->addSystemEventTrigger(Phase::before, [weak = weak_from_this()]() -> Deferred<void> {
        const auto self = weak.lock();
        if (!self || self->state_ == State::idle || self->state_ == State::over) return succeed();
        return self->stop(self->options_.drain, std::source_location::current())
            .addCallback([known = static_cast<bool>(self->onOver_)](const Report& report) {
              if (!known && !report.clean()) logging::warn(report.toString());
            });
      });
}

// Stopping.

Deferred<ReactorPoolReport> ReactorGroup::stop(Duration drain, std::source_location where) {
  if (state_ == State::idle)
    return Failure(ReactorNotRunning("ReactorPool::stop: it was not started"), where);
  if (state_ == State::over) return Deferred<Report>(report(), where);
  home_->checkThread("ReactorPool::stop");
  Deferred<Report> over = whenOver(where);
  if (state_ == State::starting) {
    const CancelHandle starting = starting_;
    starting.cancel(where);
  } else {
    state_ = State::stopping;
    try {
      stopBy(std::max(drain, Duration::zero()));
    } catch (...) {
      return Failure::current(where);
    }
  }
  return over;
}

Deferred<ReactorPoolReport> ReactorGroup::whenOver(std::source_location where) {
  auto made = makeDeferred<Report>(where);
  waiting_.push_back(std::move(made.resolver));
  return std::move(made.deferred);
}

void ReactorGroup::stopBy(Duration drain) {
  const Reactor::TimePoint until = laterThan(timeNow(), drain);
  for (const auto& thread : threads_) thread->stop(until);
  if (left_ == 0) return finish();
  const Duration longest = sumOf(drain, options_.patience);
  if (!patience_.active()) {
    patience_ = home_->callLater(longest, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->finish();
    });
  } else if (patience_.getTime() > laterThan(home_->now(), longest)) {
    patience_.reset(longest);
  }
}

void ReactorGroup::threadEnded(std::size_t number) {
  --left_;
  // Home, when it ends, ends the waiting for those that go on.
  if (state_ == State::running && threads_[number]->ended()) {
    try {
      const Failure failure = threads_[number]->report().failure;
      logging::warn(fmt::format("Reactor {} of the pool \"{}\" has ended by itself{}; {} go on.",
                                number, options_.name,
                                failure ? ", with " + failure.getErrorMessage() : "", left_));
    } catch (const std::bad_alloc&) {
      logging::warn("A reactor of a pool has ended by itself.");
    }
  }
  if (left_ == 0 && (state_ == State::running || state_ == State::stopping)) finish();
}

void ReactorGroup::finish() {
  if (state_ == State::over) return;
  const Self self = shared_from_this();
  state_ = State::over;
  if (patience_.active()) patience_.cancel();
  home_->removeSystemEventTrigger(trigger_);
  // Now, since whoever hears of it first may let go of the threads.
  const auto all = [this]() -> Result<Report> {
    try {
      return report();
    } catch (...) {
      return Failure::current();
    }
  }();
  for (Resolver<Report>& each : std::exchange(waiting_, {})) {
    try {
      each.fire(Result<Report>(all));
    } catch (...) {
      if (each) each.errback(Failure::current());
    }
  }
  if (onOver_) onOver_();
}

void ReactorGroup::stopAndWait() noexcept {
  for (const auto& thread : threads_) thread->stop(Reactor::TimePoint());
  const Reactor::TimePoint until = laterThan(timeNow(), options_.patience);
  for (const auto& thread : threads_) static_cast<void>(thread->waitEnded(until));
}

void ReactorGroup::leaveHome() noexcept {
  if (state_ != State::idle) state_ = State::over;
  waiting_.clear();
  onOver_ = {};
  home_ = nullptr;
}

void ReactorGroup::end() noexcept {
  const CancelHandle starting = starting_;
  try {
    starting.cancel();
  } catch (...) {
    logging::err(Failure::current(), "while a pool of reactors ends");
  }
  stopAndWait();
  if (!allEnded()) {
    try {
      logging::warn("A pool of reactors waits for a handler to return. " + report().toString());
    } catch (const std::bad_alloc&) {
      logging::warn("A pool of reactors waits for a handler to return.");
    }
  }
  for (const auto& thread : threads_) thread->release();
  waiting_.clear();
}

bool ReactorGroup::allEnded() const noexcept {
  return std::all_of(threads_.begin(), threads_.end(),
                     [](const auto& thread) { return thread->ended(); });
}

void ReactorGroup::release() noexcept {
  for (const auto& thread : threads_) thread->release();
  threads_.clear();
  ready_ = 0;
  if (patience_.active()) patience_.cancel();
  home_ = nullptr;
}

// Asking.

ReactorPoolReport ReactorGroup::report() const {
  Report all;
  for (const auto& thread : threads_) all.reactors.push_back(thread->report());
  return all;
}

Reactor& ReactorGroup::reactor(std::size_t number) const {
  if (number >= ready_)
    throw std::out_of_range(fmt::format("ReactorPool::reactor: there is no reactor {}", number));
  return threads_[number]->reactor();
}

Reactor& ReactorGroup::home() const {
  if (!home_ || homeCalls_->isClosed())
    throw ReactorNotRunning("ReactorPool: it was not started, or its home has ended");
  return *home_;
}

}  // namespace hawser::detail
