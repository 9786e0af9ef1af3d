#include "reactor/threads_support.h"

#include <hawser/reactor/task.h>

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <future>

namespace hawser::tests {
namespace {

/// A reactor, and a thread that waits for it.
class BlockingCalls : public ReactorTest {
 protected:
  std::thread other;
  std::thread::id own = std::this_thread::get_id();

  /// Calls `f` in a thread, and stops the reactor when that has ended.
  template <class F>
  void runWith(F f) {
    other = std::thread([this, f = std::move(f)]() mutable {
      f();
      reactor.callFromThread([this] { reactor.stop(); });
    });
    run();
    other.join();
  }
  ~BlockingCalls() override {
    if (other.joinable()) other.join();
  }
};

TEST_F(BlockingCalls, giveWhatTheFunctionReturnsOnTheReactorsThread) {
  std::thread::id ranIn;
  int got = 0;
  runWith([&] {
    got = blockingCallFromThread(
        reactor,
        [&](int a, int b) {
          ranIn = std::this_thread::get_id();
          return a * b;
        },
        6, 7);
  });
  EXPECT_EQ(got, 42);
  EXPECT_EQ(ranIn, own);
}

TEST_F(BlockingCalls, waitForADeferred) {
  int got = 0;
  runWith([&] {
    got = blockingCallFromThread(
        reactor, [&] { return task::deferLater(reactor, 1ms).addCallback([] { return 7; }); });
  });
  EXPECT_EQ(got, 7);
}

TEST_F(BlockingCalls, waitForACoroutineAndKeepWhatItCaptured) {
  std::string got;
  runWith([&] {
    const auto ask =
        [&reactor = reactor,
         word = std::string("a word that is not short at all")]() -> Deferred<std::string> {
      co_await task::deferLater(reactor, 1ms);
      co_return word + "!";
    };
    got = blockingCallFromThread(reactor, ask);
  });
  EXPECT_EQ(got, "a word that is not short at all!");
}

TEST_F(BlockingCalls, giveWhatOnlyMovesAndNothing) {
  int got = 0;
  runWith([&] {
    got = *blockingCallFromThread(reactor, [] { return std::make_unique<int>(7); });
    blockingCallFromThread(reactor, [&] { ++got; });
    blockingCallFromThread(reactor, [&]() -> Deferred<void> {
      ++got;
      return succeed();
    });
  });
  EXPECT_EQ(got, 9);
}

TEST_F(BlockingCalls, throwWhatTheFunctionThrowsOrFailsWith) {
  struct Case {
    const char* name;
    unique_function<Deferred<int>()> f;
  };
  Case cases[] = {
      {"thrown", []() -> Deferred<int> { throw std::runtime_error("none"); }},
      {"a Failure", [] { return fail<int>(Failure(std::runtime_error("none"))); }},
      {"later",
       [&] {
         return task::deferLater(reactor, 1ms).addCallback([]() -> int {
           throw std::runtime_error("none");
         });
       }},
  };
  runWith([&] {
    for (Case& each : cases) {
      SCOPED_TRACE(each.name);
      try {
        blockingCallFromThread(reactor, std::move(each.f));
        ADD_FAILURE() << "nothing was thrown";
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "none");
      }
    }
    EXPECT_THROW(blockingCallFromThread(reactor, [] { throw 7; }), int);
  });
}

TEST_F(BlockingCalls, onTheReactorsOwnThreadAreAnError) {
  try {
    blockingCallFromThread(reactor, [] { return 7; });
    ADD_FAILURE() << "it waited for itself";
  } catch (const WrongThreadError& error) {
    EXPECT_NE(std::string_view(error.what()).find("would wait for itself"), std::string_view::npos);
  }
}

TEST_F(BlockingCalls, comeAfterWhatTheThreadAskedForBefore) {
  std::vector<int> order;
  runWith([&] {
    reactor.callFromThread([&] { order.push_back(1); });
    blockingCallFromThread(reactor, [&] { order.push_back(2); });
    reactor.callFromThread([&] { order.push_back(3); });
  });
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST_F(BlockingCalls, endWithTheReactor) {
  LogCapture log;
  Resolver<int> kept;
  other = std::thread([&] {
    EXPECT_THROW(blockingCallFromThread(reactor,
                                        [&]() -> Deferred<int> {
                                          auto made = makeDeferred<int>();
                                          kept = std::move(made.resolver);
                                          reactor.stop();
                                          return std::move(made.deferred);
                                        }),
                 ReactorNotRunning);
  });
  run();
  other.join();
  EXPECT_TRUE(kept);
}

TEST_F(BlockingCalls, endWithAReactorThatNeverMadeThem) {
  Gate asked;
  auto made = std::make_unique<Reactor>();
  other = std::thread([&, &on = *made] {
    on.callFromThread([] {});
    asked.open();
    EXPECT_THROW(blockingCallFromThread(on, [] { return 7; }), ReactorNotRunning);
  });
  asked.pass();
  // Whether the call has been asked for by now or not: the reactor exists, and ends first.
  reactor.callLater(1ms, [&] { reactor.stop(); });
  run();
  {
    LogCapture log;
    made->callWhenRunning([&] { made->stop(); });
    made->run();
  }
  other.join();
}

TEST_F(BlockingCalls, areRefusedOnceTheReactorHasEnded) {
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  other = std::thread(
      [&] { EXPECT_THROW(blockingCallFromThread(reactor, [] { return 7; }), ReactorNotRunning); });
  other.join();
}

TEST_F(BlockingCalls, ofAJobThatIsCancelledEndAtOnceAndCancelTheirDeferred) {
  std::atomic<bool> thrown{false};
  bool cancelledThere = false;
  Deferred<void> job = deferToThread(reactor, [&] {
    try {
      blockingCallFromThread(reactor, [&]() -> Deferred<void> {
        reactor.callLater(0s, [&] { job.cancel(); });
        return task::deferLater(reactor, 1h).addErrback([&](const CancelledError&) {
          cancelledThere = true;
          reactor.stop();
        });
      });
    } catch (const CancelledError&) {
      thrown = true;
    }
  });
  job.addErrback([](const CancelledError&) {});
  run();
  EXPECT_TRUE(thrown);
  EXPECT_TRUE(cancelledThere);
}

TEST_F(BlockingCalls, ofAJobDoNotKeepItsPoolFromStoppingOnTheReactorsThread) {
  ThreadPool pool;
  Gate waiting;
  std::atomic<bool> thrown{false};
  pool.callInThread([&] {
    waiting.open();
    try {
      blockingCallFromThread(reactor, [] { return 7; });
    } catch (const CancelledError&) {
      thrown = true;
    }
  });
  waiting.pass();
  pool.stop();
  EXPECT_TRUE(thrown);
  reactor.iterate();
}

TEST_F(BlockingCalls, goOnAfterASignal) {
  static std::atomic<int> signals;
  signals = 0;
  struct sigaction before{};
  struct sigaction counts{};
  counts.sa_handler = [](int) { ++signals; };
  ASSERT_EQ(::sigaction(SIGUSR1, &counts, &before), 0);
  int got = 0;
  runWith([&] {
    got = blockingCallFromThread(reactor, [this, asking = ::pthread_self()] {
      ::pthread_kill(asking, SIGUSR1);
      return task::deferLater(reactor, 1ms).addCallback([] { return 7; });
    });
  });
  ::sigaction(SIGUSR1, &before, nullptr);
  EXPECT_EQ(got, 7);
  EXPECT_EQ(signals, 1);
}

TEST_F(BlockingCalls, fromManyThreadsAllGetTheirOwn) {
  constexpr int threads = 4;
  constexpr int each = 300;
  std::atomic<int> wrong{0};
  std::atomic<int> left{threads};
  std::vector<std::thread> askers;
  for (int t = 0; t < threads; ++t)
    askers.emplace_back([&, t] {
      for (int i = 0; i < each; ++i)
        if (blockingCallFromThread(
                reactor, [](int a, int b) { return a * 1000 + b; }, t, i) != t * 1000 + i)
          ++wrong;
      if (--left == 0) reactor.callFromThread([&] { reactor.stop(); });
    });
  run();
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(BlockingCalls, leaveACoroutineWhatItCapturedIfTheReactorEndsFirst) {
  SharedLog log;
  std::string seen;
  other = std::thread([&] {
    const auto ask = [&,
                      word = std::string("a word that is not short at all")]() -> Deferred<void> {
      reactor.callLater(0s, [&] { reactor.stop(); });
      try {
        co_await task::deferLater(reactor, 1h);
      } catch (const AbandonedError&) {
        seen = word;
      }
    };
    EXPECT_THROW(blockingCallFromThread(reactor, ask), ReactorNotRunning);
  });
  run();
  other.join();
  EXPECT_EQ(seen, "a word that is not short at all");
}

}  // namespace
}  // namespace hawser::tests
