#pragma once

#include <hawser/base/pool.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/errors.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace hawser {

/// How a list of Deferreds treats failures; combine with `|`.
struct ListOptions {
  bool fireOnOneErrback = false;
  bool consumeErrors = false;

  friend constexpr ListOptions operator|(ListOptions a, ListOptions b) noexcept {
    return {a.fireOnOneErrback || b.fireOnOneErrback, a.consumeErrors || b.consumeErrors};
  }
};
inline constexpr ListOptions fireOnOneErrback{.fireOnOneErrback = true};
inline constexpr ListOptions consumeErrors{.consumeErrors = true};

namespace detail {

/// What waits for one member of a list. Others may wait for members of other types: they are told
/// apart by `take`, and are all of one size.
struct ListSlot : Waiter {
  /// Null if the member was ready when it was listed.
  Node* list = nullptr;

  const Node* holder() const noexcept final { return list; }

 protected:
  ~ListSlot() {}
};

/// Cancels all whom these wait for. What their cancellers throw is logged, with the place where the
/// list was made.
void cancelSlots(ListSlot* slots, std::size_t count, std::source_location where,
                 std::source_location made);

/// What `ListSource` needs to know of a kind of list, with the defaults.
///
/// A kind says what it makes (`Output`), keeps what its members bring (`keep`, `keepFailure`) and
/// makes its output of that when the last member has ended (`complete`). `I` is the member's
/// position where its type depends on that (`typed`), and 0 otherwise.
struct ListKind {
  /// Each member has a type of its own.
  static constexpr bool typed = false;
  /// The first value is all that is wanted; `first` makes the output of it.
  static constexpr bool firstOnly = false;
  /// It is a contest: the others are cancelled before it fires, and it fires when it is cancelled,
  /// whatever its members make of that.
  static constexpr bool contest = false;

  void keepFailure(std::size_t, const Failure&) noexcept {}
  /// What the list fails with because of the failure of one member.
  Failure firstError(std::size_t index, Failure why, std::source_location where) const {
    return Failure(FirstError(index, why), where).withCause(std::move(why));
  }
};

/// The source of a list's chain, in one block with its slots.
///
/// It stays until its last member has ended, also if it fired before, and while a cancel goes
/// through its members. User code may run wherever a value, a failure or a node is given up. All of
/// that happens before a member is counted as ended, and before a result of the list can be seen.
template <class Kind>
struct ListSource final : NodeOf<typename Kind::Output> {
  using Output = typename Kind::Output;

  template <class T>
  static Deferred<Output> start(Kind kind, std::vector<Deferred<T>> members, ListOptions options,
                                std::source_location where) {
    const std::size_t count = members.size();
    ListSource* const list = make(std::move(kind), count, options, where);
    Deferred<Output> result = DeferredAccess::fromNode<Output>(list);
    const Hold whileStarting(*list);
    std::size_t waiting = 0;
    for (std::size_t i = 0; i < count; ++i) waiting += list->template listen<0>(i, members[i]);
    bool fires = count == 0 && list->empty();
    if (waiting != count)
      for (std::size_t i = 0; i < count; ++i)
        if (!list->slot(i).list) fires |= list->template takeReady<0>(i, members[i]);
    if (fires) run(list);
    return result;
  }

  template <class... T>
  static Deferred<Output> startPack(Kind kind, ListOptions options, Deferred<T>&... members) {
    ListSource* const list = make(std::move(kind), sizeof...(T), options, siteOf(members...));
    Deferred<Output> result = DeferredAccess::fromNode<Output>(list);
    const Hold whileStarting(*list);
    bool fires = false;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (list->template listen<Kind::typed ? I : 0>(I, members), ...);
      ((fires |= !list->slot(I).list && list->template takeReady<Kind::typed ? I : 0>(I, members)),
       ...);
    }(std::index_sequence_for<T...>());
    if (fires) run(list);
    return result;
  }

  void cancelSource(std::source_location where) override {
    // A member may wait for its own list: then this comes round again.
    if (this->fired || this->has(inCanceller)) return;
    const Hold whileCancelling(*this);
    this->set(inCanceller);
    cancelMembers(where);
    this->clear(inCanceller);
    if constexpr (Kind::contest)
      if (!this->fired) failSource(this, Failure(CancelledError(), where), {});
  }

  void dispose() noexcept override {
    if (!this->letGo()) return;
    const std::size_t bytes = bytesFor(size_);
    kind_.~Kind();
    freeSource(this, bytes);
  }

 private:
  template <class T, std::size_t I>
  struct Slot final : ListSlot {
    Node* take(Node* from) override {
      return static_cast<ListSource*>(this->list)
          ->template ended<I>(*this, static_cast<NodeOf<T>*>(from));
    }
  };
  static_assert(alignof(ListSlot) <= alignof(Node));

  /// Keeps the list, which otherwise goes when its last member has ended and its result is taken.
  struct Hold {
    ListSource& list;
    explicit Hold(ListSource& it) noexcept : list(it) { ++list.holds_; }
    ~Hold() {
      if (--list.holds_ == 0 && list.outstanding_ == 0) releaseReference(&list);
    }
  };

  static std::size_t bytesFor(std::size_t size) noexcept {
    return sizeof(ListSource) + size * sizeof(ListSlot);
  }

  static ListSource* make(Kind&& kind, std::size_t size, ListOptions options,
                          std::source_location where) {
    return listed(makeSource(bytesFor(size), [&](void* at) {
      return ::new (at) ListSource(std::move(kind), size, options, where);
    }));
  }

  ListSource(Kind&& collects, std::size_t size, ListOptions options,
             std::source_location where) noexcept(std::is_nothrow_move_constructible_v<Kind>)
      : NodeOf<Output>(NodeKind::source, 0, where),
        kind_(std::move(collects)),
        size_(size),
        outstanding_(size),
        options_(options) {
    if constexpr (!Kind::contest) this->set(barrier);
    this->thread = &runState;
    this->references = 1;  // for the members and the holds together
  }
  ~ListSource() = default;

  ListSlot* slots() noexcept { return reinterpret_cast<ListSlot*>(this + 1); }
  ListSlot& slot(std::size_t index) noexcept { return slots()[index]; }

  /// Nothing can stand for the caller's place behind a pack of parameters: a member's has to do.
  template <class... T>
  static std::source_location siteOf(const Deferred<T>&... members) noexcept {
    std::source_location where;
    const auto takeFirst = [&where](const Node* node) {
      if (node && where.line() == 0) where = node->site;
    };
    (takeFirst(DeferredAccess::nodeOf(members)), ...);
    return where.line() != 0 ? where : std::source_location::current();
  }

  bool empty() {
    complete();
    return publish();
  }

  /// Makes the slot of a member, which waits unless the member is ready: then false. Runs no user
  /// code.
  template <std::size_t I, class T>
  bool listen(std::size_t index, Deferred<T>& member) noexcept {
    static_assert(sizeof(Slot<T, I>) == sizeof(ListSlot));
    ListSlot* const slot = ::new (static_cast<void*>(slots() + index)) Slot<T, I>;
    Node* const tail = DeferredAccess::nodeOf(member);
    if (tail && !tail->hasResult() && !tail->has(pauseSeen)) [[likely]] {
      DeferredAccess::forgetNode(member);
      attach(tail, slot, Consumer::member);
      slot->list = this;
      return true;
    }
    return !DeferredAccess::isInline(member) && listenSlowly(slot, member);
  }

  template <class T>
  [[gnu::noinline]] bool listenSlowly(ListSlot* slot, Deferred<T>& member) noexcept {
    if (DeferredAccess::isReady(member)) return false;
    try {
      attach(DeferredAccess::release(member, "listed"), slot, Consumer::member);
      slot->list = this;
      return true;
    } catch (...) {
      member = Failure::current();
      return false;
    }
  }

  template <std::size_t I, class T>
  bool takeReady(std::size_t index, Deferred<T>& member) {
    const bool fires = [&] {
      try {
        if (Stored<T>* value = DeferredAccess::inlineValue(member)) [[likely]] {
          keep<I>(index, *value);
          return counted();
        }
        Result<T> result = DeferredAccess::takeNow(member);
        if (!result) return failed(index, std::move(result).failure());
        keep<I>(index, *result);
      } catch (...) {
        return failed(index, Failure::current());
      }
      return counted();
    }();
    return fires && publish();
  }

  template <std::size_t I, class T>
  Node* ended(ListSlot& slot, NodeOf<T>* from) {
    slot.inner = nullptr;
    // NOLINTNEXTLINE(bugprone-pointer-arithmetic-on-polymorphic-object): all are of one size
    const auto index = static_cast<std::size_t>(&slot - slots());
    bool fires;
    if (from->state == NodeState::value) [[likely]]
      fires = endedWell<I>(index, from);
    else
      fires = endedBadly(index, from);
    return fires && publish() ? this : nullptr;
  }

  template <std::size_t I, class T>
  bool endedWell(std::size_t index, NodeOf<T>* from) {
    struct End {
      NodeOf<T>* node;
      ~End() {
        node->destroyResult();
        recycle(node);
      }
    };
    try {
      if constexpr (Kind::contest) {
        // The member is over before others are cancelled because of it.
        Stored<T> value = [from] {
          const End end{from};
          return Stored<T>(std::move(from->storedValue));
        }();
        keep<I>(index, value);
      } else {
        const End end{from};
        keep<I>(index, from->storedValue);
      }
    } catch (...) {
      return failed(index, Failure::current());
    }
    return counted();
  }

  [[gnu::noinline]] bool endedBadly(std::size_t index, Node* from) {
    Failure failure = from->takeFailure();
    recycle(from);
    return failed(index, std::move(failure));
  }

  template <std::size_t I, class V>
  void keep(std::size_t index, V& value) {
    if constexpr (!Kind::firstOnly) {
      if (!this->fired) kind_.template keep<I>(index, std::move(value));
    } else if constexpr (!Kind::contest) {
      if (!this->fired) fire([&] { return kind_.first(index, std::move(value)); });
    } else {
      if (std::exchange(decided_, true)) return;
      {
        const Hold whileCancelling(*this);
        cancelMembers(this->site);
      }
      if (this->fired)
        firedTwice();
      else
        fire([&] { return kind_.first(index, std::move(value)); });
    }
  }

  [[gnu::noinline]] bool failed(std::size_t index, Failure why) {
    if (!this->fired) kind_.keepFailure(index, why);
    // Before the list fires, since whoever observes this may do anything with other members.
    if (!options_.consumeErrors) reportUnhandled(Failure(why));
    if (options_.fireOnOneErrback && !this->fired)
      fail([&] { return kind_.firstError(index, std::move(why), this->site); });
    return counted();
  }

  /// One member less. True if the list is to be published now; otherwise it may be gone.
  bool counted() {
    const bool last = --outstanding_ == 0;
    if (last) [[unlikely]] {
      if (!this->fired)
        complete();
      else if constexpr (Kind::contest)
        if (!decided_) firedTwice();
    }
    const bool fires = outcome_ != NodeState::pending;
    if (last && holds_ == 0) releaseReference(this);
    return fires;
  }

  void complete() {
    if constexpr (Kind::contest)
      fail([this] { return kind_.allFailed(this->site); });
    else
      fire([this] { return kind_.complete(); });
  }

  template <class Make>
  void fire(Make make) {
    unlist(this);
    this->fired = true;
    try {
      this->prepareValue(make());
      outcome_ = NodeState::value;
    } catch (...) {
      fail([this] { return raisedByHandler(this->site, nullptr); });
    }
  }

  template <class Make>
  void fail(Make make) {
    unlist(this);
    this->fired = true;
    try {
      this->setFailure(make());
    } catch (...) {
      this->setFailure(raisedByHandler(this->site, nullptr));
    }
    this->state = NodeState::pending;
    outcome_ = NodeState::failure;
  }

  /// The result was ready, but kept back until nothing of the user's had still to be destroyed.
  bool publish() noexcept {
    this->state = std::exchange(outcome_, NodeState::pending);
    return true;
  }

  /// A contest that had to fire because it was cancelled is decided nevertheless.
  void firedTwice() { reportUnhandled(Failure(AlreadyCalledError(), this->site)); }

  void cancelMembers(std::source_location where) { cancelSlots(slots(), size_, where, this->site); }

  [[no_unique_address]] Kind kind_;
  std::size_t size_;
  std::size_t outstanding_;
  std::uint32_t holds_ = 0;
  NodeState outcome_ = NodeState::pending;  // what to publish
  bool decided_ = false;                    // contests: somebody has won
  ListOptions options_;
};

}  // namespace detail
}  // namespace hawser
