#include "trace/machine/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

std::vector<std::string> run(const Program& program, Switches switches) {
  return Machine(program, switches).run();
}

std::vector<std::string> Machine::run() {
  for (std::size_t n = 0; n < program_.size(); ++n) {
    trace_.begin(std::to_string(n + 1));
    execute(program_[n]);
    trace_.settle();
  }
  for (auto& [number, chain] : chains_) {
    if (!chain.handle) continue;
    trace_.begin(fmt::format("drop{}", number));
    chain.handle.reset();
    trace_.settle();
  }
  teardown();
  return trace_.takeLines();
}

void Machine::execute(const Operation& operation) {
  if (trace_.ended()) return;
  try {
    std::visit([this](const auto& what) { perform(what); }, operation.what);
  } catch (...) {
    trace_.event("raised " + errorText(Failure::current()));
  }
}

/// What was never fired is cancelled or abandoned now, which runs handlers: they find a trace that
/// has ended and do nothing.
void Machine::teardown() {
  trace_.end();
  for (const CancelHandle& chain : handingOn_) chain.cancel();
  auto firing = std::move(firing_);
  firing_.clear();
}

bool Machine::fresh(Number number) {
  if (!chains_.contains(number)) return true;
  skip();
  return false;
}

void Machine::define(Number number, Deferred<Value> deferred, Cell* cell) {
  Chain chain{cell ? cell : &newCell(), std::move(deferred), {}};
  if (switches_.viaHandle) chain.canceller = chain.handle->cancelHandle();
  chains_.emplace(number, std::move(chain));
}

Machine::Chain* Machine::present(Number number) {
  auto found = chains_.find(number);
  return found != chains_.end() && found->second.handle ? &found->second : nullptr;
}

bool Machine::movable(Number number) {
  Chain* chain = present(number);
  return chain && chain->cell->hold == 0 && chain->cell->pauses == 0;
}

std::optional<Deferred<Value>> Machine::take(Number number) {
  if (trace_.ended()) return std::nullopt;
  if (!movable(number)) {
    skip();
    return std::nullopt;
  }
  return std::exchange(chains_.at(number).handle, std::nullopt);
}

std::optional<std::vector<Deferred<Value>>> Machine::takeMembers(
    Number made, const std::vector<Number>& members) {
  if (!fresh(made)) return std::nullopt;
  std::vector<Number> sorted = members;
  std::sort(sorted.begin(), sorted.end());
  bool repeated = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
  if (repeated ||
      !std::all_of(members.begin(), members.end(), [this](Number n) { return movable(n); })) {
    skip();
    return std::nullopt;
  }
  std::vector<Deferred<Value>> handles;
  for (Number member : members) handles.push_back(std::move(*take(member)));
  return handles;
}

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
