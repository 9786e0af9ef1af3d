#include <hawser/defer/detail/node.h>

#include <hawser/base/logging.h>
#include <hawser/defer/errors.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace hawser::detail {

constinit thread_local RunState runState __attribute__((tls_model("initial-exec"))) = {};

namespace {

Node* nextOf(Node* node) noexcept {
  return node->consumer == Consumer::next ? static_cast<Node*>(node->waiter) : nullptr;
}

/// The node at which the chain that ends in `tail` stands: its source, the link that runs or waits
/// for another chain, or the node that holds a result.
template <class N>
N* headOf(N* tail) noexcept {
  while (tail->kind == NodeKind::link && !tail->hasResult() && !tail->adopting && tail->inner &&
         !tail->boundary)
    tail = tail->inner;
  return tail;
}

void report(const Failure& failure, logging::EventKind kind) noexcept {
  if (failure.check<ObjectGoneError>()) return;
  logging::log(
      {logging::Level::error, kind, "Unhandled error in Deferred", &failure, failure.raisedAt()});
}

/// Frees a paused chain that nobody can unpause any more.
void bury(Node* head) noexcept {
  // What is destroyed here may cancel; it must not find a chain that is half gone.
  Node* tail = head;
  while (Node* next = nextOf(tail)) tail = next;
  dropHandles(tail);
  if (head->state == NodeState::failure)
    report(head->storedFailure,
           head->marked ? logging::EventKind::unhandled : logging::EventKind::droppedWhilePaused);
  while (head) {
    Node* next = nextOf(head);
    head->dispose();
    head = next;
  }
}

void stayPaused(Node* head) noexcept {
  Node* tail = head;
  while (Node* next = nextOf(tail)) tail = next;
  if (tail->consumer == Consumer::detached) bury(head);
}

void finishDetached(Node* node) noexcept {
  if (node->state == NodeState::failure) {
    const Failure failure = node->takeFailure();
    node->dispose();
    report(failure, logging::EventKind::unhandled);
  } else {
    node->dispose();
  }
}

void passOn(Node* from, bool starts) {
  const HandlerScope scope;
  while (from) {
    if (from->held) return;
    if (from->boundary) [[unlikely]] {
      from->boundary = from->barrier = false;
      starts = true;
    }
    if (starts && from->pauses != 0) return stayPaused(from);
    switch (from->consumer) {
      case Consumer::owner:
        from->marked = from->state == NodeState::failure;
        return from->settle();
      case Consumer::detached:
        return finishDetached(from);
      case Consumer::next: {
        Node* link = static_cast<Node*>(from->waiter);
        if (from->pauses != 0 || from->barrier) [[unlikely]] {
          link->pauses = static_cast<std::uint16_t>(link->pauses + from->pauses);
          link->barrier |= from->barrier;
        }
        from = link->take(from);
        starts = false;
        break;
      }
      case Consumer::adopter:
      case Consumer::member:
        if (from->handles) dropHandles(from);
        from = from->waiter->take(from);
        starts = true;
        break;
    }
  }
}

}  // namespace

void run(Node* from, bool starts) {
  const RunSitesScope nowhere(nullptr);
  passOn(from, starts);
}

void runFired(Node* from, std::source_location fired) {
  const RunSites sites{from->site, fired};
  const RunSitesScope here(&sites);
  passOn(from, true);
}

void recycleSlowly(Node* node) noexcept {
  if (node->references != 0)
    node->consumed = true;
  else
    node->dispose();
}

void append(Node* tail, Node* link) noexcept {
  link->inner = tail;
  link->pauseSeen = tail->pauseSeen;
  tail->waiter = link;
  tail->consumer = Consumer::next;
  if (tail->handles) moveHandles(tail, link);
}

void attach(Node* tail, Waiter* waiter, Consumer kind) noexcept {
  tail->waiter = waiter;
  tail->consumer = kind;
  waiter->inner = tail;
}

bool adopt(Node* link, Node* tail, bool keep) noexcept {
  const bool removable =
      !keep && link->pauses == 0 &&
      (link->consumer == Consumer::detached || link->consumer == Consumer::adopter ||
       (link->consumer == Consumer::member && !link->barrier));
  if (!removable) {
    attach(tail, link, Consumer::adopter);
    link->adopting = true;
    return false;
  }
  if (link->consumer == Consumer::detached) {
    tail->consumer = Consumer::detached;
  } else {
    attach(tail, link->waiter, link->consumer);
    if (link->barrier) static_cast<Node*>(tail->waiter)->innerBarrier = true;
  }
  if (link->handles) {
    if (link->barrier)
      dropHandles(link);
    else
      moveHandles(link, tail);
  }
  return true;
}

bool waitsFor(const Node* tail, const Node* waiter) noexcept {
  // Down from one and up from the other, in step: the shorter way says enough.
  const Node* down = tail;
  const Node* up = waiter;
  for (;;) {
    if (down == waiter || up == tail) return true;
    if (down->kind == NodeKind::source || down->hasResult() || !down->inner) return false;
    if (up->consumer != Consumer::next && up->consumer != Consumer::adopter) return false;
    down = down->inner;
    up = static_cast<const Node*>(up->waiter);
  }
}

bool passesCoroutine(const Node* tail, const Node* waiter) noexcept {
  while (tail != waiter && tail->kind != NodeKind::coroutine) tail = tail->inner;
  return tail != waiter;
}

bool isPaused(const Node* tail) noexcept { return tail->pauseSeen && headOf(tail)->pauses != 0; }

bool isPausedWithResult(const Node* tail) noexcept {
  if (!tail->pauseSeen) return false;
  const Node* head = headOf(tail);
  return head->pauses != 0 && head->hasResult() && !head->held;
}

void cancelChain(Node* node, std::source_location where) {
  const HandlerScope scope;
  // What is held here is passed on when cancelling has returned, innermost first, as each of
  // Twisted's coroutines goes on when its own call of cancel() returns.
  struct Held {
    Node* innermost = nullptr;
    ~Held() noexcept(false) {
      while (Node* coroutine = innermost) {
        innermost = coroutine->nextHeld;
        coroutine->held = false;
        if (coroutine->hasResult()) run(coroutine);
      }
    }
  } held;
  for (;;) {
    if (node->hasResult() || node->held) return;
    if (node->kind == NodeKind::source) return node->cancelSource(where);
    if (node->barrier || node->innerBarrier || !node->inner) return;
    Node* const inner = node->inner;
    if (node->kind == NodeKind::coroutine) {
      node->held = true;
      node->nextHeld = std::exchange(held.innermost, node);
    }
    node = inner;
  }
}

void pauseChain(Node* tail) {
  Node* head = headOf(tail);
  if (head->pauses == UINT16_MAX)
    throw std::length_error("Deferred::pause(): paused 65,535 times already");
  tail->pauseSeen = true;
  ++head->pauses;
}

void unpauseChain(Node* tail) {
  Node* head = headOf(tail);
  if (head->pauses == 0) throw NotPausedError();
  if (--head->pauses == 0) runIfReady(head);
}

void detach(Node* tail) noexcept {
  if (tail->hasResult() && !tail->held) {
    tail->consumer = Consumer::detached;
    return bury(tail);
  }
  tail->consumer = Consumer::detached;
  if (!tail->pauseSeen) return;
  Node* head = headOf(tail);
  if (head->pauses != 0 && head->hasResult() && !head->held) bury(head);
}

void reportUnhandled(const Failure& failure) noexcept {
  report(failure, logging::EventKind::unhandled);
}

Failure raisedByHandler(std::source_location where, const Failure* original) {
  Failure failure = Failure::currentIn(SiteKind::handler, where, original);
  if (const RunSites* sites = runState.sites) {
    failure.addSite(SiteKind::made, sites->made);
    failure.addSite(SiteKind::fired, sites->fired);
  }
  return failure;
}

void failSource(Node* source, Failure why, std::source_location fired) {
  why.addSite(SiteKind::made, source->site);
  if (fired.line() != 0) why.addSite(SiteKind::fired, fired);
  source->fired = true;
  // Before the result is there: what the canceller owned may drop or extend the chain.
  if (source->callable && !source->inCanceller) source->dropCanceller();
  source->setFailure(std::move(why));
  runFired(source, fired);
}

void Node::cancelSource(std::source_location where) {
  if (fired) return;
  suppress = true;
  failSource(this, Failure(CancelledError(), where), {});
}

void releaseReference(Node* source) noexcept {
  if (--source->references == 0 && source->consumed) source->dispose();
}

void wrongThread(const Node* source, const char* act, std::source_location where) noexcept {
  std::fprintf(stderr,
               "hawser: the Resolver of the Deferred made at %s:%u was %s on another thread, at "
               "%s:%u. A chain belongs to the thread that made it; Reactor::remote() gives a "
               "firing end that may change threads.\n",
               source->site.file_name(), static_cast<unsigned>(source->site.line()), act,
               where.file_name(), static_cast<unsigned>(where.line()));
  std::abort();
}

}  // namespace hawser::detail
