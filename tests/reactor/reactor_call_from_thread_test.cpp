#include "reactor/support.h"

#include <array>
#include <atomic>
#include <thread>

namespace hawser::tests {
namespace {

using CallFromThread = ReactorTest;

TEST_F(CallFromThread, fromManyThreadsArriveAllAndEachThreadsInOrder) {
  constexpr int threads = 4;
  constexpr int calls = 5000;
  std::array<int, threads> next{};
  int arrived = 0;
  std::vector<std::thread> callers;
  const auto reactorThread = std::this_thread::get_id();
  for (std::size_t t = 0; t < threads; ++t)
    callers.emplace_back([&, t] {
      for (int i = 0; i < calls; ++i)
        reactor.callFromThread([&, t, i] {
          EXPECT_EQ(std::this_thread::get_id(), reactorThread);
          EXPECT_EQ(next[t]++, i);
          if (++arrived == threads * calls) reactor.stop();
        });
    });
  run();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(arrived, threads * calls);
}

TEST_F(CallFromThread, wakesAReactorThatWaits) {
  std::atomic<bool> waiting{false};
  std::thread other([&] {
    while (!waiting) std::this_thread::yield();
    for (int i = 0; i < 100; ++i) {
      std::atomic<bool> made{false};
      reactor.callFromThread([&] { made = true; });
      while (!made) std::this_thread::yield();
    }
    reactor.callFromThread([&] { reactor.stop(); });
  });
  reactor.callWhenRunning([&] { waiting = true; });
  run();
  other.join();
}

TEST_F(CallFromThread, whileItDoesNotRunIsKeptForLater) {
  bool made = false;
  std::thread([&] {
    reactor.callFromThread([&] {
      made = true;
      reactor.stop();
    });
  }).join();
  EXPECT_FALSE(made);
  run();
  EXPECT_TRUE(made);
}

TEST_F(CallFromThread, whatTheReactorDoesNotGetToIsDroppedOnItsThread) {
  struct NotesItsEnd {
    std::thread::id* thread;
    explicit NotesItsEnd(std::thread::id* t) : thread(t) {}
    ~NotesItsEnd() { *thread = std::this_thread::get_id(); }
  };
  std::thread::id droppedOn;
  auto held = std::make_shared<NotesItsEnd>(&droppedOn);
  reactor.callWhenRunning([&] { reactor.stop(); });
  reactor.addSystemEventTrigger(Phase::after, [&] {
    std::thread([&, held = std::move(held)]() mutable {
      reactor.callFromThread([held = std::move(held)] { FAIL() << "too late to be called"; });
    }).join();
  });
  run();
  EXPECT_EQ(droppedOn, std::this_thread::get_id());
}

TEST_F(CallFromThread, afterTheEndIsDropped) {
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  auto held = std::make_shared<int>();
  reactor.callFromThread([held] { FAIL(); });
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace hawser::tests
