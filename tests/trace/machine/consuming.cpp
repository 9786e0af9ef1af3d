#include "trace/machine/machine.h"

#include <hawser/defer/timeout.h>

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

namespace {

std::string stateOf(const Deferred<Value>& deferred) {
  switch (deferred.state()) {
    case DeferredState::pending:
      return "pending";
    case DeferredState::paused:
      return "paused";
    case DeferredState::value:
      return "result " + deferred.peekValue()->text();
    case DeferredState::failure:
      return "failure " + text(*deferred.peekFailure());
    case DeferredState::empty:
      break;
  }
  return "empty";
}

}  // namespace

template <class Add>
void Machine::consume(Number target, Add add) {
  Chain* chain = present(target);
  if (!chain) return skip();
  Hold hold(*chain->cell);
  Deferred<Value> deferred = std::move(*chain->handle);
  chain->handle.reset();
  chain->handle = add(std::move(deferred), *chain->cell);
}

template <class Use>
void Machine::borrow(Number target, Use use) {
  Chain* chain = present(target);
  if (!chain) return skip();
  Hold hold(*chain->cell);
  use(*chain->handle, *chain->cell);
}

void Machine::perform(const op::Add& operation) {
  consume(operation.target, [&](Deferred<Value> deferred, Cell& cell) {
    return attach(std::move(deferred), operation.lane, operation.handler, cell);
  });
}

void Machine::perform(const op::AddPair& operation) {
  consume(operation.target, [&](Deferred<Value> deferred, Cell& cell) {
    return attachPair(std::move(deferred), operation.callback, operation.errback, cell);
  });
}

void Machine::perform(const op::Chain& operation) {
  Chain* chain = present(operation.target);
  auto firing = firing_.extract(operation.firing);
  if (!chain || !firing || chain->cell->pauses > 0) {
    if (firing) firing_.insert(std::move(firing));
    return skip();
  }
  chain->cell->pausable = false;
  handingOn_.push_back(chain->handle->cancelHandle());
  consume(operation.target, [&](Deferred<Value> deferred, Cell& cell) {
    // What hands the result on counts as a handler of this chain while it runs.
    return std::move(deferred)
        .addBoth([&cell](Result<Value> result) {
          ++cell.hold;
          return result;
        })
        .chainDeferred(std::move(firing.mapped()))
        .addBoth([&cell](const Result<void>& handedOn) -> Result<Value> {
          --cell.hold;
          if (!handedOn) return handedOn.failure();
          return Value();
        });
  });
}

void Machine::perform(const op::Pause& operation) {
  borrow(operation.target, [this](Deferred<Value>& deferred, Cell& cell) {
    if (!cell.pausable) return skip();
    ++cell.pauses;
    deferred.pause();
  });
}

void Machine::perform(const op::Unpause& operation) {
  borrow(operation.target, [this](Deferred<Value>& deferred, Cell& cell) {
    if (cell.pauses == 0) return skip();
    --cell.pauses;
    deferred.unpause();
  });
}

void Machine::perform(const op::Cancel& operation) {
  borrow(operation.target, [&](Deferred<Value>& deferred, Cell&) {
    if (switches_.viaHandle)
      chains_.at(operation.target).canceller.cancel();
    else
      deferred.cancel();
  });
}

void Machine::perform(const op::Drop& operation) {
  Chain* chain = present(operation.target);
  if (!chain) return skip();
  chain->handle.reset();
}

void Machine::perform(const op::Show& operation) {
  borrow(operation.target, [&](Deferred<Value>& deferred, Cell&) {
    trace_.event(fmt::format("show {} {}", operation.target, stateOf(deferred)));
  });
}

void Machine::perform(const op::Timeout& operation) {
  consume(operation.target, [&](Deferred<Value> deferred, Cell& cell) {
    std::chrono::seconds duration(operation.units);
    if (!operation.handler) return std::move(deferred).addTimeout(duration, clock_);
    return std::move(deferred).addTimeout(
        duration, clock_, [this, &handler = *operation.handler, &cell](Result<Value> result) {
          return callForDeferred(handler, cell, std::move(result));
        });
  });
}

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
