#include "trace/machine/literals.h"
#include "trace/machine/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

namespace {

std::size_t freeOf(const DeferredLock& lock) { return lock.locked() ? 0 : 1; }
std::size_t freeOf(const DeferredSemaphore& semaphore) { return semaphore.tokens(); }

std::size_t limitOf(const std::optional<std::int64_t>& limit) {
  if (!limit) return DeferredQueue<Value>::unlimited;
  return static_cast<std::size_t>(std::max<std::int64_t>(*limit, 0));
}

}  // namespace

template <class Use>
void Machine::guard(Number number, Use use) {
  auto found = guards_.find(number);
  if (found == guards_.end()) return skip();
  std::visit(use, found->second);
}

void Machine::perform(const op::Lock& operation) {
  if (guards_.contains(operation.made)) return skip();
  guards_.try_emplace(operation.made, std::in_place_type<DeferredLock>);
}

void Machine::perform(const op::Semaphore& operation) {
  if (guards_.contains(operation.made) || operation.tokens < 1) return skip();
  guards_.try_emplace(operation.made, std::in_place_type<DeferredSemaphore>,
                      static_cast<std::size_t>(operation.tokens));
}

void Machine::perform(const op::Acquire& operation) {
  guard(operation.from, [&](auto& from) {
    if (fresh(operation.made))
      define(operation.made, from.acquire().addCallback([] { return Value(); }));
  });
}

void Machine::perform(const op::RunHolding& operation) {
  guard(operation.from, [&](auto& from) {
    if (!fresh(operation.made)) return;
    Cell& cell = newCell();
    define(operation.made, from.run([this, &operation, &cell] {
      return callForDeferred(operation.handler, cell, Value());
    }));
  });
}

void Machine::perform(const op::Release& operation) {
  guard(operation.target, [](auto& held) { held.release(); });
}

void Machine::perform(const op::ShowHeld& operation) {
  guard(operation.target, [&](const auto& shown) {
    trace_.event(fmt::format("pshow {} free={} waiting={}", operation.target, freeOf(shown),
                             shown.waiting()));
  });
}

void Machine::perform(const op::Queue& operation) {
  if (queues_.contains(operation.made)) return skip();
  queues_.try_emplace(operation.made, limitOf(operation.size), limitOf(operation.backlog));
}

void Machine::perform(const op::Put& operation) {
  auto found = queues_.find(operation.target);
  if (found == queues_.end()) return skip();
  found->second.put(valueOf(operation.value));
}

void Machine::perform(const op::Get& operation) {
  auto found = queues_.find(operation.from);
  if (found == queues_.end()) return skip();
  if (fresh(operation.made)) define(operation.made, found->second.get());
}

void Machine::perform(const op::ShowQueue& operation) {
  auto found = queues_.find(operation.target);
  if (found == queues_.end()) return skip();
  trace_.event(fmt::format("qshow {} items={} waiting={}", operation.target,
                           found->second.pending(), found->second.waiting()));
}

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
