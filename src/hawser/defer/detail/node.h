#pragma once

#include <hawser/base/failure.h>
#include <hawser/base/pool.h>
#include <hawser/defer/deferred_state.h>
#include <hawser/defer/detail/handler_scope.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <source_location>
#include <utility>

/// The machinery of pending chains, without types.
///
/// A chain is a singly linked list of nodes: a *source* (or a coroutine's promise), then one
/// *link* for each handler that was added. A node is pending until it has a result; then its
/// consumer takes the result and the node is freed, so a running chain shrinks from the front. The
/// last node belongs to whoever waits for the chain: a Deferred (its *owner*), another chain's
/// link that a handler made wait (its *adopter*), a coroutine, a member of a list, or nobody
/// (*detached*).
namespace hawser {

class DeferredBase;

namespace detail {

struct Node;
struct HandleBlock;
struct Listing;

/// Stands for an empty Failure that somebody fails a chain with.
Failure madeOfNothing(std::source_location where) noexcept;

/// What can take a node's result when it comes.
struct Waiter {
  /// Takes the result of `from`, which has one, and frees it. Returns the node that has a result
  /// to pass on because of that, or null. Links take values only, with this.
  virtual Node* take(Node* from) = 0;

  /// The node that goes on when this has taken a result.
  virtual const Node* holder() const noexcept = 0;

  Waiter() noexcept : inner(nullptr) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  union {
    /// What this waits for. Null while a handler or coroutine body runs.
    Node* inner;
    /// A source's place in the registry, while it is listed.
    Listing* listing;
    /// A node's result, in state `failure`.
    Failure storedFailure;
  };

 protected:
  ~Waiter() {}
};

/// `taken`: the result is gone, but the node is not: a Resolver still points to it, or its end
/// runs.
enum class NodeState : std::uint8_t { pending, value, failure, taken };

enum class NodeKind : std::uint8_t { source, link, coroutine };

/// Who takes the result of a node; the last two go beyond its chain.
enum class Consumer : std::uint8_t {
  owner,     ///< a Deferred; the node is the last of its chain
  detached,  ///< nobody, the Deferred was dropped; the last of its chain
  next,      ///< the next link of the same chain
  adopter,   ///< a node of another chain: a link whose handler returned this chain, or a coroutine
  member     ///< another Waiter, such as a slot of a list
};

/// What is rarely so with a node: of most, a result simply goes on to the consumer.
enum Rare : std::uint16_t {
  /// `cancel` is under way below this coroutine: its result waits until that has returned.
  held = 1,
  /// A Deferred that a handler returned stands for this chain and the one of the handler: what is
  /// behind this node belongs to the latter, as to pauses and barriers.
  boundary = 2,
  /// Once a list has fired, cancelling does not go past this node (as in Twisted).
  barrier = 4,
  /// `pauses` is not 0.
  paused = 8,
  /// Somebody paused the chain when this was its last node; only then is a search for pauses due.
  pauseSeen = 16,
  /// CancelHandles hang on this node, the last of its chain.
  handled = 32,
  /// The failure has been seen by a complete run of the chain: unhandled if dropped now.
  marked = 64,
  /// `inner` belongs to another chain.
  adopting = 128,
  /// Like `barrier`, for as long as the present `inner` is waited for.
  innerBarrier = 256,
  abandoned = 512,    ///< sources: in the thread's queue
  suppress = 1024,    ///< sources: cancelled, lets one late firing pass
  inCanceller = 2048  ///< sources: the canceller runs now
};

/// What decides where a node's result goes, in one word: mostly it is as in a chain in which
/// nothing rare happens, and then one comparison tells.
struct Standing {
  NodeState state = NodeState::pending;
  Consumer consumer = Consumer::owner;
  std::uint16_t rare = 0;  // of `Rare`

  bool has(Rare what) const noexcept { return (rare & what) != 0; }
  void set(Rare what) noexcept { rare = static_cast<std::uint16_t>(rare | what); }
  void clear(unsigned what) noexcept { rare = static_cast<std::uint16_t>(rare & ~what); }

  /// Nothing is rare.
  bool isJust(NodeState wanted, Consumer by) const noexcept {
    return word() == Standing{wanted, by}.word();
  }
  /// From `pending`. In one store of the whole, since what comes next reads the whole.
  void arrive(NodeState at) noexcept {
    *this = __builtin_bit_cast(Standing, word() | Standing{at}.word());
  }

 private:
  constexpr std::uint32_t word() const noexcept { return __builtin_bit_cast(std::uint32_t, *this); }
};

/// Valid states: pending with `inner` set (waits for it), pending without (a source that was not
/// fired, which may have `listing` there; a link or coroutine whose user code runs now), and value
/// or failure, which last only while the chain is paused or held or the node is the last one with
/// an owner.
struct Node : Waiter, Standing {
  bool isSource : 1;
  bool isCoroutine : 1;
  /// A link's callable, or a source's canceller, still has to be destroyed.
  bool callable : 1 = false;
  bool fired : 1 = false;  // sources: has had its result, or is about to
  /// Links without an errback whose callable needs no destruction: a failure only leaves its site.
  bool skipsFailures : 1 = false;
  /// What is behind this node was behind a handler, added at `returnedBy`, that returned this
  /// chain.
  bool wasReturned : 1 = false;
  std::uint16_t pauses : 10 = 0;  // of the chain, counted at its first node
  std::uint8_t references = 0;    // sources: Resolvers, and others who need the block to stay
  std::uint8_t granules;          // size of the block; 0: freeing takes more than giving it back

  union {
    DeferredBase* owner;
    Waiter* waiter;
  };
  union {
    HandleBlock* handles = nullptr;   // `handled`: they hang on a chain's last node
    std::source_location returnedBy;  // `wasReturned`
  };
  union {
    const void* thread;   // sources: &runState of it, or listedHere() if they are listed
    Node* nextAbandoned;  // sources in a queue of the thread, which are not listed
    Node* nextHeld;       // coroutines: the next one outwards below which `cancel` is under way
  };
  std::source_location site;  // where the Deferred was made or the handler added
  /// `bytes` is the size of a block of the pool that is freed when the result has been taken; 0 if
  /// `dispose` has to do that.
  Node(NodeKind nodeKind, std::size_t bytes, std::source_location where) noexcept
      : isSource(nodeKind == NodeKind::source),
        isCoroutine(nodeKind == NodeKind::coroutine),
        granules(static_cast<std::uint8_t>(bytes <= poolLargestBlock ? poolClassOf(bytes) : 0)),
        owner(nullptr),
        site(where) {}

  /// Stands for this thread in a listed source.
  static const void* listedHere() noexcept {
    return reinterpret_cast<const std::byte*>(&runState) + 1;
  }
  bool isListed() const noexcept { return thread == listedHere(); }

  static constexpr std::uint16_t mostPauses = 1023;
  void setPauses(unsigned count) noexcept {
    pauses = count & mostPauses;
    if (count != 0)
      set(paused);
    else
      clear(paused);
  }

  void become(NodeKind nodeKind) noexcept {
    isSource = nodeKind == NodeKind::source;
    isCoroutine = nodeKind == NodeKind::coroutine;
  }
  bool isLink() const noexcept { return !isSource && !isCoroutine; }
  bool hasResult() const noexcept { return state != NodeState::pending; }
  void setFailure(Failure why) noexcept {
    setHeldFailure(why ? std::move(why) : madeOfNothing(site));
  }
  /// The same for one that is known to hold an exception.
  void setHeldFailure(Failure&& why) noexcept {
    ::new (&storedFailure) Failure(std::move(why));
    if (wasReturned) [[unlikely]]
      storedFailure.addSite(SiteKind::passed, returnedBy);
    arrive(NodeState::failure);
  }
  Failure takeFailure() noexcept {
    Failure result = std::move(storedFailure);
    storedFailure.~Failure();
    inner = nullptr;
    state = NodeState::pending;
    return result;
  }

  const Node* holder() const noexcept final { return this; }
  /// Links: like `take`, which is for values, for failures.
  virtual Node* takeFailed(Node*) { return nullptr; }
  /// Links and coroutines: the same for a chain that this adopted, whatever it ended with.
  virtual Node* takeAdopted(Node* from) = 0;
  /// Hands the result to the owner, or keeps it here for the owner.
  virtual void settle() noexcept = 0;
  /// Destroys what is held (result, callable) and frees the node.
  virtual void dispose() noexcept = 0;

  /// Sources: cancels what is pending here. May throw what a canceller throws. Without a canceller:
  /// fires with CancelledError and lets one later firing pass unnoticed.
  virtual void cancelSource(std::source_location where);
  /// Sources: destroys the canceller, which is of no more use once the source has fired.
  virtual void dropCanceller() noexcept {}

 protected:
  ~Node() {}
};

// Of handle_block.h, for those who deal with nodes.
void moveHandlesOf(Node* from, Node* to) noexcept;
void dropHandlesOf(Node* node) noexcept;
inline void moveHandles(Node* from, Node* to) noexcept {
  if (from->has(handled)) [[unlikely]]
    moveHandlesOf(from, to);
}
inline void dropHandles(Node* node) noexcept {
  if (node->has(handled)) [[unlikely]]
    dropHandlesOf(node);
}

/// Passes the result that `from` has just got as far as it goes, without recursion. `starts` is
/// false if that goes on with a run which a handler of the same chain was part of.
void run(Node* from, bool starts = true);
/// The same for a node that has just got its value, and that a coroutine most likely waits for.
inline void runValue(Node* from) {
  if (!from->isJust(NodeState::value, Consumer::adopter)) [[unlikely]]
    return run(from);
  const RunSitesScope nowhere(nullptr);
  const HandlerScope scope;
  if (Node* const next = static_cast<Node*>(from->waiter)->takeAdopted(from)) run(next);
}
/// The same with a record of where the chain was fired.
void runFired(Node* from, std::source_location fired);

/// Frees a node whose result was taken.
void recycleSlowly(Node* node) noexcept;
[[gnu::always_inline]] inline void recycle(Node* node) noexcept {
  if (node->references == 0 && node->granules != 0) [[likely]]
    poolFreeClass(node, node->granules);
  else
    recycleSlowly(node);
}

/// Frees a node at the end of a block, whatever leaves that.
struct Recycle {
  Node* node;
  [[gnu::always_inline]] ~Recycle() { recycle(node); }
};

/// Whether what waits for `node` may run now, because its result is there.
inline bool mayRun(const Node* node) noexcept { return node->hasResult() && !node->has(held); }
/// `append` for a tail that was not just pending.
bool appendSlowly(Node* tail, Node* link) noexcept;
/// Puts `link` behind `tail`, the last node of a chain that has an owner. True if it may run now.
[[nodiscard]] inline bool append(Node* tail, Node* link) noexcept {
  const bool plain = tail->isJust(NodeState::pending, Consumer::owner);
  link->inner = tail;
  tail->waiter = link;
  tail->consumer = Consumer::next;
  return !plain && appendSlowly(tail, link);
}
/// `link`, whose handler returned the chain that ends in `tail`, waits for it. True if `link` was
/// no longer needed and is gone: its consumer waits for `tail` itself.
[[nodiscard]] bool adopt(Node* link, Node* tail, bool keep) noexcept;
/// Whether the chain that ends in `tail` waits, by itself or through others, for `waiter`: it could
/// never go on if `waiter` waited for it.
bool waitsThroughOthers(const Node* tail, const Node* waiter) noexcept;
inline bool waitsFor(const Node* tail, const Node* waiter) noexcept {
  return !tail->isSource && waitsThroughOthers(tail, waiter);
}
/// Whether there is a coroutine on the way from `tail` down to `waiter`, for which it waits.
bool passesCoroutine(const Node* tail, const Node* waiter) noexcept;
/// Makes `waiter` the consumer of the chain that ends in `tail`.
inline void attach(Node* tail, Waiter* waiter, Consumer kind) noexcept {
  tail->waiter = waiter;
  tail->consumer = kind;
  waiter->inner = tail;
}
/// True if the chain that ends in `tail` is paused; nobody could unpause it after it was moved.
bool isPaused(const Node* tail) noexcept;
/// Of a Deferred whose chain ends in `tail`.
DeferredState stateOf(const Node* tail) noexcept;

void cancelChain(Node* tail, std::source_location where);
void pauseChain(Node* tail);
void unpauseChain(Node* tail);
/// The owner of `tail` goes away.
void detach(Node* tail) noexcept;

void reportUnhandled(const Failure& failure) noexcept;

/// The exception being handled, raised by the handler that was added at `where`. `original` is what
/// the handler was given, if that was a failure.
Failure raisedByHandler(std::source_location where, const Failure* original);

void releaseReference(Node* source) noexcept;
/// Fires with a failure; `fired` may be empty.
void failSource(Node* source, Failure why, std::source_location fired);

/// If a source is listed or not of this thread; in the latter case, ends the program.
void checkThreadSlowly(const Node* source, const char* act, std::source_location where) noexcept;
void leaveRegistry(Node* source, const char* act, std::source_location where) noexcept;

inline void checkThread(const Node* source, const char* act, std::source_location where) noexcept {
  if (source->thread != &runState) [[unlikely]]
    checkThreadSlowly(source, act, where);
}
/// The same before a source is fired: it leaves the registry.
inline void prepareFiring(Node* source, const char* act, std::source_location where) noexcept {
  if (source->thread != &runState) [[unlikely]]
    leaveRegistry(source, act, where);
}

}  // namespace detail
}  // namespace hawser
