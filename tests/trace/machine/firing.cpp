#include "trace/machine/literals.h"
#include "trace/machine/machine.h"

#include <chrono>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

void Machine::perform(const op::Fire& operation) {
  auto found = firing_.find(operation.target);
  if (found == firing_.end()) return skip();
  found->second.callback(valueOf(operation.value));
}

void Machine::perform(const op::Fail& operation) {
  auto found = firing_.find(operation.target);
  if (found == firing_.end()) return skip();
  found->second.errback(failureOf(operation.error));
}

void Machine::perform(const op::Advance& operation) {
  clock_.advance(std::chrono::seconds(operation.units));
}

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
