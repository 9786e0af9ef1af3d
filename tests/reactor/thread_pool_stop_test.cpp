#include "reactor/threads_support.h"

#include <pthread.h>

#include <atomic>

namespace hawser::tests {
namespace {

TEST(StoppingAThreadPool, waitsForWhatRunsAndDropsWhatWaits) {
  SharedLog log;
  Gate gate;
  ThreadPool pool({.maxThreads = 1, .name = "disk"});
  bool ended = false;
  bool dropped = true;
  pool.callInThread([&] {
    gate.pass();
    ended = true;
  });
  gate.awaitArrived(1);
  for (int i = 0; i < 2; ++i) pool.callInThread([&] { dropped = false; });
  std::thread opener([&] {
    log.await("dropped 2 calls of callInThread that waited");
    gate.open();
  });
  pool.stop();
  EXPECT_TRUE(ended);
  EXPECT_TRUE(dropped);
  EXPECT_EQ(pool.threads(), 0u);
  pool.stop();
  opener.join();
}

TEST(StoppingAThreadPool, refusesWhatComesLater) {
  ThreadPool pool;
  pool.stop();
  EXPECT_THROW(pool.callInThread([] {}), ThreadPoolStoppedError);
}

TEST(StoppingAThreadPool, tellsThoseThatWaitForAnAnswer) {
  Gate gate;
  int told = 0;
  {
    ThreadPool pool({.maxThreads = 1});
    pool.callInThread([&] { gate.pass(); });
    gate.awaitArrived(1);
    pool.callInThreadWithCallback(
        [&](const Result<int>& result) {
          ++told;
          EXPECT_TRUE(result.failure().check<ThreadPoolStoppedError>());
        },
        [] { return 7; });
    pool.quit();
    EXPECT_EQ(told, 1);
    gate.open();
  }
  EXPECT_EQ(told, 1);
}

TEST(StoppingAThreadPool, inAJobOfItsOwnIsAnError) {
  ThreadPool pool;
  Gate done;
  pool.callInThread([&] {
    EXPECT_THROW(pool.stop(), std::logic_error);
    done.open();
  });
  done.pass();
}

TEST(StoppingAThreadPool, byDestroyingItInAJobOfItsOwnDoesNotWait) {
  Gate gate;
  Gate done;
  auto pool = std::make_shared<ThreadPool>();
  ThreadPool& same = *pool;
  same.callInThread([&gate, &done, pool = std::move(pool)]() mutable {
    gate.pass();
    pool.reset();
    done.open();
  });
  gate.open();
  done.pass();
}

TEST(StoppingAThreadPool, byTheDestructionOfAJobThatOwnsItDoesNotWait) {
  const auto gate = std::make_shared<Gate>();
  std::weak_ptr<ThreadPool> weak;
  {
    auto pool = std::make_shared<ThreadPool>(ThreadPoolOptions{.maxThreads = 1});
    weak = pool;
    ThreadPool& same = *pool;
    same.callInThread([gate, pool = std::move(pool)] { gate->pass(); });
  }
  gate->open();
  while (!weak.expired()) std::this_thread::yield();
}

TEST(StoppingAThreadPool, mayBeDoneByTwoThreadsAtOnce) {
  const SharedLog log;
  for (int i = 0; i < 50; ++i) {
    ThreadPool pool({.minThreads = 3});
    pool.callInThread([] {});
    std::thread other([&] { pool.stop(); });
    pool.stop();
    other.join();
    EXPECT_EQ(pool.threads(), 0u);
  }
}

TEST(StoppingAThreadPool, replacesAThreadThatWasEndedFromInside) {
  SharedLog log;
  ThreadPool pool({.maxThreads = 1});
  Gate done;
  Gate gate;
  pool.callInThread([&] {
    gate.pass();
    ::pthread_exit(nullptr);
  });
  pool.callInThread([&] { done.open(); });
  gate.open();
  done.pass();
  log.await("lost the thread that ran this");
  EXPECT_EQ(pool.threads(), 1u);
}

class EndingWithAReactor : public ReactorTest {
 protected:
  Gate gate;
  ThreadPool pool{{.maxThreads = 1}};
};

TEST_F(EndingWithAReactor, drainingFiresWhenAllHasBeenDone) {
  std::atomic<int> done{0};
  for (int i = 0; i < 5; ++i)
    pool.callInThread([&] {
      gate.pass();
      ++done;
    });
  pool.drain(reactor).addCallback([&] {
    EXPECT_EQ(done, 5);
    reactor.stop();
  });
  EXPECT_THROW(pool.callInThread([] {}), ThreadPoolStoppedError);
  reactor.callWhenRunning([&] { gate.open(); });
  run();
  EXPECT_EQ(done, 5);
}

TEST_F(EndingWithAReactor, anIdlePoolIsDrainedInTheNextTurn) {
  pool.drain(reactor).addCallback([&] { reactor.stop(); });
  run();
}

TEST_F(EndingWithAReactor, stoppingWithoutBlockingFiresWhenNothingRuns) {
  SharedLog log;
  bool ended = false;
  pool.callInThread([&] {
    gate.pass();
    ended = true;
  });
  gate.awaitArrived(1);
  pool.callInThread([] { ADD_FAILURE() << "it waited, and was not dropped"; });
  pool.stop(reactor).addCallback([&] {
    EXPECT_TRUE(ended);
    reactor.stop();
  });
  reactor.callWhenRunning([&] { gate.open(); });
  run();
}

TEST_F(EndingWithAReactor, cancellingEndsTheWaitingOnly) {
  bool cancelled = false;
  pool.callInThread([&] { gate.pass(); });
  auto drained = pool.drain(reactor).addErrback([&](const CancelledError&) { cancelled = true; });
  drained.cancel();
  EXPECT_TRUE(cancelled);
  gate.open();
  pool.drain(reactor).addCallback([&] { reactor.stop(); });
  run();
}

TEST_F(EndingWithAReactor, aReactorThatEndsFirstAbandonsTheWaiting) {
  LogCapture log;
  bool abandoned = false;
  pool.callInThread([&] { gate.pass(); });
  pool.drain(reactor).addErrback([&](const AbandonedError&) { abandoned = true; });
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_TRUE(abandoned);
  gate.open();
}

}  // namespace
}  // namespace hawser::tests
