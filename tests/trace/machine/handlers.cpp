#include "trace/machine/literals.h"
#include "trace/machine/machine.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

/// What the outcome makes of the argument; `defer` is not among those that it can do.
Result<Value> finish(const Outcome& outcome, Result<Value> argument) {
  return std::visit(
      Overloaded{
          [](const outcome::Const& constant) -> Result<Value> { return valueOf(constant.value); },
          [&](const outcome::Pass&) -> Result<Value> { return std::move(argument); },
          [&](const outcome::Inc&) -> Result<Value> {
            const std::int64_t* integer = argument ? argument->integer() : nullptr;
            return integer ? Value(*integer + 1) : std::move(argument);
          },
          [](const outcome::Raise& raised) -> Result<Value> { raise(raised.error); },
          [](const outcome::ReturnFailure& returned) -> Result<Value> {
            return failureOf(returned.error);
          },
          [&](const outcome::Trap& trap) -> Result<Value> {
            if (argument || !isOfKind(argument.failure(), trap.kind)) return std::move(argument);
            return valueOf(trap.value);
          },
          [](const outcome::Defer&) -> Result<Value> {
            throw std::logic_error("defer gives no result of its own");
          },
      },
      outcome);
}

}  // namespace

void Machine::enter(const Handler& handler, const Result<Value>& argument) {
  trace_.event(fmt::format("call {} {}", handler.id, text(argument)));
  for (const Operation& action : handler.actions) execute(action);
}

Result<Value> Machine::callForResult(const Handler& handler, Cell& cell, Result<Value> argument) {
  if (trace_.ended()) return Value();
  Hold hold(cell);
  enter(handler, argument);
  return finish(handler.outcome, std::move(argument));
}

Value Machine::callForValue(const Handler& handler, Cell& cell, Result<Value> argument) {
  return callForResult(handler, cell, std::move(argument)).value();
}

Deferred<Value> Machine::callForDeferred(const Handler& handler, Cell& cell,
                                         Result<Value> argument) {
  auto* defer = std::get_if<outcome::Defer>(&handler.outcome);
  if (!defer || trace_.ended()) return callForResult(handler, cell, std::move(argument));
  Hold hold(cell);
  enter(handler, argument);
  handed_.reset();
  auto inner = take(defer->inner);
  if (!inner) return Value();
  handed_ = defer->inner;
  return std::move(*inner);
}

template <auto Call>
Deferred<Value> Machine::attachAs(Deferred<Value> deferred, op::Lane lane, const Handler& handler,
                                  Cell& cell) {
  switch (lane) {
    case op::Lane::callback:
      return std::move(deferred).addCallback([this, &handler, &cell](Value value) {
        return (this->*Call)(handler, cell, std::move(value));
      });
    case op::Lane::errback:
      return std::move(deferred).addErrback([this, &handler, &cell](Failure failure) {
        return (this->*Call)(handler, cell, std::move(failure));
      });
    case op::Lane::both:
      break;
  }
  return std::move(deferred).addBoth([this, &handler, &cell](Result<Value> result) {
    return (this->*Call)(handler, cell, std::move(result));
  });
}

Deferred<Value> Machine::attach(Deferred<Value> deferred, op::Lane lane, const Handler& handler,
                                Cell& cell) {
  const Outcome& outcome = handler.outcome;
  if (std::holds_alternative<outcome::Defer>(outcome))
    return attachAs<&Machine::callForDeferred>(std::move(deferred), lane, handler, cell);
  if (std::holds_alternative<outcome::Const>(outcome) ||
      std::holds_alternative<outcome::Raise>(outcome))
    return attachAs<&Machine::callForValue>(std::move(deferred), lane, handler, cell);
  return attachAs<&Machine::callForResult>(std::move(deferred), lane, handler, cell);
}

Deferred<Value> Machine::attachPair(Deferred<Value> deferred, const Handler& callback,
                                    const Handler& errback, Cell& cell) {
  return std::move(deferred).addCallbacks(
      [this, &callback, &cell](Value value) {
        return callForDeferred(callback, cell, std::move(value));
      },
      [this, &errback, &cell](Failure failure) {
        return callForDeferred(errback, cell, std::move(failure));
      });
}

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
