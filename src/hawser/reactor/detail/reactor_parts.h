#pragma once

#include <hawser/reactor/backend.h>
#include <hawser/reactor/detail/handler_mark.h>
#include <hawser/reactor/detail/signal_handlers.h>
#include <hawser/reactor/detail/stall_watch.h>
#include <hawser/reactor/reactor.h>
#include <hawser/reactor/signals.h>
#include <hawser/reactor/thread_pool.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace hawser {

/// What it owns, but users of its header need not know.
struct Reactor::Parts {
  explicit Parts(std::unique_ptr<Backend> ours) noexcept : backend(std::move(ours)) {}

  std::unique_ptr<Backend> backend;
  // Made when they are asked for.
  std::unique_ptr<detail::SignalWatch> signals;
  std::unique_ptr<detail::SignalHandlers> signalHandlers;
  std::unique_ptr<detail::StallWatch> stalls;
  std::unique_ptr<ThreadPool> threadPool;

  // The end.
  std::optional<Duration> drain;  // how long connections may finish; none: they may not
  detail::IntrusiveList<Disconnectable, detail::AttachedNode> finishing;
  std::size_t finishingAtFirst = 0;
  DelayedCall patience;  // its end
  ShutdownReport report;
};

/// The turn, or what else of the reactor calls handlers.
class Reactor::InTurn {
 public:
  explicit InTurn(Reactor& reactor) noexcept
      : reactor_(reactor), marks_(reactor.parts_->stalls ? &reactor.marks_ : nullptr) {
    reactor_.inTurn_ = true;
    if (!marks_) return;
    before_ = std::exchange(detail::handlerMarks, marks_);
    marks_->turnBegins();
  }
  InTurn(const InTurn&) = delete;
  InTurn& operator=(const InTurn&) = delete;
  ~InTurn() {
    reactor_.inTurn_ = false;
    if (!marks_) return;
    marks_->turnEnds();
    detail::handlerMarks = before_;
  }

 private:
  Reactor& reactor_;
  detail::HandlerMarks* marks_;  // null: nobody watches
  detail::HandlerMarks* before_ = nullptr;
};

}  // namespace hawser
