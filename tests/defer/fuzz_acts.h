#pragma once

#include "defer/fuzz_world.h"

#include <chrono>

namespace hawser::fuzz {

template <class Value>
void World<Value>::actOnce() noexcept {
  const std::size_t slot = anySlot();
  auto& resolver = resolvers_[slot];
  attempt([&] {
    switch (random(25)) {
      case 0:
        return put(value(8), 100);
      case 1:
      case 2:
      case 3: {
        Ranked taken = take();
        return put(extended(std::move(taken.chain), taken.rank), taken.rank);
      }
      case 4:
      case 5:
      case 6:
        if (resolver && *resolver) resolver->callback(value(4));
        return;
      case 7:
        if (resolver && *resolver) resolver->errback(FuzzError());
        return;
      case 8: {
        const CancelHandle handle = handles_[slot];
        return handle.cancel();
      }
      case 9:
        return empty(chains_[slot]);
      case 10:
        return empty(resolver);
      case 11: {
        Ranked awaited = take(1);
        const int rank = awaited.rank - 1;
        return put(script(someGuard(), std::move(awaited.chain), random(8), rank), rank);
      }
      case 12:
      case 13:
        return combine();
      case 14:
      case 15:
      case 16:
        return share();
      case 17:
        return clock_.advance(std::chrono::seconds(1));
      case 18:
        if (oneIn(3)) bound_ = std::make_shared<int>(1);
        return chainTwo();
      default:
        return actOnChain(slot);
    }
  });
}

/// What is done to a chain where it lies.
template <class Value>
void World<Value>::actOnChain(std::size_t slot) {
  Chain* chain = in(slot);
  const int rank = ranks_[slot];
  if (!chain) return;
  SomeGuard guard = someGuard();
  switch (random(7)) {
    case 0: {
      const std::size_t id = ticket(false);
      chain->addCallback([this, guard, id](Value got) {
        called(id);
        act();
        return got;
      });
      return;
    }
    case 1: {
      const std::size_t id = ticket(true);
      chain->addBoth([this, guard, id, rank](const Result<Value>&) {
        called(id);
        act();
        return outcome(rank);
      });
      return;
    }
    case 2:
      return chain->cancel();
    case 3:
      handles_[anySlot()] = chain->cancelHandle();
      return;
    case 4:
      if (pauses_) chain->pause();
      return;
    default:
      if (pauses_) chain->unpause();
      return;
  }
}

/// Lists, gatherings and races.
template <class Value>
void World<Value>::combine() {
  auto& list = lists_[static_cast<std::size_t>(random(2))];
  ListOptions options = oneIn(2) ? consumeErrors : ListOptions();
  if (oneIn(2)) options = options | fireOnOneErrback;
  const int kind = random(6);
  std::vector<Chain> members;
  // A race needs one, and the first of many as well.
  const int rank = kind < 5 ? takeSome(members, kind < 3 ? 0 : 1) : 0;
  switch (kind) {
    case 0: {
      List made = deferredList(std::move(members), options);
      auto old = std::exchange(list, std::nullopt);
      list.emplace(std::move(made));
      return;
    }
    case 1: {
      const std::size_t id = ticket(true);
      return put(deferredList(std::move(members), options)
                     .addBoth([this, id, rank](const Result<std::vector<Result<Value>>>&) {
                       called(id);
                       act();
                       return outcome(rank);
                     }),
                 rank);
    }
    case 2:
      return put(gather(std::move(members)).addCallback([this, rank](const std::vector<Value>&) {
        act();
        return outcome(rank);
      }),
                 rank);
    case 3:
      return put(race(std::move(members)).addCallback([this](FirstValue<Value> first) {
        act();
        return std::move(first.value);
      }),
                 rank);
    case 4:
      return put(fireOnOneCallback(std::move(members), options)
                     .addCallback([this, rank](const FirstCallback<Value>&) {
                       act();
                       return outcome(rank);
                     }),
                 rank);
    default:
      if (!list || list->state() == DeferredState::empty) return;
      if (oneIn(2)) return list->cancel();
      return empty(list);
  }
}

/// The lock and the queue.
template <class Value>
void World<Value>::share() {
  const int rank = rankAbove(0);
  switch (random(9)) {
    case 0:
    case 1: {
      SomeGuard guard = someGuard();
      const std::size_t id = ticket(false);
      Chain made = lock_->run([this, guard, id, rank] {
        called(id);
        act();
        return outcome(rank);
      });
      bonds_.push_back(made.cancelHandle());
      return put(std::move(made), rank);
    }
    case 2: {
      auto& permit = permits_[static_cast<std::size_t>(random(2))];
      auto made = lock_->scoped();
      bonds_.push_back(made.cancelHandle());
      return put(std::move(made).addCallback([this, &permit](Permit got) {
        Permit old = std::exchange(permit, std::move(got));
        act();
        return value(6);
      }),
                 rank);
    }
    case 3: {
      auto made = lock_->acquire();
      bonds_.push_back(made.cancelHandle());
      return put(std::move(made).addCallback([this, rank] {
        act();
        return outcome(rank);
      }),
                 rank);
    }
    case 4:
      return lock_->release();
    case 5:
      return empty(permits_[static_cast<std::size_t>(random(2))]);
    case 6:
      return queue_->put(value(7));
    case 7:
      return put(queue_->get(), rank);
    default:
      if (!oneIn(4)) return;
      if (oneIn(2)) {
        auto old = std::exchange(lock_, std::make_unique<DeferredLock>());
      } else {
        auto old = std::exchange(queue_, std::make_unique<DeferredQueue<Value>>(2, 3));
      }
      return;
  }
}

/// One chain fires another.
template <class Value>
void World<Value>::chainTwo() {
  auto target = makeDeferred<Value>();
  Ranked source = take(1);
  put(std::move(target.deferred), source.rank - 1);
  std::move(source.chain).chainDeferred(std::move(target.resolver)).addErrback([](const Failure&) {
  });
}

}  // namespace hawser::fuzz
