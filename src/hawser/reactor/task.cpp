#include <hawser/base/logging.h>
#include <hawser/defer/errors.h>
#include <hawser/reactor/task.h>

#include <optional>
#include <stdexcept>

namespace hawser::task {

namespace {

constexpr int statusAfterFailure = 1;
constexpr int statusAfterSignal = 128;  // plus the signal's number, as shells do

/// One run of a program. Shared, since main's chain may outlive it.
struct Program {
  std::optional<Result<int>> outcome;
  CancelHandle main;
  Resolver<void> ended;  // while the shutdown waits for main
};

int statusOf(const Program& program, int signal) {
  if (program.outcome && *program.outcome) return **program.outcome;
  const bool cancelled =
      !program.outcome || program.outcome->failure().check<CancelledError, AbandonedError>();
  if (signal != 0 && cancelled) return statusAfterSignal + signal;
  if (!program.outcome) {
    logging::error("the reactor ended before the main function had a result");
    return statusAfterFailure;
  }
  if (program.outcome->failure().check<CancelledError>()) return 0;
  logging::err(program.outcome->failure(), "main function encountered error");
  return statusAfterFailure;
}

}  // namespace

int detail::react(unique_function<Deferred<int>(Reactor&)> main) {
  const auto program = std::make_shared<Program>();
  int signal = 0;
  try {
    Reactor reactor;
    const auto begin = [&]() -> Deferred<int> {
      try {
        return main(reactor);
      } catch (...) {
        return Failure::current();
      }
    };
    const auto end = [program, &reactor](Result<int> outcome) {
      program->outcome = std::move(outcome);
      if (program->ended)
        program->ended.callback();
      else if (reactor.running() && !reactor.stopping())
        reactor.stop();
    };
    reactor.callWhenRunning([&] {
      try {
        Deferred<int> running = begin();
        program->main = running.cancelHandle();
        std::move(running).addBoth(end);
      } catch (...) {
        // Without memory to wait for main nobody would ever hear of its end.
        end(Failure::current());
      }
    });
    reactor.addSystemEventTrigger(Phase::before, [program]() -> Deferred<void> {
      if (program->outcome) return succeed();
      auto [deferred, resolver] = makeDeferred<void>();
      program->ended = std::move(resolver);
      program->main.cancel();
      return std::move(deferred);
    });
    reactor.run();
    signal = reactor.exitSignal();
  } catch (...) {
    logging::err(Failure::current(), "the reactor failed");
    return statusAfterFailure;
  }
  return statusOf(*program, signal);
}

Deferred<void> deferLater(Clock& clock, Clock::Duration delay, std::source_location where) {
  if (delay < Clock::Duration::zero())
    throw std::invalid_argument("deferLater: the delay is negative");
  const auto timer = std::make_shared<DelayedCall>();
  auto made = makeDeferred<void>(
      [timer] {
        if (timer->active()) timer->cancel();
      },
      where);
  try {
    *timer = clock.callLater(
        delay, [resolver = std::move(made.resolver)]() mutable { resolver.callback(); }, where);
  } catch (...) {
    // The caller learns it from the exception; that the Resolver is gone is no news.
    std::move(made.deferred).addErrback([](const AbandonedError&) {});
    throw;
  }
  return std::move(made.deferred);
}

}  // namespace hawser::task
