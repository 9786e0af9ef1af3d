#include "reactor/threads_support.h"

#include <atomic>
#include <cstdint>
#include <random>

namespace hawser::tests {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr std::size_t callsAtLeast = 40'000;
#else
constexpr std::size_t callsAtLeast = 1'000'000;
#endif
constexpr std::size_t rounds = 10;
// Every other round ends in its middle.
constexpr std::size_t callsPerRound = callsAtLeast / rounds * 4 / 3 + 8;
constexpr std::size_t callsUnanswered = 64;
constexpr std::size_t askers = 4;

/// Four threads ask a reactor for jobs in the four threads of a pool, which is too small for all of
/// them. Some are cancelled, at any time. In the middle the reactor stops, or the pool, or both.
class Round {
 public:
  Round(std::uint32_t seed, bool stops)
      : random_(seed), ended_(callsPerRound), cancel_(callsPerRound), stops_(stops) {}

  void run() {
    const bool ownPool = random_() % 2 == 0;
    pool_ = ownPool ? &standing_ : &reactor_.getThreadPool();
    pool_->adjustPoolsize(0, askers);
    stopPoolAt_ = ownPool && random_() % 2 == 0 ? callsPerRound / 4 : callsPerRound;
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < askers; ++t) threads.emplace_back([this, t] { askAll(t); });
    const DelayedCall watchdog = reactor_.callLater(100s, [this] {
      ADD_FAILURE() << "the round did not end";
      reactor_.stop();
    });
    reactor_.run();
    for (std::thread& thread : threads) thread.join();
    pool_ = nullptr;
    standing_.stop();
  }

  /// How many were made; each has ended once.
  std::size_t check() const {
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < callsPerRound; ++i)
      if (ended_[i] != (made_.contains(i) ? 1 : 0)) ++wrong;
    EXPECT_EQ(wrong, 0u);
    return made_.size();
  }

 private:
  /// Which calls were made: all that the reactor got to.
  struct Made {
    std::vector<bool> flags = std::vector<bool>(callsPerRound);
    std::size_t count = 0;
    bool contains(std::size_t i) const { return flags[i]; }
    std::size_t size() const { return count; }
  };

  /// In a thread. Now and then it waits until the reactor has come so far.
  void askAll(std::size_t first) {
    try {
      for (std::size_t i = first; i < callsPerRound; i += askers) {
        if (i / askers % callsUnanswered == 0)
          blockingCallFromThread(reactor_, [this, i] { ask(i); });
        else
          reactor_.callFromThread([this, i] { ask(i); });
      }
    } catch (const ReactorNotRunning&) {
      return;
    }
  }

  void ask(std::size_t i) {
    made_.flags[i] = true;
    ++made_.count;
    auto called =
        deferToThreadPool(reactor_, *pool_, [i](const std::stop_token& stop) -> std::size_t {
          if (i % 7 == 0) throw std::runtime_error("as it happens");
          if (i % 11 == 0) throw i;
          return stop.stop_requested() ? 0 : i;
        });
    CancelHandle handle = called.cancelHandle();
    std::move(called).addBoth([this, i](const Result<std::size_t>&) { ++ended_[i]; });
    switch (random_() % 4) {
      case 0:
        handle.cancel();
        break;
      case 1:  // some calls later
        cancel_[(i + random_() % 64) % callsPerRound] = std::move(handle);
        break;
      default:
        break;
    }
    cancel_[i].cancel();
    if (made_.count == stopPoolAt_) pool_->quit();
    const bool now = made_.count == callsPerRound || (stops_ && made_.count == callsPerRound / 2);
    if (now && !reactor_.stopping()) reactor_.stop();
  }

  ThreadPool standing_{{.maxThreads = askers, .maxQueued = 256}};
  ThreadPool* pool_ = nullptr;
  std::mt19937 random_;
  Made made_;
  std::vector<std::uint8_t> ended_;
  std::vector<CancelHandle> cancel_;
  std::size_t stopPoolAt_ = 0;
  bool stops_;
  Reactor reactor_;  // last: its end ends what depends on the rest
};

TEST(ThreadsStress, everyDeferredEndsExactlyOnceHoweverItIsCancelledOrStopped) {
  const SharedLog log;
  std::size_t made = 0;
  for (std::uint32_t seed = 1; seed <= rounds; ++seed) {
    SCOPED_TRACE(seed);
    Round round(seed, seed % 2 == 0);
    round.run();
    made += round.check();
  }
  EXPECT_GE(made, callsAtLeast);
}

}  // namespace
}  // namespace hawser::tests
