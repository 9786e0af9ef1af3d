#include "reactor/threads_support.h"

#include <hawser/reactor/call_on.h>
#include <hawser/reactor/reactor_pool.h>
#include <hawser/reactor/task.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>

namespace hawser::tests {
namespace {

constexpr std::size_t callsAtLeast = 100'000;
constexpr std::size_t reactors = 4;
constexpr std::size_t atOnce = 32;  // calls that one reactor has under way

/// One of the reactors: it asks the others, and itself, for calls, cancels some of them, and counts
/// how often each has ended.
class Asker : public std::enable_shared_from_this<Asker> {
 public:
  Asker(std::vector<Reactor*> all, std::size_t number, std::size_t calls)
      : all_(std::move(all)), home_(*all_[number]), random_(number), ended_(calls) {}

  void begin() {
    for (std::size_t i = 0; i < atOnce; ++i) ask();
  }
  std::size_t made() const { return made_; }
  /// How many of those that were made have not ended exactly once.
  std::size_t wrong() const {
    std::size_t found = 0;
    for (std::size_t i = 0; i < ended_.size(); ++i)
      if (ended_[i] != (i < made_ ? 1 : 0)) ++found;
    return found;
  }
  bool done() const { return made_ == ended_.size(); }

 private:
  void ask() {
    if (done() || home_.ended()) return;
    const std::size_t i = made_++;
    Reactor& other = *all_[random_() % all_.size()];
    auto called = callOn(home_, other, [i, &other]() -> Deferred<std::size_t> {
      if (i % 7 == 0) throw std::runtime_error("as it happens");
      if (i % 11 == 0) return task::deferLater(other, 1ms, [i] { return i; });
      return succeed(i);
    });
    CancelHandle handle = called.cancelHandle();
    std::move(called).addBoth([self = shared_from_this(), i](const Result<std::size_t>&) {
      ++self->ended_[i];
      // Not from here: at the end calls fail at once, each in the other.
      if (!self->home_.ended()) self->home_.callLater(0s, [self] { self->ask(); });
    });
    switch (random_() % 4) {
      case 0:
        handle.cancel();
        break;
      case 1:  // later, or when that one has ended long since
        std::swap(handle, held_);
        handle.cancel();
        break;
      default:
        break;
    }
  }

  std::vector<Reactor*> all_;
  Reactor& home_;
  std::mt19937 random_;
  std::vector<std::uint8_t> ended_;
  std::size_t made_ = 0;
  CancelHandle held_;
};

std::size_t runRound(std::size_t calls, bool stops) {
  std::vector<std::shared_ptr<Asker>> askers(reactors);
  std::size_t made = 0;
  {
    ReactorPool pool(reactors, {.drain = 0s});
    Reactor home;
    const DelayedCall watchdog = home.callLater(100s, [&] {
      ADD_FAILURE() << "the round did not end";
      home.stop();
    });
    // In the middle the first reactor ends, and then all of them.
    auto look = [&](auto& again) -> void {
      bool done = true;
      pool.callOnEach([&askers, &pool](Reactor& reactor) {
            for (std::size_t i = 0; i < reactors; ++i)
              if (&pool.reactor(i) == &reactor) return askers[i]->made();
            return std::size_t{0};
          })
          .addBoth([&, done](Result<std::vector<std::size_t>> counts) mutable {
            std::size_t sum = 0;
            if (counts)
              for (std::size_t count : *counts) sum += count;
            done = !counts || sum >= (stops ? calls * reactors / 2 : calls * reactors);
            if (done)
              home.stop();
            else
              home.callLater(1ms, [&] { again(again); });
          });
    };
    home.callWhenRunning([&] {
      pool.start(home)
          .addCallback([&] {
            std::vector<Reactor*> all;
            for (std::size_t i = 0; i < reactors; ++i) all.push_back(&pool.reactor(i));
            for (std::size_t i = 0; i < reactors; ++i)
              askers[i] = std::make_shared<Asker>(all, i, calls);
            for (std::size_t i = 0; i < reactors; ++i)
              all[i]->callFromThread([asker = askers[i]] { asker->begin(); });
            look(look);
          })
          .addErrback([](const Failure& failure) { ADD_FAILURE() << failure; });
    });
    home.run();
  }
  for (const auto& asker : askers) {
    made += asker->made();
    EXPECT_EQ(asker->wrong(), 0u);
  }
  return made;
}

TEST(CallOnStress, everyDeferredEndsExactlyOnceHoweverItIsCancelledOrStopped) {
  const SharedLog log;
  std::size_t made = 0;
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE(round);
    made += runRound(callsAtLeast / reactors / 3 + 1, round % 2 == 0);
  }
  EXPECT_GE(made, callsAtLeast);
}

}  // namespace
}  // namespace hawser::tests
