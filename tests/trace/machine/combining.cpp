#include "trace/machine/machine.h"

#include <hawser/defer/deferred_list.h>
#include <hawser/defer/gather.h>
#include <hawser/defer/race.h>

#include <utility>
#include <variant>
#include <vector>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

namespace {

ListOptions optionsOf(bool onOneErrback, bool consumesErrors) {
  ListOptions options;
  if (onOneErrback) options = options | fireOnOneErrback;
  if (consumesErrors) options = options | consumeErrors;
  return options;
}

Value picked(FirstValue<Value> first) { return Value::picked(std::move(first.value), first.index); }

Value listed(std::vector<Result<Value>> results) { return Value::list(std::move(results)); }

}  // namespace

void Machine::perform(const op::List& operation) {
  auto members = takeMembers(operation.made, operation.members);
  if (!members) return;
  ListOptions options = optionsOf(operation.onOneErrback, operation.consumeErrors);
  if (!operation.onOneCallback)
    return define(operation.made, deferredList(std::move(*members), options).addCallback(listed));
  define(
      operation.made,
      fireOnOneCallback(std::move(*members), options).addCallback([](FirstCallback<Value> first) {
        if (auto* success = std::get_if<FirstValue<Value>>(&first))
          return picked(std::move(*success));
        return listed(std::get<std::vector<Result<Value>>>(std::move(first)));
      }));
}

void Machine::perform(const op::Gather& operation) {
  auto members = takeMembers(operation.made, operation.members);
  if (!members) return;
  ListOptions options = optionsOf(false, operation.consumeErrors);
  define(operation.made,
         gatherResults(std::move(*members), options).addCallback([](std::vector<Value> values) {
           return Value::gathered(std::move(values));
         }));
}

void Machine::perform(const op::Race& operation) {
  auto members = takeMembers(operation.made, operation.members);
  if (members) define(operation.made, race(std::move(*members)).addCallback(picked));
}

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
