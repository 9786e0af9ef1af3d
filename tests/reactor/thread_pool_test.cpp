#include "reactor/threads_support.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <set>

namespace hawser::tests {
namespace {

TEST(ThreadPools, haveNoThreadBeforeTheFirstJob) {
  const SharedLog log;
  ThreadPool pool({.minThreads = 2, .maxThreads = 3});
  EXPECT_EQ(pool.threads(), 0u);
  pool.adjustPoolsize(1, 2);
  EXPECT_EQ(pool.threads(), 0u);
  pool.callInThread([] {});
  EXPECT_GE(pool.threads(), 1u);
}

TEST(ThreadPools, startTheFewestThreadsThatTheyAreToHaveWithTheFirstJob) {
  const SharedLog log;
  ThreadPool pool({.minThreads = 3});
  pool.callInThread([] {});
  EXPECT_EQ(pool.threads(), 3u);
}

TEST(ThreadPools, startAThreadForEachJobThatFindsNoneFree) {
  Gate gate;
  ThreadPool pool({.maxThreads = 2});
  for (std::size_t jobs = 1; jobs <= 4; ++jobs) {
    pool.callInThread([&] { gate.pass(); });
    EXPECT_EQ(pool.threads(), std::min<std::size_t>(jobs, 2));
  }
  gate.awaitArrived(2);
  EXPECT_EQ(pool.queued(), 2u);
  EXPECT_EQ(pool.busyWith().size(), 2u);
  gate.open();
  gate.awaitArrived(4);
}

TEST(ThreadPools, useAThreadThatIsFreeAgain) {
  ThreadPool pool;
  for (int i = 0; i < 20; ++i) {
    Gate done;
    pool.callInThread([&] { done.open(); });
    done.pass();
    while (!pool.busyWith().empty()) std::this_thread::yield();
  }
  EXPECT_EQ(pool.threads(), 1u);
}

TEST(ThreadPools, beginJobsInTheOrderInWhichTheyWereGiven) {
  std::vector<int> order;
  {
    Gate gate;
    ThreadPool pool({.maxThreads = 1});
    Gate last;
    pool.callInThread([&] { gate.pass(); });
    for (int i = 0; i < 100; ++i) pool.callInThread([&, i] { order.push_back(i); });
    pool.callInThread([&] { last.open(); });
    gate.open();
    last.pass();
  }
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(ThreadPools, logWhatACallThrows) {
  SharedLog log;
  ThreadPool pool;
  pool.callInThread([] { throw std::runtime_error("no disk"); });
  pool.callInThread([] { throw 7; });
  EXPECT_EQ(log.await("no disk"), "in a thread of a pool: no disk");
  EXPECT_EQ(log.await("integer"), "in a thread of a pool: the integer 7");
}

TEST(ThreadPools, tellTheThreadWhatACallGave) {
  ThreadPool pool;
  Gate told;
  const auto text = [](const Result<std::string>& result) {
    return result ? *result : result.failure().getErrorMessage();
  };
  struct Case {
    unique_function<std::string()> f;
    std::string expected;
  };
  std::array cases{
      Case{[] { return std::string("seven"); }, "seven"},
      Case{[]() -> std::string { throw std::runtime_error("none"); }, "none"},
      Case{[]() -> std::string { throw 7; }, "the integer 7"},
  };
  int number = 0;
  for (Case& each : cases) {
    std::string got;
    std::thread::id calledIn;
    std::thread::id toldIn;
    Gate done;
    pool.callInThreadWithCallback(
        [&](const Result<std::string>& result) {
          got = text(result);
          toldIn = std::this_thread::get_id();
          done.open();
        },
        [&] {
          calledIn = std::this_thread::get_id();
          return each.f();
        });
    done.pass();
    EXPECT_EQ(got, each.expected) << number++;
    EXPECT_EQ(calledIn, toldIn);
    EXPECT_NE(calledIn, std::this_thread::get_id());
  }
}

TEST(ThreadPools, growAtOnceIfJobsWait) {
  Gate gate;
  ThreadPool pool({.maxThreads = 1});
  for (int i = 0; i < 3; ++i) pool.callInThread([&] { gate.pass(); });
  gate.awaitArrived(1);
  EXPECT_EQ(pool.threads(), 1u);
  pool.adjustPoolsize(0, 3);
  gate.awaitArrived(3);
  EXPECT_EQ(pool.threads(), 3u);
  gate.open();
}

TEST(ThreadPools, shrinkAsThreadsBecomeFree) {
  Gate gate;
  ThreadPool pool({.maxThreads = 4});
  for (int i = 0; i < 4; ++i) pool.callInThread([&] { gate.pass(); });
  gate.awaitArrived(4);
  pool.adjustPoolsize(0, 1);
  EXPECT_EQ(pool.threads(), 4u);
  gate.open();
  while (pool.threads() != 1) std::this_thread::yield();
  Gate done;
  pool.callInThread([&] { done.open(); });
  done.pass();
  EXPECT_EQ(pool.threads(), 1u);
}

TEST(ThreadPools, refuseSizesThatMakeNoSense) {
  EXPECT_THROW(ThreadPool({.maxThreads = 0}), std::invalid_argument);
  EXPECT_THROW(ThreadPool({.minThreads = 3, .maxThreads = 2}), std::invalid_argument);
  ThreadPool pool;
  EXPECT_THROW(pool.adjustPoolsize(0, 0), std::invalid_argument);
  EXPECT_THROW(pool.adjustPoolsize(2, 1), std::invalid_argument);
  EXPECT_THROW(pool.callInThread({}), std::invalid_argument);
}

TEST(ThreadPools, thatAreFullSayWhatTheyAreBusyWith) {
  const SharedLog log;
  Gate gate;
  ThreadPool pool({.maxThreads = 2, .maxQueued = 1, .name = "disk"});
  const auto first = std::source_location::current();
  pool.callInThread([&] { gate.pass(); }, first);
  gate.awaitArrived(1);
  const auto second = std::source_location::current();
  pool.callInThread([&] { gate.pass(); }, second);
  gate.awaitArrived(2);
  pool.callInThread([] {});
  try {
    pool.callInThread([] {});
    ADD_FAILURE() << "it took one more";
  } catch (const ThreadPoolFullError& error) {
    const std::string what = error.what();
    EXPECT_EQ(
        what.find("the thread pool \"disk\" is full: 1 job waits, and its 2 threads are busy"), 0u)
        << what;
    EXPECT_NE(what.find(lineOf(first)), std::string::npos) << what;
    EXPECT_LT(what.find(lineOf(first)), what.find(lineOf(second))) << what;
    ASSERT_EQ(error.busyWith().size(), 2u);
    EXPECT_EQ(error.busyWith()[0].where.line(), first.line());
    EXPECT_GE(error.busyWith()[0].lasted, error.busyWith()[1].lasted);
  }
  gate.open();
}

TEST(ThreadPools, withoutAQueueStillTakeWhatAThreadIsFreeFor) {
  const SharedLog log;
  Gate gate;
  ThreadPool pool({.maxThreads = 1, .maxQueued = 0});
  pool.callInThread([&] { gate.pass(); });
  EXPECT_THROW(pool.callInThread([] {}), ThreadPoolFullError);
  gate.open();
  while (!pool.busyWith().empty() || pool.queued() != 0) std::this_thread::yield();
  pool.callInThread([] {});
}

TEST(ThreadPools, reportOnceThatAJobWaitsTooLong) {
  SharedLog log;
  Gate gate;
  ThreadPool pool({.maxThreads = 1, .stuckAfter = 1ms, .name = "disk"});
  const auto where = std::source_location::current();
  pool.callInThread([&] { gate.pass(); }, where);
  gate.awaitArrived(1);
  for (int i = 0; i < 3; ++i) pool.callInThread([] {});
  const std::string line = log.await("A job has waited");
  EXPECT_NE(line.find("of the pool \"disk\""), std::string::npos) << line;
  EXPECT_NE(line.find(lineOf(where)), std::string::npos) << line;
  Gate after;
  gate.open();
  pool.callInThread([&] { after.open(); });
  after.pass();
  EXPECT_EQ(log.count("A job has waited"), 1u);
}

TEST(ThreadPools, wakeAsManyThreadsAsThereAreJobsThatTakeLong) {
  constexpr int threads = 4;
  ThreadPool pool({.maxThreads = threads});
  for (int round = 0; round < 20; ++round) {
    Gate gate;
    for (int i = 0; i < threads; ++i) pool.callInThread([&] { gate.pass(); });
    gate.awaitArrived(threads);
    gate.open();
    while (!pool.busyWith().empty()) std::this_thread::yield();
  }
  EXPECT_EQ(pool.threads(), std::size_t{threads});
}

TEST(ThreadPools, thatShrinkWhileJobsComeDoThemAll) {
  ThreadPool pool({.maxThreads = 4});
  std::atomic<int> done{0};
  int given = 0;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 8; ++i, ++given) pool.callInThread([&] { ++done; });
    pool.adjustPoolsize(0, round % 2 == 0 ? 1 : 4);
  }
  while (done != given) std::this_thread::yield();
}

TEST(ThreadPools, haveSignalsBlockedInTheirThreads) {
  ThreadPool pool;
  sigset_t mask;
  sigemptyset(&mask);
  Gate done;
  pool.callInThread([&] {
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    done.open();
  });
  done.pass();
  EXPECT_TRUE(sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGTERM) == 1);
}

TEST(ThreadPools, mayBeGivenJobsByTheirJobs) {
  ThreadPool pool({.maxThreads = 1});
  Gate done;
  pool.callInThread([&] { pool.callInThread([&] { done.open(); }); });
  done.pass();
}

TEST(ThreadPools, areOfNoUseInAForkedProcess) {
  Gate gate;
  ThreadPool pool;
  pool.callInThread([&] { gate.pass(); });
  gate.awaitArrived(1);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    int status = 1;
    try {
      pool.callInThread([] {});
    } catch (const WrongThreadError&) {
      status = 0;
    }
    if (pool.threads() != 0) status = 2;
    pool.stop();
    pool.~ThreadPool();
    ::_exit(status);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  gate.open();
}

}  // namespace
}  // namespace hawser::tests
