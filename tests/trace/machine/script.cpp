#include "trace/machine/literals.h"
#include "trace/machine/machine.h"

#include <hawser/defer/coroutine.h>

#include <fmt/format.h>

#include <utility>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

void Machine::perform(const op::Coroutine& operation) {
  if (!fresh(operation.made)) return;
  auto deferred = script(operation);
  Cell& cell = newCell();
  cell.pausable = false;
  define(operation.made, std::move(deferred), &cell);
}

Result<Value> Machine::resumed(std::int64_t id, Result<Value> result) {
  trace_.event(fmt::format("resume {} {}", id, text(result)));
  return result;
}

Deferred<Value> Machine::script(const op::Coroutine& coroutine) {
  Value last;
  for (const Step& next : coroutine.steps) {
    if (auto* await = std::get_if<step::Await>(&next)) {
      auto inner = take(await->inner);
      if (!inner) continue;
      if (await->catches) {
        Result<Value> result = resumed(coroutine.id, co_await std::move(*inner).asResult());
        if (result) last = *result;
      } else {
        try {
          last = co_await std::move(*inner);
        } catch (...) {
          resumed(coroutine.id, Failure::current());
          throw;
        }
        resumed(coroutine.id, last);
      }
    } else if (auto* returns = std::get_if<step::Return>(&next)) {
      co_return valueOf(returns->value);
    } else if (std::holds_alternative<step::ReturnLast>(next)) {
      co_return last;
    } else if (auto* raises = std::get_if<step::Raise>(&next)) {
      raise(raises->error);
    } else {
      execute(std::get<Operation>(next));
    }
  }
  co_return Value();
}

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
