// What the operations of a Deferred cost, beside a limit written by hand: one block from malloc,
// one call through a pointer.

#include <hawser/defer/deferred.h>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <exception>
#include <utility>

namespace {

using namespace hawser;

int increment(int x) { return x + 1; }

void byHandMakeFire(benchmark::State& state) {
  struct Pending {
    int (*callback)(int);
  };
  for (auto _ : state) {
    auto* pending = static_cast<Pending*>(std::malloc(sizeof(Pending)));
    benchmark::DoNotOptimize(pending);
    pending->callback = increment;
    benchmark::DoNotOptimize(pending->callback(1));
    std::free(pending);
  }
}
BENCHMARK(byHandMakeFire);

void readyOneCallback(benchmark::State& state) {
  int value = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(value);
    auto next = succeed(value).addCallback(increment);
    benchmark::DoNotOptimize(value = *next.peekValue());
  }
}
BENCHMARK(readyOneCallback);

void makeAddFire(benchmark::State& state) {
  const auto links = state.range(0);
  for (auto _ : state) {
    auto [deferred, resolver] = makeDeferred<int>();
    Deferred<int> chain = std::move(deferred);
    for (auto i = links; i > 0; --i) chain.addCallback([](int x) { return x + 1; });
    resolver.callback(1);
    benchmark::DoNotOptimize(chain.peekValue());
  }
}
BENCHMARK(makeAddFire)->ArgName("links")->Arg(1)->Arg(10);

void errorHandledFirst(benchmark::State& state) {
  for (auto _ : state) {
    auto [deferred, resolver] = makeDeferred<int>();
    auto chain = std::move(deferred).addErrback([](const std::exception&) { return 0; });
    resolver.errback(std::bad_exception());
    benchmark::DoNotOptimize(chain.peekValue());
  }
}
BENCHMARK(errorHandledFirst);

void returnedDeferred(benchmark::State& state) {
  for (auto _ : state) {
    auto [outer, fireOuter] = makeDeferred<int>();
    auto [inner, fireInner] = makeDeferred<int>();
    auto chain = std::move(outer).addCallback(
        [waitFor = std::move(inner)](int) mutable { return std::move(waitFor); });
    fireOuter.callback(1);
    fireInner.callback(2);
    benchmark::DoNotOptimize(chain.peekValue());
  }
}
BENCHMARK(returnedDeferred);

Deferred<int> plusOne(Deferred<int> value) { co_return co_await std::move(value) + 1; }

void awaitReady(benchmark::State& state) {
  for (auto _ : state) {
    auto sum = plusOne(succeed(1));
    benchmark::DoNotOptimize(sum.peekValue());
  }
}
BENCHMARK(awaitReady);

void awaitPending(benchmark::State& state) {
  for (auto _ : state) {
    auto [deferred, resolver] = makeDeferred<int>();
    auto sum = plusOne(std::move(deferred));
    resolver.callback(1);
    benchmark::DoNotOptimize(sum.peekValue());
  }
}
BENCHMARK(awaitPending);

}  // namespace
