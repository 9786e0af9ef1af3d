#include "trace/literals.h"
#include "trace/machine.h"

#include <hawser/defer/coroutine.h>

#include <fmt/format.h>

#include <utility>

namespace hawser::trace {

void Machine::perform(const op::Coroutine& operation) {
  if (fresh(operation.made)) define(operation.made, script(operation));
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

}  // namespace hawser::trace
