#include "reactor/threads_support.h"

#include <hawser/reactor/task.h>

#include <atomic>

namespace hawser::tests {
namespace {

int multiply(int a, int b) { return a * b; }

/// Says on which thread it dies.
struct Witness {
  explicit Witness(std::thread::id& at) : diedAt(&at) {}
  Witness(Witness&& other) noexcept : diedAt(std::exchange(other.diedAt, nullptr)) {}
  Witness& operator=(Witness&& other) noexcept {
    std::swap(diedAt, other.diedAt);
    return *this;
  }
  ~Witness() {
    if (diedAt) *diedAt = std::this_thread::get_id();
  }
  std::thread::id* diedAt;
};

class Threads : public ReactorTest {
 protected:
  Gate gate;
  std::thread::id own = std::this_thread::get_id();

  /// Runs until it has a result.
  template <class T>
  Result<T> resultOf(Deferred<T> deferred) {
    std::optional<Result<T>> result;
    std::move(deferred).addBoth([&](Result<T> got) {
      EXPECT_EQ(std::this_thread::get_id(), own);
      result = std::move(got);
      if (reactor.running() && !reactor.stopping()) reactor.stop();
    });
    if (!result) run();
    return std::move(*result);
  }
};

TEST_F(Threads, giveWhatTheFunctionReturns) {
  std::thread::id ranIn;
  EXPECT_EQ(*resultOf(deferToThread(
                reactor,
                [&](int a, int b) {
                  ranIn = std::this_thread::get_id();
                  return multiply(a, b);
                },
                6, 7)),
            42);
  EXPECT_NE(ranIn, own);
  EXPECT_NE(ranIn, std::thread::id());
}

TEST_F(Threads, takeAndGiveWhatOnlyMoves) {
  auto seven = std::make_unique<int>(7);
  const auto twice = [](std::unique_ptr<int> number) {
    *number *= 2;
    return number;
  };
  EXPECT_EQ(**resultOf(deferToThread(reactor, twice, std::move(seven))), 14);
}

TEST_F(Threads, giveNothingOfAFunctionThatReturnsNothing) {
  std::atomic<bool> called{false};
  EXPECT_TRUE(resultOf(deferToThread(reactor, [&] { called = true; })));
  EXPECT_TRUE(called);
}

TEST_F(Threads, takeTheCurrentReactorIfGivenNone) {
  EXPECT_EQ(*resultOf(deferToThread([] { return 7; })), 7);
}

TEST_F(Threads, giveTheFailureThatTheFunctionReturns) {
  const auto f = []() -> Result<int> { return Failure(std::runtime_error("none")); };
  EXPECT_EQ(resultOf(deferToThread(reactor, f)).failure().getErrorMessage(), "none");
}

TEST_F(Threads, makeAFailureOfWhateverIsThrown) {
  struct Strange {};
  struct Case {
    void (*f)();
    std::string message;
  };
  std::vector<Deferred<void>> all;
  const Case cases[] = {
      {[] { throw std::runtime_error("no disk"); }, "no disk"},
      {[] { throw 7; }, "the integer 7"},
      {[] { throw "text"; }, "text"},
      {[] { throw std::string("string"); }, "string"},
      {[] { throw Strange(); }, "an exception of type"},
  };
  std::size_t left = std::size(cases);
  for (const Case& each : cases) {
    deferToThread(reactor, each.f).addErrback([&](const Failure& why) {
      EXPECT_EQ(why.getErrorMessage().find(each.message), 0u) << why;
      if (--left == 0) reactor.stop();
    });
  }
  run();
  EXPECT_EQ(left, 0u);
}

TEST_F(Threads, passAStopTokenToAFunctionThatTakesOne) {
  const auto f = [](const std::stop_token& stop, int number) {
    return stop.stop_possible() && !stop.stop_requested() ? number : 0;
  };
  EXPECT_EQ(*resultOf(deferToThread(reactor, f, 7)), 7);
}

TEST_F(Threads, destroyTheFunctionWhereItRanBeforeTheResultIsKnown) {
  std::thread::id diedAt;
  std::thread::id ranIn;
  auto f = [&ranIn, witness = Witness(diedAt)] { ranIn = std::this_thread::get_id(); };
  EXPECT_TRUE(resultOf(deferToThread(reactor, std::move(f))));
  EXPECT_EQ(diedAt, ranIn);
}

TEST_F(Threads, nameBothSidesInTheTraceback) {
  std::atomic<pid_t> thread{0};
  const auto where = std::source_location::current();
  const Failure why = resultOf(deferToThread(reactor, [&]() -> int {
                        thread = ::gettid();
                        throw std::runtime_error("no disk");
                      })).failure();
  const std::string text = why.getTraceback();
  EXPECT_NE(text.find("left the job asked for at"), std::string::npos) << text;
  EXPECT_NE(text.find("threads_test.cpp:" + std::to_string(where.line() + 1)), std::string::npos)
      << text;
  EXPECT_NE(text.find("in thread " + std::to_string(thread)), std::string::npos) << text;
  EXPECT_NE(text.find("in the Deferred made at"), std::string::npos) << text;
}

TEST_F(Threads, showWhatHappenedOnTheReactorForThem) {
  const auto inner = std::source_location::current();
  auto f = [this, inner] {
    blockingCallFromThread(reactor, [inner]() -> Deferred<int> {
      return fail<int>(Failure(std::runtime_error("no answer"), inner));
    });
  };
  const std::string text = resultOf(deferToThread(reactor, std::move(f))).failure().getTraceback();
  EXPECT_LT(text.find("raised at"), text.find("awaited at")) << text;
  EXPECT_NE(text.find(lineOf(inner)), std::string::npos) << text;
  EXPECT_LT(text.find("awaited at"), text.find("left the job asked for at")) << text;
}

TEST_F(Threads, canBeAwaited) {
  const auto program = [](Reactor& on) -> Deferred<int> {
    int sum = 0;
    for (int i = 1; i <= 3; ++i) sum += co_await deferToThread(on, multiply, i, i);
    co_return sum;
  };
  EXPECT_EQ(*resultOf(program(reactor)), 14);
}

TEST_F(Threads, areNotToBeAskedOnAnother) {
  std::thread([&] {
    EXPECT_THROW(static_cast<void>(deferToThread(reactor, multiply, 1, 2)), WrongThreadError);
    EXPECT_THROW(reactor.getThreadPool(), WrongThreadError);
    EXPECT_FALSE(reactor.isInIOThread());
  }).join();
  EXPECT_TRUE(reactor.isInIOThread());
}

TEST_F(Threads, failAtOnceIfThePoolIsFullOrStopped) {
  ThreadPool pool({.maxThreads = 1, .maxQueued = 0});
  pool.callInThread([&] { gate.pass(); });
  gate.awaitArrived(1);
  const auto whyNot = [&] {
    return resultOf(deferToThreadPool(reactor, pool, multiply, 6, 7)).failure();
  };
  EXPECT_TRUE(whyNot().check<ThreadPoolFullError>());
  gate.open();
  pool.stop();
  EXPECT_TRUE(whyNot().check<ThreadPoolStoppedError>());
}

TEST_F(Threads, callMultipleInTurnUntilOneThrows) {
  SharedLog log;
  std::vector<int> made;
  std::vector<unique_function<void()>> calls;
  for (int i = 0; i < 3; ++i) calls.emplace_back([&, i] { made.push_back(i); });
  calls.emplace_back([] { throw std::runtime_error("enough"); });
  calls.emplace_back([&] { made.push_back(9); });
  reactor.suggestThreadPoolSize(1);
  callMultipleInThread(reactor, std::move(calls));
  EXPECT_TRUE(resultOf(deferToThread(reactor, [] {})));
  EXPECT_EQ(made, (std::vector{0, 1, 2}));
  EXPECT_EQ(log.count("enough"), 1u);
}

// Cancelling.

TEST_F(Threads, takeACancelledJobOutOfTheQueue) {
  ThreadPool pool({.maxThreads = 1});
  pool.callInThread([&] { gate.pass(); });
  gate.awaitArrived(1);
  std::thread::id diedAt;
  bool cancelled = false;
  auto f = [witness = Witness(diedAt)] { ADD_FAILURE() << "it ran"; };
  auto waiting =
      deferToThreadPool(reactor, pool, std::move(f)).addErrback([&](const CancelledError&) {
        cancelled = true;
      });
  EXPECT_EQ(pool.queued(), 1u);
  waiting.cancel();
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(pool.queued(), 0u);
  EXPECT_EQ(diedAt, own);
  gate.open();
}

TEST_F(Threads, askACancelledJobThatRunsToStop) {
  Gate stopped;
  bool cancelled = false;
  auto running = deferToThread(reactor, [&](const std::stop_token& stop) {
                   gate.pass(stop);
                   if (stop.stop_requested()) stopped.open();
                 }).addErrback([&](const CancelledError&) { cancelled = true; });
  gate.awaitArrived(1);
  running.cancel();
  EXPECT_TRUE(cancelled);
  stopped.pass();
}

TEST_F(Threads, dropWhatACancelledJobGivesOnTheReactorsThread) {
  std::thread::id diedAt;
  auto running = deferToThread(reactor, [&] {
                   gate.pass();
                   return Witness(diedAt);
                 }).addCallback([](Witness) {
                   }).addErrback([](const CancelledError&) {});
  gate.awaitArrived(1);
  running.cancel();
  gate.open();
  reactor.getThreadPool().drain(reactor).addCallback([&] { reactor.stop(); });
  run();
  EXPECT_EQ(diedAt, own);
}

TEST_F(Threads, mayBeCancelledByACallbackOfTheirOwn) {
  ThreadPool pool({.maxThreads = 1});
  pool.callInThread([&] { gate.pass(); });
  gate.awaitArrived(1);
  Deferred<void> second = succeed();
  auto first = deferToThreadPool(reactor, pool, [] {}).addErrback([&](const CancelledError&) {
    second.cancel();
  });
  bool cancelled = false;
  second = deferToThreadPool(reactor, pool, [] {}).addErrback([&](const CancelledError&) {
    cancelled = true;
    first.cancel();
  });
  first.cancel();
  EXPECT_TRUE(cancelled);
  gate.open();
}

}  // namespace
}  // namespace hawser::tests
