#include "trace/machine/literals.h"
#include "trace/machine/machine.h"

#include <hawser/defer/maybe_deferred.h>

#include <fmt/format.h>

#include <utility>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

void Machine::perform(const op::New& operation) {
  if (!fresh(operation.made)) return;
  auto cancelled = [this, &operation](Resolver<Value>& resolver) {
    if (trace_.ended()) return;
    trace_.event(fmt::format("canceller {}", operation.made));
    if (auto* fires = std::get_if<canceller::Callback>(&operation.canceller))
      resolver.callback(valueOf(fires->value));
    else if (auto* fails = std::get_if<canceller::Errback>(&operation.canceller))
      resolver.errback(failureOf(fails->error));
    else if (auto* throws = std::get_if<canceller::Raise>(&operation.canceller))
      raise(throws->error);
  };
  auto [deferred, resolver] = std::holds_alternative<canceller::None>(operation.canceller)
                                  ? makeDeferred<Value>()
                                  : makeDeferred<Value>(cancelled);
  define(operation.made, std::move(deferred));
  firing_.emplace(operation.made, std::move(resolver));
}

void Machine::perform(const op::Succeed& operation) {
  if (fresh(operation.made)) define(operation.made, succeed(valueOf(operation.value)));
}

void Machine::perform(const op::Failed& operation) {
  if (fresh(operation.made)) define(operation.made, fail<Value>(failureOf(operation.error)));
}

void Machine::perform(const op::Maybe& operation) {
  if (!fresh(operation.made)) return;
  Cell& cell = newCell();
  handed_.reset();
  auto deferred = maybeDeferred(
      [this, &operation, &cell] { return callForDeferred(operation.handler, cell, Value()); });
  // A Deferred that the handler returned passes through: the new number shares the book-keeping of
  // the old one.
  bool passed = handed_ && std::holds_alternative<outcome::Defer>(operation.handler.outcome);
  define(operation.made, std::move(deferred), passed ? chains_.at(*handed_).cell : nullptr);
}

void Machine::perform(const op::Exec& operation) {
  if (!fresh(operation.made)) return;
  Cell& cell = newCell();
  define(operation.made, hawser::execute([this, &operation, &cell] {
           return callForResult(operation.handler, cell, Value());
         }));
}

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
