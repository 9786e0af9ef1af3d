#pragma once

#include <hawser/defer/deferred.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <source_location>

/// What locks, semaphores and queues share: Deferreds that wait in a row to be served.
namespace hawser::detail {

struct WaitList;

/// What is to be done for who waits for a lock or semaphore.
enum class Wants : std::uint8_t {
  token,   ///< give a token, which its handlers release
  permit,  ///< give a Permit
  run      ///< run the function of a `run`
};

/// A place in a row: part of the first node of the chain that waits.
struct WaitLink {
  WaitLink* previous = nullptr;  // null: not in the row (any more)
  WaitLink* next;
  WaitList* list;
  Node* const node;
  const Wants wants;

  WaitLink(Node* self, WaitList* row, Wants what) noexcept : list(row), node(self), wants(what) {}
};

/// The row: a ring that begins and ends here. Waiting costs no memory but the node's own, and
/// leaving takes the same time wherever one stands.
struct WaitList {
  WaitList() noexcept : ends_(nullptr, this, Wants::token) { ends_.previous = ends_.next = &ends_; }
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  std::size_t size() const noexcept { return size_; }
  /// Null at the end.
  WaitLink* first() noexcept { return after(&ends_); }
  WaitLink* after(WaitLink* link) noexcept { return link->next == &ends_ ? nullptr : link->next; }

  void append(WaitLink* link) noexcept {
    link->previous = ends_.previous;
    link->next = &ends_;
    ends_.previous->next = link;
    ends_.previous = link;
    ++size_;
  }
  void remove(WaitLink* link) noexcept {
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->previous = nullptr;
    --size_;
  }

 private:
  WaitLink ends_;
  std::size_t size_ = 0;
};

/// The source of a chain that waits in a row for a T.
///
/// Valid states: in the row; served or cancelled (`fired`); left without anybody who could serve it
/// (in the thread's queue of the abandoned, which holds a reference).
template <class T>
struct Waiting final : Source<T>, WaitLink {
  static Deferred<T> join(WaitList& row, Wants what, std::source_location where) {
    auto* waiting = listed(makeSource(
        sizeof(Waiting), [&](void* at) { return ::new (at) Waiting(row, what, where); }));
    row.append(waiting);
    return DeferredAccess::fromNode<T>(waiting);
  }

  /// Served: the value is in its place.
  Node* take(Node*) override {
    this->state = NodeState::value;
    return this;
  }

  void cancelSource(std::source_location where) override {
    if (this->fired) return;
    if (previous) list->remove(this);
    failSource(this, Failure(CancelledError(), where), {});
  }

 private:
  Waiting(WaitList& row, Wants what, std::source_location where) noexcept
      : Source<T>(where, 0, sizeof(Waiting)), WaitLink(this, &row, what) {}
  ~Waiting() {}
  void freeBlock() noexcept override { freeSource(this, sizeof(Waiting)); }
};

/// Nobody is left who could serve this one. Its chain runs when the caller's HandlerScope ends.
void abandon(WaitLink* waiting) noexcept;

/// Lets a source that has left its row `take()` what it waited for, and runs its chain.
///
/// That happens inside the call, so that servings nest as they do in Twisted, up to a depth that
/// Twisted cannot reach. Deeper than that, a source has to wait until the innermost of these calls
/// returns, so that rows of any length need a bounded stack; it cannot be cancelled any more then.
/// `fired` says where this was, and may be empty.
void serve(Node* source, std::source_location fired);

}  // namespace hawser::detail
