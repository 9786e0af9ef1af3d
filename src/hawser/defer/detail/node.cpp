#include <hawser/defer/detail/node.h>

#include <hawser/base/logging.h>
#include <hawser/defer/detail/listing.h>
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
  while (tail->isLink() && !tail->hasResult() && !tail->has(adopting) && tail->inner &&
         !tail->has(boundary))
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
    report(head->storedFailure, head->has(marked) ? logging::EventKind::unhandled
                                                  : logging::EventKind::droppedWhilePaused);
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

/// Deals with what is `rare` of a node. False: its result stays where it is.
[[gnu::noinline]] bool mayPass(Node* from, bool starts) noexcept {
  if (from->has(held)) return false;
  if (from->has(boundary)) {
    from->clear(boundary);
    from->clear(barrier);
    starts = true;
  }
  if (starts && from->pauses != 0) {
    stayPaused(from);
    return false;
  }
  if (from->consumer == Consumer::next) {
    Node* link = static_cast<Node*>(from->waiter);
    link->setPauses(link->pauses + 0u + from->pauses);
    if (from->has(barrier)) link->set(barrier);
  } else if (from->consumer > Consumer::next) {
    dropHandles(from);
  }
  return true;
}

/// Hands a failure to the next link, and past those that have nothing to do with failures.
Node* skip(Node* from) {
  for (;;) {
    auto* const link = static_cast<Node*>(from->waiter);
    if (!link->skipsFailures) return link->takeFailed(from);
    if (from->references == 0 && from->granules != 0) [[likely]] {
      from->storedFailure.addSite(SiteKind::passed, link->site);
      link->setHeldFailure(std::move(from->storedFailure));
      poolFreeClass(from, from->granules);
    } else {
      Failure failure = from->takeFailure();
      link->inner = nullptr;
      // Before the link has its failure: the end of a coroutine's parameters may do anything.
      recycle(from);
      failure.addSite(SiteKind::passed, link->site);
      link->setHeldFailure(std::move(failure));
    }
    if (!link->isJust(NodeState::failure, Consumer::next)) return link;
    from = link;
  }
}

[[gnu::always_inline]] inline void passOn(Node* from, bool starts) {
  const HandlerScope scope;
  while (from) {
    if (from->isJust(NodeState::value, Consumer::next)) [[likely]] {
      from = from->waiter->take(from);
      starts = false;
      continue;
    }
    if (from->rare != 0) [[unlikely]]
      if (!mayPass(from, starts)) return;
    if (from->consumer > Consumer::next) {
      from = from->consumer == Consumer::adopter
                 ? static_cast<Node*>(from->waiter)->takeAdopted(from)
                 : from->waiter->take(from);
      starts = true;
    } else if (from->consumer == Consumer::owner) {
      return from->settle();
    } else if (from->consumer == Consumer::next) {
      from = from->state != NodeState::failure ? from->waiter->take(from) : skip(from);
      starts = false;
    } else {
      return finishDetached(from);
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
  node->state = NodeState::taken;
  if (node->references == 0) node->dispose();
}

bool appendSlowly(Node* tail, Node* link) noexcept {
  if (tail->has(pauseSeen)) link->set(pauseSeen);
  moveHandles(tail, link);
  return mayRun(tail);
}

bool adopt(Node* link, Node* tail, bool keep) noexcept {
  const bool removable =
      !keep && link->pauses == 0 && !(link->has(handled) && tail->wasReturned) &&
      (link->consumer == Consumer::detached || link->consumer == Consumer::adopter ||
       (link->consumer == Consumer::member && !link->has(barrier)));
  if (!removable) {
    attach(tail, link, Consumer::adopter);
    link->set(adopting);
    return false;
  }
  if (link->consumer == Consumer::detached) {
    tail->consumer = Consumer::detached;
  } else {
    attach(tail, link->waiter, link->consumer);
    if (link->has(barrier)) static_cast<Node*>(tail->waiter)->set(innerBarrier);
  }
  if (link->has(barrier))
    dropHandles(link);
  else
    moveHandles(link, tail);
  return true;
}

bool waitsThroughOthers(const Node* tail, const Node* waiter) noexcept {
  // Down from one and up from the other, in step: the shorter way says enough.
  const Node* down = tail;
  const Node* up = waiter;
  for (;;) {
    if (down == waiter || up == tail) return true;
    if (down->isSource || down->hasResult() || !down->inner) return false;
    if (up->consumer != Consumer::next && up->consumer != Consumer::adopter) return false;
    down = down->inner;
    up = static_cast<const Node*>(up->waiter);
  }
}

bool passesCoroutine(const Node* tail, const Node* waiter) noexcept {
  while (tail != waiter && !tail->isCoroutine) tail = tail->inner;
  return tail != waiter;
}

bool isPaused(const Node* tail) noexcept {
  return tail->has(pauseSeen) && headOf(tail)->pauses != 0;
}

DeferredState stateOf(const Node* tail) noexcept {
  if (tail->has(pauseSeen)) {
    const Node* head = headOf(tail);
    if (head->pauses != 0 && head->hasResult() && !head->has(held)) return DeferredState::paused;
  }
  if (!tail->hasResult() || tail->has(held)) return DeferredState::pending;
  return tail->state == NodeState::value ? DeferredState::value : DeferredState::failure;
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
        coroutine->clear(held);
        if (coroutine->hasResult()) run(coroutine);
      }
    }
  } waiting;
  for (;;) {
    if (node->hasResult() || node->has(held)) return;
    if (node->isSource) return node->cancelSource(where);
    if (node->has(barrier) || node->has(innerBarrier) || !node->inner) return;
    Node* const inner = node->inner;
    if (node->isCoroutine) {
      node->set(held);
      node->nextHeld = std::exchange(waiting.innermost, node);
    }
    node = inner;
  }
}

void pauseChain(Node* tail) {
  Node* head = headOf(tail);
  if (head->pauses == Node::mostPauses)
    throw std::length_error("Deferred::pause(): paused 1,023 times already");
  tail->set(pauseSeen);
  head->setPauses(head->pauses + 1u);
}

void unpauseChain(Node* tail) {
  Node* head = headOf(tail);
  if (head->pauses == 0) throw NotPausedError();
  head->setPauses(head->pauses - 1u);
  if (head->pauses == 0 && mayRun(head)) run(head);
}

void detach(Node* tail) noexcept {
  if (tail->hasResult() && !tail->has(held)) {
    tail->consumer = Consumer::detached;
    return bury(tail);
  }
  tail->consumer = Consumer::detached;
  if (!tail->has(pauseSeen)) return;
  Node* head = headOf(tail);
  if (head->pauses != 0 && head->hasResult() && !head->has(held)) bury(head);
}

Failure madeOfNothing(std::source_location where) noexcept {
  return Failure(EmptyFailureError(), where);
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
  unlist(source);
  source->fired = true;
  // Before the result is there: what the canceller owned may drop or extend the chain.
  if (source->callable) source->dropCanceller();
  source->setFailure(std::move(why));
  runFired(source, fired);
}

void Node::cancelSource(std::source_location where) {
  if (fired) return;
  set(suppress);
  failSource(this, Failure(CancelledError(), where), {});
}

void releaseReference(Node* source) noexcept {
  if (--source->references == 0 && source->state == NodeState::taken) source->dispose();
}

namespace {

[[noreturn]] void wrongThread(const Node* source, const char* act,
                              std::source_location where) noexcept {
  std::fprintf(stderr,
               "hawser: the Resolver of the Deferred made at %s:%u was %s on another thread, at "
               "%s:%u. A chain belongs to the thread that made it; Reactor::remote() gives a "
               "firing end that may change threads.\n",
               source->site.file_name(), static_cast<unsigned>(source->site.line()), act,
               where.file_name(), static_cast<unsigned>(where.line()));
  std::abort();
}

}  // namespace

void checkThreadSlowly(const Node* source, const char* act, std::source_location where) noexcept {
  if (!source->isListed() && !source->has(abandoned)) wrongThread(source, act, where);
}

void leaveRegistry(Node* source, const char* act, std::source_location where) noexcept {
  checkThreadSlowly(source, act, where);
  unlist(source);
}

}  // namespace hawser::detail
