#pragma once

#include "defer/fuzz_world.h"

#include <algorithm>
#include <chrono>

namespace hawser::fuzz {

template <class Value>
Deferred<Value> World<Value>::pending() {
  DeferredPair<Value> made = [&] {
    SomeGuard guard = someGuard();
    switch (random(4)) {
      case 0:
        return makeDeferred<Value>();
      case 1:
        return makeDeferred<Value>([this, guard] { act(); });
      case 2:
        return makeDeferred<Value>([this, guard](Resolver<Value>& resolver) {
          act();
          if (oneIn(2) && resolver) attempt([&] { resolver.callback(value(3)); });
          act();
        });
      default:
        return makeDeferred<Value>([this, guard] {
          act();
          if (!ending_ && oneIn(2)) throw FuzzError();
        });
    }
  }();
  auto old = std::exchange(resolvers_[anySlot()], std::move(made.resolver));
  return std::move(made.deferred);
}

template <class Value>
typename World<Value>::Ranked World<Value>::take(int above) {
  const int rank = rankAbove(above);
  if (ending_) return {value(9), rank};
  const std::size_t slot = anySlot();
  if (Chain* chain = in(slot); chain && ranks_[slot] > above && !oneIn(4))
    return {std::move(*chain), ranks_[slot]};
  if (oneIn(3)) return {value(9), rank};
  if (oneIn(6)) return {Failure(FuzzError()), rank};
  return {pending(), rank};
}

template <class Value>
int World<Value>::takeSome(std::vector<Chain>& some, int least) {
  int lowest = 100;
  for (int n = least + random(4); n > 0; --n) {
    Ranked taken = take();
    some.push_back(std::move(taken.chain));
    lowest = std::min(lowest, taken.rank);
  }
  return lowest - 1;
}

template <class Value>
void World<Value>::put(Chain chain, int rank) {
  const std::size_t slot = anySlot();
  auto& place = chains_[slot];
  if (place && oneIn(2)) {
    ranks_[slot] = rank;
    *place = std::move(chain);
    return;
  }
  auto old = std::exchange(place, std::nullopt);
  place.emplace(std::move(chain));
  ranks_[slot] = rank;
}

template <class Value>
Deferred<Value> World<Value>::outcome(int rank) {
  if (ending_) return value(2);
  switch (random(8)) {
    case 0:
      throw FuzzError();
    case 1:
      return Failure(FuzzError());
    case 2:
    case 3:
      return take(rank).chain;
    case 4: {
      Ranked awaited = take(rank + 1);
      return script(someGuard(), std::move(awaited.chain), random(8), awaited.rank - 1);
    }
    default:
      return value(2);
  }
}

template <class Value>
Deferred<Value> World<Value>::script(SomeGuard, Chain awaited, int variant, int rank) {
  SomeGuard local = someGuard();
  act();
  if (variant & 1) {
    Result<Value> result = co_await std::move(awaited).asResult();
    act();
    if (variant & 2) {
      SomeGuard second = someGuard();
      Value other = co_await take(rank).chain;
      act();
      co_return other;
    }
    if (result) co_return *std::move(result);
    co_return value(1);
  }
  Value got = co_await std::move(awaited);
  act();
  if (variant & 4) throw FuzzError();
  if (variant & 2) co_return Failure(FuzzError());
  co_return got;
}

/// The chain with one handler more.
template <class Value>
Deferred<Value> World<Value>::extended(Chain chain, int rank) {
  SomeGuard guard = someGuard();
  // Only what is for both lanes has to be called.
  const int kind = random(13);
  const std::size_t id = ticket(kind < 4);
  auto begin = [this, guard, id] {
    called(id);
    act();
  };
  switch (kind) {
    case 0:
      return std::move(chain).addBoth([begin](Result<Value> result) {
        begin();
        return result;
      });
    case 1:
      return std::move(chain).addBoth([this, begin, rank](const Result<Value>&) {
        begin();
        return outcome(rank);
      });
    case 2:
      return std::move(chain).addFinally(begin);
    case 3:
      return std::move(chain).addFinally([this, begin, rank] {
        begin();
        return outcome(rank);
      });
    case 4:
      return std::move(chain).addCallback([begin](Value got) {
        begin();
        return got;
      });
    case 5:
      return std::move(chain).addCallback([this, begin, rank](const Value&) {
        begin();
        return outcome(rank);
      });
    case 6:
      return std::move(chain).addErrback([this, begin](Failure why) {
        begin();
        if (!ending_ && oneIn(2)) why.raise();
        return value(5);
      });
    case 7:
      return std::move(chain).addErrback([this, begin, rank](const FuzzError&) {
        begin();
        return outcome(rank);
      });
    case 8:
      return std::move(chain).addCallbacks(
          [this, begin, rank](Value) {
            begin();
            return outcome(rank);
          },
          [this, begin, rank](const Failure&) {
            begin();
            return outcome(rank);
          });
    case 9:
      return std::move(chain).addTimeout(std::chrono::seconds(1), clock_);
    case 10:
      return std::move(chain).addCallback([begin](Value&& got) {
        begin();
        return std::move(got);
      });
    default:
      return extendedByCoroutine(std::move(chain), rank);
  }
}

/// The chain with a handler more that is a coroutine.
template <class Value>
Deferred<Value> World<Value>::extendedByCoroutine(Chain chain, int rank) {
  SomeGuard guard = someGuard();
  switch (random(3)) {
    case 0: {
      const int variant = random(8);
      const std::size_t id = ticket(false);
      return std::move(chain).addCallback([this, guard, variant, id, rank](Value got) -> Chain {
        called(id);
        SomeGuard local = guard;
        act();
        Value other = co_await take(rank).chain;
        act();
        if (variant == 0) throw FuzzError();
        if (variant == 1) co_return Failure(FuzzError());
        co_return got.number > 3 ? got : other;
      });
    }
    case 1: {
      const std::size_t id = ticket(true);
      return std::move(chain).addFinally([this, guard, id, rank]() -> Deferred<void> {
        called(id);
        act();
        co_await take(rank).chain;
        SomeGuard late = guard;
        act();
      });
    }
    default: {
      const std::size_t id = ticket(false);
      auto body = [this, guard, id, rank](const Value& got) -> Chain {
        called(id);
        act();
        Value kept = co_await take(rank).chain;
        SomeGuard late = guard;
        act();
        co_return got.number ? got : kept;
      };
      return std::move(chain).addCallback(bindWeak(bound_, std::move(body)));
    }
  }
}

}  // namespace hawser::fuzz
