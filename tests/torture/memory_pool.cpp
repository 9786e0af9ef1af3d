#include "torture/memory_scenarios.h"

#include <hawser/base/logging.h>
#include <hawser/defer/deferred.h>
#include <hawser/reactor/call_on.h>
#include <hawser/reactor/reactor_pool.h>
#include <hawser/reactor/remote_resolver.h>
#include <hawser/reactor/task.h>

#include <gtest/gtest.h>

#include <chrono>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace hawser::torture {
namespace {

using namespace std::chrono_literals;

/// Starts a pool, has its reactors set up something that needs memory, and stops it.
void startAndStop(const char* backend) {
  bool over = false;
  Running running(backend);
  ReactorPool pool(2, {.name = "a name that is too long for a thread", .backend = backend});
  running.turns = Running::untilTheEnd;
  pool.start(running.reactor,
             [](Reactor& each) {
               return task::deferLater(each, 0s).addCallback([text = big] { return text; });
             })
      .addCallback([&] { return pool.stop(0s); })
      .addBoth([&](const Result<ReactorPoolReport>& result) {
        over = true;
        running.turns = 0;
        if (!result) expectMemory(result.failure());
      })
      .addErrback(logging::err);
  running.run();
  EXPECT_TRUE(over);
}

/// A pool whose start has enough memory, if it is this thread that lacks it.
class StartedPool {
 public:
  explicit StartedPool(const char* backend) : running(backend) {
    const EnoughMemory enough;
    pool.emplace(1, ReactorPoolOptions{.backend = backend, .drain = 0s});
    auto start = pool->start(running.reactor).addErrback([this](const Failure& why) {
      failed = true;
      expectMemory(why);
    });
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (start.state() == DeferredState::pending && std::chrono::steady_clock::now() < end)
      running.reactor.iterate(10ms);
    EXPECT_NE(start.state(), DeferredState::pending) << "it hangs";
  }
  ~StartedPool() {
    const EnoughMemory enough;
    pool.reset();
  }
  StartedPool(const StartedPool&) = delete;
  StartedPool& operator=(const StartedPool&) = delete;

  Running running;
  std::optional<ReactorPool> pool;
  bool failed = false;
};

/// Asks the reactor of a pool for `big`.
template <class F>
void ask(const char* backend, F f, bool cancelled = false) {
  bool over = false;
  StartedPool started(backend);
  if (started.failed) return;
  Running& running = started.running;
  running.turns = Running::untilTheEnd;
  auto answer = callOn(running.reactor, started.pool->reactor(0), std::move(f));
  if (cancelled) answer.cancel();
  std::move(answer)
      .addBoth([&](const Result<std::string>& result) {
        over = true;
        running.turns = 0;
        if (!result) return expectMemory(result.failure());
        const EnoughMemory enough;
        EXPECT_EQ(*result, big);
      })
      .addErrback(logging::err);
  running.run();
  EXPECT_TRUE(over);
}

void askForAValue(const char* backend) {
  ask(backend, [text = big] { return text + ""; });
}
void askForADeferred(const char* backend) {
  ask(backend, [text = big] {
    return task::deferLater(Reactor::current(), 0s).addCallback([text] { return text; });
  });
}
void askACoroutine(const char* backend) {
  ask(backend, [text = big]() -> Deferred<std::string> {
    co_await task::deferLater(Reactor::current(), 0s);
    co_return text;
  });
}
void askInVain(const char* backend) {
  ask(
      backend,
      [text = big]() -> Deferred<std::string> {
        co_await task::deferLater(Reactor::current(), 1h);
        co_return text;
      },
      true);
}

/// Has a thread fire a Deferred, or not.
void fireFromAThread(const char* backend, void (*fire)(RemoteResolver<std::string> remote)) {
  bool over = false;
  Running running(backend);
  running.turns = Running::untilTheEnd;
  auto made = makeDeferred<std::string>();
  std::move(made.deferred)
      .addBoth([&](const Result<std::string>& result) {
        over = true;
        running.turns = 0;
        if (!result) expectMemory(result.failure());
      })
      .addErrback(logging::err);
  const std::jthread thread(
      [fire, remote = running.reactor.remote(std::move(made.resolver))]() mutable {
        try {
          fire(std::move(remote));
        } catch (const std::bad_alloc&) {
          return;  // the Deferred is abandoned
        }
      });
  running.run();
  EXPECT_TRUE(over);
}

void fireAValue(const char* backend) {
  fireFromAThread(backend, [](RemoteResolver<std::string> remote) { remote.callback(big + ""); });
}
void fireAFailure(const char* backend) {
  fireFromAThread(backend, [](RemoteResolver<std::string> remote) {
    remote.errback(Failure(CancelledError()));
  });
}
void fireNothing(const char* backend) {
  fireFromAThread(backend, [](RemoteResolver<std::string>) {});
}

const MemoryScenario scenarios[] = {
    {"startAndStop", startAndStop},
    {"startAndStopThere", startAndStop, Whose::others},
    {"callOn", askForAValue},
    {"callOnThere", askForAValue, Whose::others},
    {"callOnOfADeferred", askForADeferred},
    {"callOnOfADeferredThere", askForADeferred, Whose::others},
    {"callOnOfACoroutine", askACoroutine},
    {"callOnOfACoroutineThere", askACoroutine, Whose::others},
    {"cancel", askInVain},
    {"cancelThere", askInVain, Whose::others},
    {"remote", fireAValue},
    {"remoteThere", fireAValue, Whose::others},
    {"remoteFailure", fireAFailure},
    {"remoteFailureThere", fireAFailure, Whose::others},
    {"remoteAbandoned", fireNothing},
};

class NoMemoryAcrossReactors : public ::testing::TestWithParam<MemoryCase> {};

TEST_P(NoMemoryAcrossReactors, isABadAllocOrAFailureThatHoldsOne) {
  RecordProperty("failed", GetParam().walk());
}

INSTANTIATE_TEST_SUITE_P(, NoMemoryAcrossReactors, ::testing::ValuesIn(memoryCases(scenarios)),
                         nameOfMemoryCase);

}  // namespace
}  // namespace hawser::torture
