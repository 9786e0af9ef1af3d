#include "torture/memory.h"

#include <hawser/defer/async_generator.h>
#include <hawser/defer/coroutine.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/deferred_cache.h>
#include <hawser/defer/deferred_list.h>
#include <hawser/defer/deferred_lock.h>
#include <hawser/defer/deferred_queue.h>
#include <hawser/defer/deferred_semaphore.h>
#include <hawser/defer/gather.h>
#include <hawser/defer/race.h>
#include <hawser/defer/registry.h>
#include <hawser/defer/scope.h>
#include <hawser/defer/shared_deferred.h>
#include <hawser/defer/single_flight.h>
#include <hawser/defer/timeout.h>
#include <hawser/defer/with_args.h>
#include <hawser/testing/fake_clock.h>

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace hawser::torture {
namespace {

using namespace std::chrono_literals;

struct Pair {
  Deferred<int> deferred;
  Resolver<int> resolver;
};
Pair pair() {
  auto [deferred, resolver] = makeDeferred<int>();
  return {std::move(deferred), std::move(resolver)};
}
/// Ends a chain: a value, or for want of memory a Failure that says so.
template <class T>
void conclude(Deferred<T> deferred) {
  const EnoughMemory enough;
  EXPECT_NE(deferred.state(), DeferredState::pending) << "nobody will ever be told";
  const Failure* const failure = deferred.peekFailure();
  EXPECT_TRUE(
      !failure ||
      (failure->check<std::bad_alloc, FirstError, FailureGroup, CancelledError, AbandonedError>()))
      << failure->typeName();
  static_cast<void>(std::move(deferred).addErrback([](const Failure&) {}));
}

Deferred<int> addUp(Deferred<int> one, Deferred<int> other) {
  const int first = co_await std::move(one);
  const Result<int> second = co_await std::move(other).asResult();
  co_return first + second.value();
}

AsyncGenerator<int> count(int end, Deferred<int> wait) {
  co_yield 0;
  co_await std::move(wait);
  for (int number = 1; number < end; ++number) co_yield number;
}
Deferred<int> sumOf(AsyncGenerator<int> numbers) {
  int sum = 0;
  while (auto number = co_await numbers.next()) sum += *number;
  co_return sum;
}

struct Scenario {
  const char* name;
  void (*run)();
};
void PrintTo(const Scenario& scenario, std::ostream* stream) { *stream << scenario.name; }

const std::string big(100, 'x');

const Scenario scenarios[] = {
    {"callbacks",
     [] {
       auto [deferred, resolver] = pair();
       auto next =
           std::move(deferred)
               .addCallback([text = big](int value) { return text + std::to_string(value); })
               .addErrback([](const Failure& why) { return why.getErrorMessage(); })
               .addBoth([](Result<std::string> result) {
                 return static_cast<int>(result.value().size());
               })
               .addFinally([text = big] {});
       resolver.callback(1);
       conclude(std::move(next));
     }},
    {"failures",
     [] {
       auto [deferred, resolver] = pair();
       auto next = std::move(deferred)
                       .addCallback([](int) -> int { throw std::runtime_error(big); })
                       .addErrback([](Failure why) -> int { why.raise(); })
                       .addErrback([](const std::runtime_error&) { return 1; });
       resolver.errback(std::runtime_error(big));
       conclude(std::move(next));
     }},
    {"extraArguments",
     [] {
       conclude(succeed(1).addCallback(withArgs(
           [](int one, const std::string& text) { return text + std::to_string(one); }, big)));
     }},
    {"chaining",
     [] {
       auto [outer, outerResolver] = pair();
       auto [inner, innerResolver] = pair();
       auto next = std::move(outer).addCallback(
           [text = big, waited = std::move(inner)](int) mutable { return std::move(waited); });
       outerResolver.callback(1);
       innerResolver.callback(2);
       conclude(std::move(next));
     }},
    {"chainDeferred",
     [] {
       auto [first, firstResolver] = pair();
       auto [second, secondResolver] = pair();
       auto done = std::move(first).chainDeferred(std::move(secondResolver));
       firstResolver.callback(1);
       conclude(std::move(second));
       conclude(std::move(done));
     }},
    {"pausing",
     [] {
       auto [deferred, resolver] = pair();
       deferred.addCallback([](int value) { return value + 1; });
       deferred.pause();
       resolver.callback(1);
       deferred.unpause();
       conclude(std::move(deferred));
     }},
    {"cancelling",
     [] {
       auto made = makeDeferred<int>(
           [text = big](Resolver<int>& cancelled) { cancelled.errback(std::runtime_error(text)); });
       auto next = std::move(made.deferred).addErrback([](const std::runtime_error&) { return 1; });
       const CancelHandle handle = next.cancelHandle();
       handle.cancel();
       conclude(std::move(next));
     }},
    {"abandonment",
     [] {
       auto [deferred, resolver] = pair();
       auto next = std::move(deferred).addErrback([](const AbandonedError&) { return 1; });
       {
         const Resolver<int> dropped = std::move(resolver);
       }
       conclude(std::move(next));
     }},
    {"timeouts",
     [] {
       testing::FakeClock clock;
       auto [deferred, resolver] = pair();
       auto next = std::move(deferred).addTimeout(1s, clock).addErrback(
           [](const TimeoutError&) { return 1; });
       clock.advance(2s);
       conclude(std::move(next));
     }},
    {"coroutines",
     [] {
       auto [one, oneResolver] = pair();
       auto [other, otherResolver] = pair();
       auto sum = addUp(std::move(one), std::move(other));
       oneResolver.callback(1);
       otherResolver.callback(2);
       conclude(std::move(sum));
     }},
    {"generators",
     [] {
       auto [wait, resolver] = pair();
       auto sum = sumOf(count(5, std::move(wait)));
       resolver.callback(0);
       conclude(std::move(sum));
     }},
    {"gather",
     [] {
       std::vector<Pair> pairs;
       std::vector<Deferred<int>> members;
       for (int member = 0; member < 3; ++member) {
         pairs.push_back(pair());
         members.push_back(std::move(pairs.back().deferred));
       }
       auto all = gather(std::move(members));
       for (Pair& each : pairs) each.resolver.callback(1);
       conclude(std::move(all));
     }},
    {"gatherThatFails",
     [] {
       auto [one, oneResolver] = pair();
       auto [other, otherResolver] = pair();
       auto all = gather(std::move(one), std::move(other), succeed(3));
       oneResolver.errback(std::runtime_error(big));
       otherResolver.callback(2);
       conclude(std::move(all));
     }},
    {"gatherByKeys",
     [] {
       std::map<std::string, Deferred<int>> members;
       auto [one, oneResolver] = pair();
       members.emplace("one", std::move(one));
       members.emplace("two", succeed(2));
       auto all = gather(std::move(members));
       oneResolver.callback(1);
       conclude(std::move(all));
     }},
    {"deferredList",
     [] {
       auto [one, oneResolver] = pair();
       auto [other, otherResolver] = pair();
       std::vector<Deferred<int>> members;
       members.push_back(std::move(one));
       members.push_back(std::move(other));
       auto all = deferredList(std::move(members), consumeErrors);
       otherResolver.errback(std::runtime_error(big));
       oneResolver.callback(1);
       conclude(std::move(all));
     }},
    {"race",
     [] {
       auto [one, oneResolver] = pair();
       auto [other, otherResolver] = pair();
       auto winner = race(std::move(one), std::move(other));
       oneResolver.errback(std::runtime_error(big));
       otherResolver.callback(2);
       conclude(std::move(winner));
     }},
    {"raceThatNobodyWins",
     [] {
       auto [one, oneResolver] = pair();
       auto [other, otherResolver] = pair();
       auto winner = race(std::move(one), std::move(other));
       oneResolver.errback(std::runtime_error(big));
       otherResolver.errback(std::runtime_error(big));
       conclude(std::move(winner));
     }},
    {"lock",
     [] {
       DeferredLock lock;
       auto first = lock.acquire();
       auto second = lock.run([text = big] { return text; });
       auto third = lock.acquire();
       lock.release();
       conclude(std::move(second));
       lock.release();
       conclude(std::move(third));
       EXPECT_FALSE(lock.locked());
     }},
    {"semaphore",
     [] {
       DeferredSemaphore semaphore(2);
       auto permit = semaphore.scoped();
       std::vector<Deferred<std::string>> runs;
       for (int job = 0; job < 3; ++job)
         runs.push_back(semaphore.run([text = big] { return text; }));
       for (auto& run : runs) conclude(std::move(run));
     }},
    {"queue",
     [] {
       DeferredQueue<std::string> queue;
       auto early = queue.get();
       queue.put(big);
       queue.put(big);
       auto late = queue.get();
       conclude(std::move(early));
       conclude(std::move(late));
     }},
    {"shared",
     [] {
       auto [work, resolver] = pair();
       const SharedDeferred<int> shared(std::move(work));
       auto one = shared.get();
       auto other = shared.get();
       resolver.callback(1);
       conclude(std::move(one));
       conclude(std::move(other));
     }},
    {"singleFlight",
     [] {
       SingleFlight<std::string, int> flights;
       auto [work, resolver] = pair();
       auto one = flights.run(big, [&waited = work] { return std::move(waited); });
       auto other = flights.run(big, [] { return 2; });
       resolver.callback(1);
       conclude(std::move(one));
       conclude(std::move(other));
     }},
    {"cache",
     [] {
       testing::FakeClock clock;
       DeferredCache<std::string, std::string> cache(
           clock, {.timeToLive = 1s}, [](const std::string& key) { return succeed(key); });
       conclude(cache.get(big));
       conclude(cache.get(big));
       clock.advance(2s);
       conclude(cache.get(big));
     }},
    {"scope",
     [] {
       Scope scope;
       auto [one, oneResolver] = pair();
       auto [other, otherResolver] = pair();
       scope.add(std::move(one).addCallback([](int) {}));
       scope.add(std::move(other).addCallback([](int) {}));
       oneResolver.callback(1);
       conclude(scope.close());
     }},
    {"registry",
     [] {
       struct Enabled {
         Enabled() { registry::enable(); }
         ~Enabled() { registry::enable(false); }
       } const enabled;
       auto [deferred, resolver] = pair();
       auto next = std::move(deferred).addCallback([](int value) { return value; });
       EXPECT_LE(registry::pending().size(), 1u) << "what there is no memory to list is left out";
       resolver.callback(1);
       conclude(std::move(next));
     }},
};

class NoMemoryFor : public ::testing::TestWithParam<Scenario> {};

TEST_P(NoMemoryFor, anythingIsABadAllocOrAFailureThatHoldsOne) {
  RecordProperty("failed", walkMemory(GetParam().run));
}

INSTANTIATE_TEST_SUITE_P(Deferreds, NoMemoryFor, ::testing::ValuesIn(scenarios),
                         [](const auto& scenario) { return scenario.param.name; });

}  // namespace
}  // namespace hawser::torture
