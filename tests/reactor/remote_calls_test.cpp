#include "reactor/support.h"

#include <hawser/reactor/backend.h>
#include <hawser/reactor/remote_resolver.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>

namespace hawser::tests {
namespace {

/// Says how it was woken, and lets a test act while the reactor waits.
class WatchedBackend final : public Backend {
 public:
  struct Seen {
    std::atomic<int> wakes{0};
    std::vector<bool> waited;  // for each wait: was there anything to wait for?
    std::function<void()> duringNextWait = {};
  };
  explicit WatchedBackend(Seen& seen) : seen_(seen) {}

  std::string_view name() const noexcept override { return "watched"; }
  ChannelPtr open(int, int, int) override {
    throw std::system_error(ENOTSUP, std::system_category());
  }
  ChannelPtr adopt(FileDescriptor) override {
    throw std::system_error(ENOTSUP, std::system_category());
  }
  TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }
  void wait(std::optional<TimePoint> until) override {
    seen_.waited.push_back(until != TimePoint::min());
    if (const auto act = std::exchange(seen_.duringNextWait, {})) act();
  }
  void deliver() override {}
  void wake() noexcept override { ++seen_.wakes; }

 private:
  Seen& seen_;
};

class RemoteCallsTest : public ::testing::Test {
 protected:
  void postFromAnotherThread(int calls) {
    std::thread([this, calls] {
      for (int i = 0; i < calls; ++i)
        reactor.callFromThread([this, number = posted++] { made.push_back(number); });
    }).join();
  }
  void expectMade(int calls) {
    ASSERT_EQ(made.size(), static_cast<std::size_t>(calls));
    for (int i = 0; i < calls; ++i) EXPECT_EQ(made[static_cast<std::size_t>(i)], i);
  }

  WatchedBackend::Seen seen;
  Reactor reactor{std::make_unique<WatchedBackend>(seen)};
  int posted = 0;
  std::vector<int> made;
};

TEST_F(RemoteCallsTest, wakeAReactorThatWaitsOnceHoweverManyTheyAre) {
  seen.duringNextWait = [this] { postFromAnotherThread(100); };
  reactor.iterate(1s);
  EXPECT_EQ(seen.wakes, 1);
  expectMade(100);
}

TEST_F(RemoteCallsTest, doNotWakeAReactorThatIsAwakeButKeepItFromWaiting) {
  seen.duringNextWait = [this] { reactor.callFromThread([this] { postFromAnotherThread(100); }); };
  reactor.iterate(1s);
  EXPECT_EQ(seen.wakes, 1) << "by the first call";
  EXPECT_TRUE(made.empty()) << "a turn makes the calls that were there when it began";
  reactor.iterate(1s);
  EXPECT_EQ(seen.wakes, 1);
  EXPECT_EQ(seen.waited, (std::vector{true, false}));
  expectMade(100);
}

TEST_F(RemoteCallsTest, beforeTheFirstTurnWakeNobody) {
  postFromAnotherThread(3);
  reactor.iterate(1s);
  EXPECT_EQ(seen.wakes, 0);
  EXPECT_EQ(seen.waited, std::vector{false});
  expectMade(3);
}

TEST_F(RemoteCallsTest, wakeAReactorEachTimeThatItWaits) {
  for (int turn = 1; turn <= 3; ++turn) {
    seen.duringNextWait = [this] { postFromAnotherThread(2); };
    reactor.iterate(1s);
    EXPECT_EQ(seen.wakes, turn);
    expectMade(2 * turn);
  }
  EXPECT_EQ(seen.waited, (std::vector{true, true, true}));
}

TEST_F(RemoteCallsTest, andFiredResolversComeInTheOrderInWhichTheyWereSent) {
  auto [deferred, resolver] = makeDeferred<int>();
  std::move(deferred).addCallback([this](int value) { made.push_back(value); });
  std::thread([this, remote = reactor.remote(std::move(resolver))]() mutable {
    reactor.callFromThread([this] { made.push_back(0); });
    remote.callback(1);
    reactor.callFromThread([this] { made.push_back(2); });
  }).join();
  reactor.iterate();
  expectMade(3);
}

TEST_F(RemoteCallsTest, letGoOfWhatTheyHoldBeforeTheNextOneIsMade) {
  auto held = std::make_shared<int>();
  const std::weak_ptr<int> watched = held;
  reactor.callFromThread([held = std::move(held)] {});
  bool gone = false;
  reactor.callFromThread([&] { gone = watched.expired(); });
  reactor.iterate();
  EXPECT_TRUE(gone);
}

TEST_F(RemoteCallsTest, thatThrowAreLoggedAndDoNotKeepOthersFromBeingMade) {
  LogCapture log;
  auto held = std::make_shared<int>();
  reactor.callFromThread([held] { throw std::runtime_error("no"); });
  postFromAnotherThread(1);
  reactor.iterate();
  EXPECT_EQ(log.count("while handling a call from a thread: no"), 1u);
  EXPECT_EQ(held.use_count(), 1);
  expectMade(1);
}

TEST_F(RemoteCallsTest, mayBeOfAnySize) {
  std::array<char, 5000> large{};
  large.back() = 'z';
  struct alignas(std::max_align_t) ByItsType {
    int number;
  } byItsType{9};
  std::string got;
  for (int i = 0; i < 50; ++i) {
    reactor.callFromThread([&, large] { got += large.back(); });
    reactor.callFromThread([&] { got += 'a'; });
    reactor.callFromThread([&, byItsType] {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&byItsType) % alignof(ByItsType), 0u);
      got += std::to_string(byItsType.number);
    });
  }
  reactor.iterate();
  std::string expected;
  for (int i = 0; i < 50; ++i) expected += "za9";
  EXPECT_EQ(got, expected);
}

TEST_F(RemoteCallsTest, thatCannotBeMovedIntoPlaceAreThePostersErrorAndAreNotQueued) {
  struct MovesSoOften {
    MovesSoOften(int& moves, int& calls) : movesLeft(moves), made(calls) {}
    MovesSoOften(MovesSoOften&& other) : movesLeft(other.movesLeft), made(other.made) {
      if (movesLeft-- == 0) throw std::runtime_error("it will not move");
    }
    void operator()() { ++made; }
    int& movesLeft;
    int& made;
  };
  int refused = 0;
  int calls = 0;
  for (int moves = 0; calls == 0; ++moves) {
    int movesLeft = moves;
    try {
      reactor.callFromThread(MovesSoOften(movesLeft, calls));
    } catch (const std::runtime_error&) {
      ++refused;
    }
    reactor.iterate();
  }
  EXPECT_GT(refused, 0);
  EXPECT_EQ(calls, 1);
  postFromAnotherThread(2);
  reactor.iterate();
  expectMade(2);
}

TEST(RemoteCalls, mayLetTheReactorEndWhileTheyAreStillBeingPosted) {
  for (int round = 0; round < 200; ++round) {
    std::thread other;
    {
      Reactor shortLived;
      other = std::thread(
          [&shortLived] { shortLived.callFromThread([&shortLived] { shortLived.stop(); }); });
      shortLived.run();
    }
    other.join();
  }
}

TEST_F(RemoteCallsTest, ofManyThreadsThatComeAndGoAreAllMade) {
  constexpr int rounds = 50;
  constexpr int each = 60;
  std::atomic<int> alive{0};
  struct Counted {
    explicit Counted(std::atomic<int>& counter) : alive(&counter) { ++*alive; }
    Counted(const Counted& other) : Counted(*other.alive) {}
    ~Counted() { --*alive; }
    std::atomic<int>* alive;
  };
  int calls = 0;
  for (int round = 0; round < rounds; ++round) {
    std::thread one([&] {
      for (int i = 0; i < each; ++i)
        reactor.callFromThread([&calls, counted = Counted(alive)] { ++calls; });
    });
    std::thread other([&] {
      for (int i = 0; i < each; ++i)
        reactor.callFromThread([&calls, counted = Counted(alive)] { ++calls; });
    });
    if (round % 3 == 0) reactor.iterate();
    one.join();
    other.join();
  }
  reactor.iterate();
  EXPECT_EQ(calls, 2 * rounds * each);
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace hawser::tests
