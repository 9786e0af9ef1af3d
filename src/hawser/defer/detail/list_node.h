#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/base/logging.h>

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
struct ListNode final : NodeOf<typename Collect::Output> {
  using Output = typename Collect::Output;

  struct Member : Waiter {
    ListNode* list = nullptr;
    Node* take(Node* from) override { return list->ended(*this, static_cast<NodeOf<T>*>(from)); }
  };

  static Deferred<Output> start(std::vector<Deferred<T>> deferreds, ListOptions options,
                                std::source_location where) {
    if (Collect::firstOnly && deferreds.empty())
      throw std::invalid_argument("fireOnOneCallback: a list without members would never fire");
    auto* list = new ListNode(deferreds.size(), options, where);
    Deferred<Output> result = DeferredAccess::fromNode<Output>(list);
    for (std::size_t i = 0; i < deferreds.size(); ++i) {
      if (DeferredAccess::isReady(deferreds[i])) {
        list->collect(i, DeferredAccess::takeNow(deferreds[i]));
      } else {
        list->members_[i].list = list;
        attach(DeferredAccess::release(deferreds[i], "listed"), &list->members_[i],
               Consumer::member);
      }
    }
    if (deferreds.empty()) list->finish();
    if (list->outstanding_ != 0) list->references = 1;
    if (list->hasResult()) run(list);
    return result;
  }

  void cancelSource() override {
    if (this->fired) return;
    ++this->references;
    const HandlerScope scope;
    for (std::size_t i = 0; i < size_; ++i) {
      Node* member = members_[i].inner;
      if (!member) continue;
      try {
        cancelChain(member);
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
  ListNode(std::size_t size, ListOptions options, std::source_location where)
      : NodeOf<Output>(NodeKind::source, 0, where),
        members_(size != 0 ? new Member[size] : nullptr),
        size_(size),
        outstanding_(size),
        options_(options) {
    this->elaborate = true;
    this->barrier = true;
    results_.resize(size, Result<T>(Failure::none()));
  }
  ~ListNode() = default;

  Node* ended(Member& member, NodeOf<T>* from) {
    member.inner = nullptr;
    Result<T> result = from->takeResult();
    recycle(from);
    const bool firedBefore = this->fired;
    collect(static_cast<std::size_t>(&member - members_.get()), std::move(result));
    Node* const ready = !firedBefore && this->fired ? this : nullptr;
    if (outstanding_ == 0) releaseReference(this);
    return ready;
  }

  void collect(std::size_t index, Result<T> result) {
    --outstanding_;
    if (!result && !options_.consumeErrors) reportUnhandled(result.failure(), this->site);
    if (this->fired) return;
    if constexpr (Collect::firstOnly) {
      if (result) {
        this->setValue(FirstValue<T>{index, detail::Stored<T>(*std::move(result))});
        this->fired = true;
        return;
      }
    }
    if (!result && options_.fireOnOneErrback) {
      this->setFailure(Failure(FirstError(index, result.failure()), this->site));
      this->fired = true;
      return;
    }
    results_[index] = std::move(result);
    if (outstanding_ == 0) finish();
  }

  void finish() {
    this->setValue(std::move(results_));
    this->fired = true;
  }

  std::unique_ptr<Member[]> members_;
  std::size_t size_;
  std::size_t outstanding_;
  ListOptions options_;
  std::vector<Result<T>> results_;
};

}  // namespace detail
}  // namespace hawser
