#include <hawser/base/pool.h>
#include <hawser/defer/detail/failing.h>
#include <hawser/defer/detail/handler_scope.h>
#include <hawser/defer/detail/tokens.h>

#include <new>
#include <stdexcept>
#include <utility>

namespace hawser {

namespace detail {

Tokens* Tokens::make(std::size_t count) {
  if (count == 0) throw std::invalid_argument("DeferredSemaphore: at least one token is needed");
  return ::new (poolAllocate(sizeof(Tokens))) Tokens(count);
}

void Tokens::release() noexcept {
  if (--references == 0) poolFree(this, sizeof(Tokens));
}

Deferred<void> Tokens::acquire(std::source_location where) {
  if (free == 0) return Waiting<void>::join(*this, Wants::token, where);
  --free;
  return succeed();
}

Deferred<Permit> Tokens::scoped(std::source_location where) {
  if (free == 0) return Waiting<Permit>::join(*this, Wants::permit, where);
  beginHolding();
  return Deferred<Permit>(permit(this));
}

/// A token that came back goes to who waits first: a node to be served. Null if nobody does.
Node* Tokens::pass() noexcept {
  WaitLink* next = first();
  if (!next) {
    ++free;
    return nullptr;
  }
  remove(next);
  switch (next->wants) {
    case Wants::token:
      static_cast<Waiting<void>*>(next)->prepareValue();
      break;
    case Wants::permit:
      ++references;
      static_cast<Waiting<Permit>*>(next)->prepareValue(permit(this));
      break;
    case Wants::run:
      ++references;
      break;
  }
  return next->node;
}

bool Tokens::giveBack(std::source_location where) {
  if (free == limit) return false;
  if (Node* next = pass()) serve(next, where);
  return true;
}

bool Tokens::endHolding(std::source_location where) {
  const bool held = free != limit;
  Node* next = held ? pass() : nullptr;
  release();
  if (next) serve(next, where);
  return held;
}

void Tokens::lose(bool lock) noexcept {
  // Those who are abandoned hear of it when all is done here.
  const HandlerScope scope;
  const bool last = references == 1;
  if (last || lock) {
    for (WaitLink* link = first(); link;) {
      WaitLink* next = after(link);
      if (last || link->wants == Wants::token) abandon(link);
      link = next;
    }
  }
  release();
}

}  // namespace detail

bool Permit::giveBack(std::source_location where) noexcept {
  const detail::Unconcerned others;
  return std::exchange(tokens_, nullptr)->endHolding(where);
}

}  // namespace hawser
