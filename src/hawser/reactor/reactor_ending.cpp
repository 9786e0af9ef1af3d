#include <hawser/base/logging.h>
#include <hawser/defer/detail/handler_scope.h>
#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/reactor_parts.h>
#include <hawser/reactor/reactor.h>

#include <fmt/format.h>

#include <cstddef>
#include <new>
#include <string>

namespace hawser {

namespace {

void logAbandoned(std::size_t count) noexcept {
  try {
    logging::info(fmt::format("The reactor ended while {} {} waiting; {} AbandonedError.", count,
                              count == 1 ? "Deferred was" : "Deferreds were",
                              count == 1 ? "it failed with" : "they failed with"));
  } catch (const std::bad_alloc&) {
    logging::info("The reactor ended while Deferreds were waiting; they failed.");
  }
}

}  // namespace

void Reactor::beforeShutdown() {
  {
    const InTurn inTurn(*this);
    beginDraining();
    while (auto trigger = triggers_.pop(Phase::before))
      detail::callHandler("in a trigger before the shutdown", [&] { trigger(triggers_.hold()); });
    makeAfterTurnCalls();
  }
  while (!impatient_ && (triggers_.held() || !parts_->finishing.empty())) turn(nextWake());
  stopThreadPool();
}

void Reactor::beginDraining() {
  if (!parts_->drain) return;
  losePatienceIn(*parts_->drain);
  detail::IntrusiveList<Disconnectable, detail::AttachedNode> all(std::move(attached_));
  detail::IntrusiveList<Disconnectable, detail::AttachedNode> ports;
  while (!all.empty()) {
    Disconnectable& object = all.popFront();
    switch (object.draining()) {
      case Disconnectable::Draining::stays:
        attached_.pushBack(object);
        break;
      case Disconnectable::Draining::stops:
        ports.pushBack(object);
        break;
      case Disconnectable::Draining::finishes:
        parts_->finishing.pushBack(object);
        ++parts_->finishingAtFirst;
    }
  }
  while (!ports.empty()) {
    Disconnectable& port = ports.popFront();
    detail::callHandlerFor(port, "while disconnecting", [&] { port.disconnect(); });
  }
}

void Reactor::losePatienceIn(Duration time) noexcept {
  if (time <= Duration::zero()) {
    impatient_ = true;
    return;
  }
  DelayedCall& end = parts_->patience;
  try {
    if (!end.active())
      end = callLater(time, [this] { impatient_ = true; });
    else if (end.getTime() > detail::laterThan(now(), time))
      end.reset(time);
  } catch (const std::bad_alloc&) {
    impatient_ = true;  // it must end at some time: without a timer, now
  }
}

const ShutdownReport& Reactor::shutdownReport() const noexcept { return parts_->report; }

void Reactor::stopThreadPool() {
  if (!parts_->threadPool) return;
  ThreadPool& pool = *parts_->threadPool;
  if (!impatient_) {
    pool.stop(*this).addFinally([hold = triggers_.hold()] {});
    while (triggers_.held() && !impatient_) turn(nextWake());
  }
  if (impatient_ && !pool.busyWith().empty())
    logging::warn("The reactor ends while its threads work on: " + pool.toString());
}

void Reactor::shutDown() {
  state_ = State::ending;
  if (parts_->threadPool) parts_->threadPool->quit();
  {
    const InTurn inTurn(*this);
    readClock();
    while (auto trigger = triggers_.pop(Phase::during))
      detail::callHandler("in a trigger during the shutdown", [&] { trigger({}); });
    makeAfterTurnCalls();
    endConnections();
    while (auto trigger = triggers_.pop(Phase::after))
      detail::callHandler("in a trigger after the shutdown", [&] { trigger({}); });
    dropPending();
  }
  // A kernel that works by itself closes in the next wait what was closed just now.
  detail::callHandler("while closing what was open at the end",
                      [&] { backend_->wait(TimePoint::min()); });
  parts_->signalHandlers.reset();
  parts_->signals.reset();
}

void Reactor::endConnections() {
  ShutdownReport& report = parts_->report;
  const std::size_t late = parts_->finishing.countIf([](const Disconnectable&) { return true; });
  if (parts_->finishingAtFirst != 0)
    report.drained = std::exchange(parts_->finishingAtFirst, 0u) - late;
  parts_->finishing.take(attached_);
  attached_.take(parts_->finishing);
  report.aborted += attached_.countIf([](const Disconnectable& object) {
    return object.draining() == Disconnectable::Draining::finishes;
  });
  // What a handler connects again at once is ended, too, but not for ever.
  for (int round = 0; round < endingRounds && !attached_.empty(); ++round) {
    detail::IntrusiveList<Disconnectable, detail::AttachedNode> ending(std::move(attached_));
    while (!ending.empty()) {
      Disconnectable& object = ending.popFront();
      detail::callHandlerFor(object, "while disconnecting", [&] { object.disconnect(); });
    }
  }
}

void Reactor::dropPending() {
  std::size_t abandoned = 0;
  {
    // Holds abandonments back, so that they are delivered here, and counted.
    const detail::HandlerScope scope;
    for (int round = 0; round < endingRounds; ++round) {
      timers_.clear();
      triggers_ = {};
      whenRunning_.clear();
      if (parts_->signalHandlers) parts_->signalHandlers->clear();
      remoteCalls_->takeAll(remoteTaken_);
      remoteTaken_.drop();
      while (!remoteSlots_.empty()) {
        const auto slot = remoteSlots_.front().close();
        slot->abandon();
      }
      const std::size_t delivered = detail::deliverAbandoned();
      abandoned += delivered;
      endConnections();
      if (delivered == 0 && timers_.empty() && remoteCalls_->empty()) break;
    }
    // From here on nothing can be asked for any more, so this is the end of it.
    state_ = State::ended;
    remoteCalls_->close(remoteTaken_);
    remoteTaken_.drop();
    timers_.clear();
    whenRunning_.clear();
    if (parts_->signalHandlers) parts_->signalHandlers->clear();
    while (!remoteSlots_.empty()) {
      const auto slot = remoteSlots_.front().close();
      slot->abandon();
    }
    abandoned += detail::deliverAbandoned();
  }
  parts_->report.abandoned = abandoned;
  if (abandoned != 0) logAbandoned(abandoned);
}

}  // namespace hawser
