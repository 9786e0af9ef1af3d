#include "reactor/threads_support.h"

#include <hawser/reactor/reactor_pool.h>
#include <hawser/reactor/task.h>

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <atomic>
#include <optional>
#include <set>

namespace hawser::tests {
namespace {

std::size_t entriesOf(const char* folder) {
  std::size_t count = 0;
  DIR* const open = ::opendir(folder);
  while (::readdir(open)) ++count;
  ::closedir(open);
  return count;
}

/// A thread that has been joined may be seen for a moment yet.
bool sinksTo(const char* folder, std::size_t entries) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (entriesOf(folder) > entries) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

class Pool : public ReactorTest {
 protected:
  /// What it ended with; the reactor runs until then.
  template <class T>
  Result<T> resultOf(Deferred<T> deferred) {
    auto result = std::make_shared<std::optional<Result<T>>>();
    std::move(deferred).addBoth([result](Result<T> how) { result->emplace(std::move(how)); });
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!*result && std::chrono::steady_clock::now() < until) reactor.iterate(10ms);
    if (!*result) return Failure(std::runtime_error("no result in 20 s"));
    return std::move(**result);
  }
};

TEST(ReactorPoolOf, noReactorsIsAnError) { EXPECT_THROW(ReactorPool(0), std::invalid_argument); }

TEST(ReactorPoolOf, someMayGoUnused) {
  const ReactorPool pool(3);
  EXPECT_EQ(pool.size(), 3u);
  EXPECT_THROW(pool.reactor(0), std::out_of_range);
  EXPECT_THROW(pool.home(), ReactorNotRunning);
}

TEST_F(Pool, runsEachReactorInAThreadOfItsOwn) {
  ReactorPool pool(3, {.name = "worker"});
  ASSERT_TRUE(resultOf(pool.start(reactor)));
  auto names = resultOf(pool.callOnEach([](Reactor& each) {
    EXPECT_TRUE(each.isInIOThread());
    char name[16] = {};
    ::pthread_getname_np(::pthread_self(), name, sizeof name);
    return std::string(name);
  }));
  EXPECT_EQ(names.value(), (std::vector<std::string>{"worker-0", "worker-1", "worker-2"}));
}

TEST_F(Pool, setsUpOneReactorAfterTheOtherOnItsThread) {
  ReactorPool pool(3);
  std::set<Reactor*> setUp;
  bool busy = false;
  ASSERT_TRUE(resultOf(pool.start(reactor, [&](Reactor& each) {
    EXPECT_FALSE(std::exchange(busy, true));
    EXPECT_TRUE(each.isInIOThread());
    setUp.insert(&each);
    return task::deferLater(each, 1ms).addCallback([&] { busy = false; });
  })));
  EXPECT_EQ(setUp, (std::set<Reactor*>{&pool.reactor(0), &pool.reactor(1), &pool.reactor(2)}));
}

TEST_F(Pool, keepsItsThreadsOnProcessorsIfItShall) {
  ReactorPool pool(2, {.pinned = true});
  ASSERT_TRUE(resultOf(pool.start(reactor)));
  const auto counts = resultOf(pool.callOnEach([](Reactor&) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    ::sched_getaffinity(0, sizeof allowed, &allowed);
    return CPU_COUNT(&allowed);
  }));
  EXPECT_EQ(counts.value(), (std::vector<int>{1, 1}));
}

TEST_F(Pool, stopsWithAReportOfEachReactor) {
  ReactorPool pool(2);
  ASSERT_TRUE(resultOf(pool.start(reactor)));
  const ReactorPoolReport report = resultOf(pool.stop()).value();
  EXPECT_EQ(report.reactors.size(), 2u);
  EXPECT_TRUE(report.clean()) << report.toString();
}

TEST_F(Pool, countsTheDeferredsThatWereAbandoned) {
  const SharedLog log;
  ReactorPool pool(2);
  ASSERT_TRUE(resultOf(pool.start(reactor)));
  std::atomic<int> told = 0;
  ASSERT_TRUE(resultOf(callOn(reactor, pool.reactor(1), [&told] {
    auto never = makeDeferred<void>();
    std::move(never.deferred).addErrback([&told](const AbandonedError&) { ++told; });
    Reactor::current().callLater(1h, [kept = std::move(never.resolver)] {});
  })));
  const ReactorPoolReport report = resultOf(pool.stop(0s)).value();
  EXPECT_EQ(report.abandoned(), 1u);
  EXPECT_EQ(report.reactors[1].abandoned, 1u);
  EXPECT_FALSE(report.clean());
  EXPECT_EQ(told, 1);
}

TEST_F(Pool, refusesCallsOnceItIsStopped) {
  ReactorPool pool(2);
  ASSERT_TRUE(resultOf(pool.start(reactor)));
  ASSERT_TRUE(resultOf(pool.stop()));
  const auto late = resultOf(callOn(reactor, pool.reactor(0), [] {}));
  EXPECT_TRUE(late.failure().check<ReactorNotRunning>());
}

TEST_F(Pool, stoppedTwiceTellsBoth) {
  ReactorPool pool(2);
  ASSERT_TRUE(resultOf(pool.start(reactor)));
  int told = 0;
  for (int i = 0; i < 2; ++i) pool.stop().addCallback([&](const ReactorPoolReport&) { ++told; });
  ASSERT_TRUE(resultOf(pool.stop()));
  EXPECT_EQ(told, 2);
  EXPECT_TRUE(resultOf(pool.stop()));
}

TEST_F(Pool, stoppedAgainMayBeHurried) {
  ReactorPool pool(1);
  ASSERT_TRUE(resultOf(pool.start(reactor, [](Reactor& each) {
    each.addSystemEventTrigger(Phase::before, [&each] { return task::deferLater(each, 1h); });
  })));
  auto patient = pool.stop(1h);
  const SharedLog log;
  EXPECT_TRUE(resultOf(pool.stop(0s)));
  EXPECT_EQ(patient.state(), DeferredState::value);
}

TEST_F(Pool, notStartedCannotBeStopped) {
  ReactorPool pool(1);
  EXPECT_TRUE(resultOf(pool.stop()).failure().check<ReactorNotRunning>());
}

TEST_F(Pool, startedTwiceIsAnError) {
  ReactorPool pool(1);
  ASSERT_TRUE(resultOf(pool.start(reactor)));
  EXPECT_TRUE(resultOf(pool.start(reactor)).failure().check<ReactorNotRestartable>());
  EXPECT_THROW(pool.run([](Reactor&) {}), ReactorNotRestartable);
}

TEST_F(Pool, leavesNothingIfOneCannotBeSetUp) {
  const std::size_t threads = entriesOf("/proc/self/task");
  const std::size_t descriptors = entriesOf("/proc/self/fd");
  ReactorPool pool(3);
  int calls = 0;
  const auto refused = resultOf(pool.start(reactor, [&](Reactor&) {
    if (++calls == 2) throw std::out_of_range("not this one");
  }));
  EXPECT_TRUE(refused.failure().check<std::out_of_range>());
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(sinksTo("/proc/self/task", threads));
  EXPECT_EQ(entriesOf("/proc/self/fd"), descriptors);
  EXPECT_TRUE(resultOf(pool.start(reactor))) << "it may be started again";
}

TEST_F(Pool, failsIfThereIsNoSuchBackend) {
  ReactorPool pool(2, {.backend = "abacus"});
  EXPECT_TRUE(resultOf(pool.start(reactor)).failure().check<NoSuchReactor>());
}

TEST_F(Pool, stoppedWhileItStartsCancelsTheStart) {
  ReactorPool pool(2);
  auto start = pool.start(reactor, [](Reactor& each) { return task::deferLater(each, 1h); });
  EXPECT_TRUE(resultOf(pool.stop()));
  EXPECT_TRUE(resultOf(std::move(start)).failure().check<CancelledError>());
}

TEST_F(Pool, goesOnWithoutAReactorThatEndsByItself) {
  SharedLog log;
  ReactorPool pool(2, {.name = "worker"});
  ASSERT_TRUE(resultOf(pool.start(reactor)));
  ASSERT_TRUE(resultOf(callOn(reactor, pool.reactor(0), [] {
    Reactor& each = Reactor::current();
    each.callLater(0s, [&each] { each.stop(); });
  })));
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (log.count("Reactor 0 of the pool \"worker\" has ended by itself; 1 go on.") == 0 &&
         std::chrono::steady_clock::now() < until)
    reactor.iterate(10ms);
  EXPECT_TRUE(resultOf(callOn(reactor, pool.reactor(1), [] {})));
  const ReactorPoolReport report = resultOf(pool.stop()).value();
  EXPECT_TRUE(report.reactors[0].byItself);
  EXPECT_FALSE(report.reactors[1].byItself);
}

TEST_F(Pool, reportsAHandlerThatDoesNotReturnAndWaitsNoLonger) {
  SharedLog log;
  Gate gate;
  std::optional<ReactorPool> pool;
  pool.emplace(2, ReactorPoolOptions{.patience = 20ms});
  ASSERT_TRUE(resultOf(
      pool->start(reactor, [](Reactor& each) { each.reportStalls(1h, [](const Stall&) {}); })));
  pool->reactor(1).callFromThread([&] { gate.pass(); });
  gate.awaitArrived(1);
  const ReactorPoolReport report = resultOf(pool->stop(0s)).value();
  EXPECT_TRUE(report.reactors[0].ended);
  EXPECT_FALSE(report.reactors[1].ended);
  EXPECT_NE(report.reactors[1].heldBy.find("reactor_pool_test.cpp"), std::string::npos)
      << report.toString();
  std::thread opener([&] {
    log.await("waits for a handler to return");
    gate.open();
  });
  pool.reset();
  opener.join();
}

TEST_F(Pool, isStoppedByTheEndOfItsHome) {
  ReactorPool pool(2);
  std::atomic<int> ended = 0;
  reactor.callWhenRunning([&] {
    pool.start(reactor,
               [&ended](Reactor& each) {
                 each.addSystemEventTrigger(Phase::after, [&ended] { ++ended; });
               })
        .addCallback([&] { reactor.stop(); })
        .addErrback([](const Failure& failure) { ADD_FAILURE() << failure; });
  });
  run();
  EXPECT_EQ(ended, 2);
}

TEST_F(Pool, hasNoHomeAnyMoreOnceThatHasEnded) {
  ReactorPool pool(1);
  {
    Reactor home;
    auto start = pool.start(home);
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (start.state() == DeferredState::pending && std::chrono::steady_clock::now() < until)
      home.iterate(10ms);
    EXPECT_EQ(&pool.home(), &home);
  }
  EXPECT_THROW(pool.home(), ReactorNotRunning);
  EXPECT_THROW(static_cast<void>(pool.callOnEach([](Reactor&) {})), ReactorNotRunning);
}

TEST_F(Pool, endsWithItsOwnerWhateverItDoes) {
  const std::size_t threads = entriesOf("/proc/self/task");
  for (int turns = 0; turns < 4; ++turns) {
    ReactorPool pool(2);
    auto start = pool.start(reactor).addErrback([](const CancelledError&) {});
    for (int i = 0; i < turns; ++i) reactor.iterate(10ms);
  }
  EXPECT_TRUE(sinksTo("/proc/self/task", threads));
}

TEST(RunningAPool, lastsUntilItIsStopped) {
  ReactorPool pool(2);
  const ReactorPoolReport report =
      pool.run([&](Reactor& home) { home.callLater(0s, [&] { static_cast<void>(pool.stop()); }); });
  EXPECT_TRUE(report.clean()) << report.toString();
  EXPECT_EQ(report.reactors.size(), 2u);
  EXPECT_EQ(report.exitSignal, 0);
}

TEST(RunningAPool, isEndedBySignals) {
  const SharedLog log;
  for (const int signal : {SIGINT, SIGTERM}) {
    ReactorPool pool(2);
    const ReactorPoolReport report = pool.run([signal](Reactor&) { ::raise(signal); });
    EXPECT_EQ(report.exitSignal, signal);
    EXPECT_TRUE(report.clean()) << report.toString();
  }
}

TEST(RunningAPool, isHurriedByASecondSignal) {
  const SharedLog log;
  ReactorPool pool(2);
  const ReactorPoolReport report = pool.run([&](Reactor& home) {
    return pool
        .callOnEach([](Reactor& each) {
          each.addSystemEventTrigger(Phase::before, [&each] { return task::deferLater(each, 1h); });
        })
        .addCallback([&home] {
          ::raise(SIGINT);
          home.addSystemEventTrigger(Phase::before, [] { ::raise(SIGINT); });
        });
  });
  EXPECT_EQ(report.exitSignal, SIGINT);
  EXPECT_TRUE(report.reactors[0].ended);
}

TEST(RunningAPool, throwsWhatItsBeginningFailsWith) {
  ReactorPool pool(2);
  EXPECT_THROW(pool.run([](Reactor&) { throw std::out_of_range("no"); }), std::out_of_range);
}

TEST(RunningAPool, cancelsABeginningThatStillWaits) {
  bool cancelled = false;
  ReactorPool pool(1);
  const ReactorPoolReport report = pool.run([&](Reactor& home) {
    home.callLater(0s, [&home] { home.stop(); });
    return task::deferLater(home, 1h).addErrback([&](const CancelledError& error) {
      cancelled = true;
      throw error;
    });
  });
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(report.clean());
}

TEST(RunningAPool, endsWhenItsLastReactorHasEndedByItself) {
  const SharedLog log;
  ReactorPool pool(2);
  const ReactorPoolReport report = pool.run([&](Reactor&) {
    for (std::size_t i = 0; i < pool.size(); ++i)
      pool.reactor(i).callFromThread([] { Reactor::current().stop(); });
  });
  EXPECT_TRUE(report.reactors[0].byItself && report.reactors[1].byItself);
}

}  // namespace
}  // namespace hawser::tests
