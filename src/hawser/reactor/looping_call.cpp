#include <hawser/reactor/looping_call.h>

#include <optional>
#include <stdexcept>

namespace hawser::task {

/// What a loop needs while a call is scheduled or under way; the LoopingCall may be gone by then.
///
/// Valid states: idle (not running, not calling); scheduled (running, `next` active); calling
/// (running, `calling`); and stopped during a call (not running, `calling`).
struct LoopingCall::Loop : std::enable_shared_from_this<Loop> {
  Loop(Clock& c, bool counts, Function f) : clock(c), counting(counts), function(std::move(f)) {}

  void call();
  void callEnded();
  void callFailed(Failure why);
  void schedule();
  std::int64_t countBeats();
  void end() noexcept;

  Clock& clock;
  const bool counting;
  bool running = false;
  bool calling = false;
  bool callsAtStart = false;
  Function function;
  Clock::Duration interval{};
  Clock::TimePoint started{};
  std::optional<Clock::TimePoint> lastCounted;  // also of an earlier run, as in Twisted
  DelayedCall next;
  CancelHandle underWay;
  Resolver<void> ended;
};

void LoopingCall::Loop::call() {
  const std::int64_t count = counting ? countBeats() : 1;
  const auto self = shared_from_this();
  calling = true;
  Deferred<void> result = count > 0 ? function(count) : succeed();
  underWay = result.cancelHandle();
  std::move(result).addCallback([self] { self->callEnded(); }).addErrback([self](Failure why) {
    self->callFailed(std::move(why));
  });
}

void LoopingCall::Loop::callEnded() {
  calling = false;
  if (running)
    schedule();
  else if (ended)
    ended.callback();
}

void LoopingCall::Loop::callFailed(Failure why) {
  calling = running = false;
  if (ended) ended.errback(std::move(why));
}

void LoopingCall::Loop::schedule() {
  Clock::Duration untilNext{0};
  if (interval > Clock::Duration::zero()) untilNext = interval - (clock.now() - started) % interval;
  next = clock.callLater(untilNext, [self = shared_from_this()] { self->call(); });
}

std::int64_t LoopingCall::Loop::countBeats() {
  const Clock::TimePoint now = clock.now();
  if (interval == Clock::Duration::zero()) {
    lastCounted = now;
    return 1;
  }
  const auto beatsUntil = [&](Clock::TimePoint time) { return (time - started) / interval; };
  const Clock::TimePoint last = lastCounted.value_or(callsAtStart ? started - interval : started);
  const std::int64_t count = beatsUntil(now) - beatsUntil(last);
  if (count > 0) lastCounted = now;
  return count;
}

/// Without telling anybody.
void LoopingCall::Loop::end() noexcept {
  running = false;
  if (next.active()) next.cancel();
}

LoopingCall::LoopingCall(Clock& clock, bool counting, Function function)
    : loop_(std::make_shared<Loop>(clock, counting, std::move(function))) {}

LoopingCall::~LoopingCall() {
  loop_->end();
  const Resolver<void> abandoned = std::move(loop_->ended);
}

Deferred<void> LoopingCall::start(Clock::Duration interval, bool now, std::source_location where) {
  const std::shared_ptr<Loop> owner = loop_;  // the first call may destroy this LoopingCall
  Loop& loop = *owner;
  if (loop.running) throw std::logic_error("LoopingCall::start: it runs already");
  if (loop.calling) throw std::logic_error("LoopingCall::start: its last call has not ended");
  if (interval < Clock::Duration::zero())
    throw std::invalid_argument("LoopingCall::start: the interval is negative");
  auto [deferred, resolver] = makeDeferred<void>(
      [weak = std::weak_ptr<Loop>(loop_)] {
        const auto cancelled = weak.lock();
        if (!cancelled) return;
        const Resolver<void> told = std::move(cancelled->ended);
        cancelled->end();
        cancelled->underWay.cancel();
      },
      where);
  loop.ended = std::move(resolver);
  loop.running = true;
  loop.started = loop.clock.now();
  loop.interval = interval;
  loop.callsAtStart = now;
  if (now)
    loop.call();
  else
    loop.schedule();
  return std::move(deferred);
}

void LoopingCall::stop() {
  Loop& loop = *loop_;
  if (!loop.running) throw std::logic_error("LoopingCall::stop: it does not run");
  loop.end();
  if (loop.calling) return;
  Resolver<void> ended = std::move(loop.ended);
  ended.callback();
}

void LoopingCall::reset() {
  Loop& loop = *loop_;
  if (!loop.running) throw std::logic_error("LoopingCall::reset: it does not run");
  if (!loop.next.active()) return;
  loop.next.cancel();
  loop.started = loop.clock.now();
  loop.schedule();
}

bool LoopingCall::running() const noexcept { return loop_->running; }

}  // namespace hawser::task
