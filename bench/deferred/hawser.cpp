#include "operations.h"

#include <hawser/config.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/gather.h>
#if __has_include(<hawser/defer/deferred_semaphore.h>)
#define BENCH_SEMAPHORE 1
#include <hawser/defer/deferred_semaphore.h>
#endif
#if __has_include(<hawser/defer/registry.h>)
#define BENCH_REGISTRY 1
#include <hawser/defer/registry.h>
#endif

#include <deque>
#include <exception>
#include <utility>
#include <vector>

namespace {

using namespace bench;
using hawser::Deferred;
using hawser::Failure;
using hawser::makeDeferred;
using hawser::Resolver;

struct Boom : std::exception {};

constexpr auto addOne = [](int x) { return x + 1; };

void take(const Deferred<int>& chain) {
  const int* value = chain.peekValue();
  if (!value) std::terminate();
  int result = *value;
  opaque(result);
}

void ready(std::uint64_t times) {
  for (int value = 0; times; --times) {
    opaque(value);
    auto next = hawser::succeed(value).addCallback(addOne);
    value = *next.peekValue();
    opaque(value);
  }
}

void one(std::uint64_t times) {
  for (; times; --times) {
    auto [deferred, resolver] = makeDeferred<int>();
    elsewhere();
    auto chain = std::move(deferred).addCallback(addOne);
    elsewhere();
    resolver.callback(1);
    take(chain);
  }
}

void ten(std::uint64_t times) {
  for (; times; --times) {
    auto [deferred, resolver] = makeDeferred<int>();
    elsewhere();
    Deferred<int> chain = std::move(deferred);
    for (int i = 0; i < 10; ++i) chain.addCallback(addOne);
    elsewhere();
    resolver.callback(1);
    take(chain);
  }
}

void flatten(std::uint64_t times) {
  for (; times; --times) {
    auto [outer, fireOuter] = makeDeferred<int>();
    auto [inner, fireInner] = makeDeferred<int>();
    elsewhere();
    auto chain = std::move(outer).addCallback(
        [waitFor = std::move(inner)](int) mutable { return std::move(waitFor); });
    elsewhere();
    fireOuter.callback(1);
    elsewhere();
    fireInner.callback(2);
    take(chain);
  }
}

void errorFirst(std::uint64_t times) {
  for (; times; --times) {
    auto [deferred, resolver] = makeDeferred<int>();
    elsewhere();
    auto chain = std::move(deferred).addErrback([](const Failure&) { return 0; });
    elsewhere();
    resolver.errback(Boom());
    take(chain);
  }
}

void errorTyped(std::uint64_t times) {
  for (; times; --times) {
    auto [deferred, resolver] = makeDeferred<int>();
    elsewhere();
    auto chain = std::move(deferred).addErrback([](const std::exception&) { return 0; });
    elsewhere();
    resolver.errback(Boom());
    take(chain);
  }
}

void errorTen(std::uint64_t times) {
  for (; times; --times) {
    auto [deferred, resolver] = makeDeferred<int>();
    elsewhere();
    Deferred<int> chain = std::move(deferred);
    for (int i = 0; i < 10; ++i) chain.addCallback(addOne);
    chain.addErrback([](const Failure&) { return 0; });
    elsewhere();
    resolver.errback(Boom());
    take(chain);
  }
}

void gather(std::uint64_t times) {
  for (; times; --times) {
    std::vector<Deferred<int>> members;
    std::vector<Resolver<int>> resolvers;
    members.reserve(manyItems);
    resolvers.reserve(manyItems);
    for (std::uint64_t i = 0; i < manyItems; ++i) {
      auto [deferred, resolver] = makeDeferred<int>();
      members.push_back(std::move(deferred));
      resolvers.push_back(std::move(resolver));
    }
    elsewhere();
    auto all = hawser::gather(std::move(members));
    elsewhere();
    for (auto& resolver : resolvers) resolver.callback(1);
    if (!all.peekValue() || all.peekValue()->size() != manyItems) std::terminate();
  }
}

Deferred<int> plusOne(Deferred<int> value) { co_return co_await std::move(value) + 1; }

void awaitReady(std::uint64_t times) {
  for (int value = 0; times; --times) {
    opaque(value);
    auto sum = plusOne(hawser::succeed(value));
    take(sum);
  }
}

Deferred<int> awaitAll(std::uint64_t times) {
  int value = 0;
  for (; times; --times) {
    opaque(value);
    value = co_await hawser::succeed(value + 1);
  }
  co_return value;
}

void awaitInside(std::uint64_t times) { take(awaitAll(times)); }

void awaitPending(std::uint64_t times) {
  for (; times; --times) {
    auto [deferred, resolver] = makeDeferred<int>();
    elsewhere();
    auto sum = plusOne(std::move(deferred));
    elsewhere();
    resolver.callback(1);
    take(sum);
  }
}

#ifdef BENCH_SEMAPHORE
void semaphore(std::uint64_t times) {
  for (; times; --times) {
    hawser::DeferredSemaphore semaphore(10);
    std::deque<Resolver<int>> running;
    std::uint64_t done = 0;
    for (std::uint64_t i = 0; i < manyItems; ++i)
      semaphore
          .run([&running] {
            auto [deferred, resolver] = makeDeferred<int>();
            running.push_back(std::move(resolver));
            return std::move(deferred);
          })
          .addCallback([&done](int) { ++done; });
    while (!running.empty()) {
      Resolver<int> resolver = std::move(running.front());
      running.pop_front();
      resolver.callback(1);
    }
    if (done != manyItems) std::terminate();
  }
}
#endif

Deferred<int> step(Resolver<int>& current, std::uint64_t left) {
  auto [deferred, resolver] = makeDeferred<int>();
  current = std::move(resolver);
  return std::move(deferred).addCallback([&current, left](int x) -> Deferred<int> {
    if (left == 1) return x;
    return step(current, left - 1);
  });
}

void fireUntilDone(Resolver<int>& current, const Deferred<int>& all) {
  while (!all.peekValue()) {
    elsewhere();
    Resolver<int> resolver = std::move(current);
    resolver.callback(1);
  }
}

void loop(std::uint64_t times) {
  Resolver<int> current;
  auto all = step(current, times);
  fireUntilDone(current, all);
}

Deferred<int> steps(Resolver<int>& current, std::uint64_t times) {
  int sum = 0;
  for (; times; --times) {
    auto [deferred, resolver] = makeDeferred<int>();
    current = std::move(resolver);
    sum = co_await std::move(deferred);
  }
  co_return sum;
}

void loopAwait(std::uint64_t times) {
  Resolver<int> current;
  auto all = steps(current, times);
  fireUntilDone(current, all);
}

void hold(std::size_t count, void (*mark)()) {
  std::vector<Deferred<int>> chains;
  std::vector<Resolver<int>> resolvers;
  chains.reserve(count);
  resolvers.reserve(count);
  mark();
  for (std::size_t i = 0; i < count; ++i) {
    auto [deferred, resolver] = makeDeferred<int>();
    chains.push_back(std::move(deferred).addCallback(addOne));
    resolvers.push_back(std::move(resolver));
  }
  mark();
  for (auto& resolver : resolvers) resolver.callback(1);
}

constexpr Peer peer{
    .name = "hawser",
    .version = HAWSER_VERSION_STRING,
    .ready = ready,
    .one = one,
    .ten = ten,
    .flatten = flatten,
    .errorFirst = errorFirst,
    .errorTyped = errorTyped,
    .errorTen = errorTen,
    .gather = gather,
    .awaitReady = awaitReady,
    .awaitInside = awaitInside,
    .awaitPending = awaitPending,
#ifdef BENCH_SEMAPHORE
    .semaphore = semaphore,
#endif
    .loop = loop,
    .loopAwait = loopAwait,
    .hold = hold,
    .handles = sizeof(Deferred<int>) + sizeof(Resolver<int>),
};

const Entry entry(peer);

#ifdef BENCH_REGISTRY
constexpr Peer withRegistry() {
  Peer other = peer;
  other.name = "hawser+registry";
  other.enter = [] { hawser::registry::enable(true); };
  other.leave = [] { hawser::registry::enable(false); };
  return other;
}

const Entry registryEntry(withRegistry());
#endif

}  // namespace
