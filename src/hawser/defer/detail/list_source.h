#pragma once

#include <hawser/base/logging.h>
#include <hawser/defer/deferred.h>

#include <cstddef>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>
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

template <class T>
struct FirstValue;

namespace detail {

template <class T>
struct CollectAll {
  using Output = std::vector<Result<T>>;
  static constexpr bool firstOnly = false;
};

template <class T>
struct CollectFirst {
  using Output = std::variant<FirstValue<T>, std::vector<Result<T>>>;
  static constexpr bool firstOnly = true;
};

/// The source of a list's chain. It stays until its last member has ended, also if it fired before.
template <class T, class Collect>
struct ListSource final : NodeOf<typename Collect::Output> {
  using Output = typename Collect::Output;

  struct Member final : Waiter {
    ListSource* list = nullptr;
    Node* take(Node* from) override { return list->ended(*this, static_cast<NodeOf<T>*>(from)); }
  };

  static Deferred<Output> start(std::vector<Deferred<T>> deferreds, ListOptions options,
                                std::source_location where) {
    if (Collect::firstOnly && deferreds.empty())
      throw std::invalid_argument("fireOnOneCallback: a list without members would never fire");
    auto* list = new ListSource(deferreds.size(), options, where);
    Deferred<Output> result = DeferredAccess::fromNode<Output>(list);
    list->references = 1;
    bool fires = false;
    for (std::size_t i = 0; i < deferreds.size(); ++i) {
      if (DeferredAccess::isReady(deferreds[i])) {
        fires |= list->collect(i, [&] { return DeferredAccess::takeNow(deferreds[i]); });
      } else {
        list->members_[i].list = list;
        attach(DeferredAccess::release(deferreds[i], "listed"), &list->members_[i],
               Consumer::member);
      }
    }
    if (deferreds.empty()) fires = list->fire(Output(std::move(list->results_)));
    list->releaseIfComplete();
    if (fires) run(list);
    return result;
  }

  Node* take(Node*) override { return nullptr; }

  void cancelSource(std::source_location where) override {
    if (this->fired) return;
    ++this->references;
    for (std::size_t i = 0; i < size_; ++i) {
      Node* member = members_[i].inner;
      if (!member) continue;
      try {
        cancelChain(member, where);
      } catch (...) {
        logging::err(raisedByHandler(this->site, nullptr),
                     "the canceller of a member threw while its list was cancelled");
      }
    }
    releaseReference(this);
  }

  void dispose() noexcept override {
    this->destroyResult();
    if (this->handles) dropHandles(this);
    if (this->references != 0) {
      this->consumed = true;
      return;
    }
    delete this;
  }

 private:
  ListSource(std::size_t size, ListOptions options, std::source_location where)
      : NodeOf<Output>(NodeKind::source, 0, where),
        members_(size != 0 ? new Member[size] : nullptr),
        size_(size),
        outstanding_(size),
        options_(options) {
    this->elaborate = true;
    this->barrier = true;
    results_.reserve(size);
    for (std::size_t i = 0; i < size; ++i) results_.emplace_back(Failure::none());
  }
  ~ListSource() = default;

  Node* ended(Member& member, NodeOf<T>* from) {
    member.inner = nullptr;
    ++this->references;
    const bool fires = collect(static_cast<std::size_t>(&member - members_.get()), [from] {
      struct Recycle {
        Node* node;
        ~Recycle() { recycle(node); }
      } const after{from};
      return from->takeResult();
    });
    releaseIfComplete();
    releaseReference(this);
    return fires ? this : nullptr;
  }

  /// The members keep the list alive until the last one has ended.
  void releaseIfComplete() noexcept {
    if (outstanding_ == 0 && !std::exchange(complete_, true)) releaseReference(this);
  }

  /// `take` gives the result of a member. What goes wrong with that becomes its result. True if
  /// this very result makes the list fire: taking and reporting it may end other members as well.
  template <class Take>
  bool collect(std::size_t index, Take take) {
    Result<T>& place = results_[index];
    try {
      place = take();
    } catch (...) {
      place = Failure::current();
    }
    --outstanding_;
    // Before the list fires, since whoever observes this may do anything with other members.
    if (!place && !options_.consumeErrors) reportUnhandled(Failure(place.failure()));
    if (this->fired) return false;
    if constexpr (Collect::firstOnly) {
      if (place) return fire(FirstValue<T>{index, Stored<T>(*std::move(place))});
    }
    if (!place && options_.fireOnOneErrback) {
      this->setFailure(Failure(FirstError(index, place.failure()), this->site));
      return this->fired = true;
    }
    return outstanding_ == 0 && fire(Output(std::move(results_)));
  }

  bool fire(Output output) {
    this->setValue(std::move(output));
    return this->fired = true;
  }

  std::unique_ptr<Member[]> members_;
  std::size_t size_;
  std::size_t outstanding_;
  bool complete_ = false;
  ListOptions options_;
  std::vector<Result<T>> results_;
};

}  // namespace detail
}  // namespace hawser
