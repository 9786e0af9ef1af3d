#pragma once

#include <hawser/defer/bind_weak.h>
#include <hawser/defer/coroutine.h>
#include <hawser/defer/deferred_list.h>
#include <hawser/defer/deferred_lock.h>
#include <hawser/defer/deferred_queue.h>
#include <hawser/defer/gather.h>
#include <hawser/defer/race.h>
#include <hawser/defer/timeout.h>
#include <hawser/testing/fake_clock.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// Random programs over chains, in which everything that the user owns acts as it goes.
namespace hawser::fuzz {

struct FuzzError : std::runtime_error {
  FuzzError() : std::runtime_error("made up by the fuzz") {}
};

/// What one random program does, and what must hold at its end.
class WorldBase {
 public:
  WorldBase(std::uint32_t seed, bool pauses) : pauses_(pauses), random_(seed) {}
  WorldBase(const WorldBase&) = delete;
  WorldBase& operator=(const WorldBase&) = delete;
  virtual ~WorldBase() = default;

  /// Does a few things at random, unless enough is under way or the world is to end.
  void act() noexcept {
    if (budget_ <= 0 || depth_ > 8) return;
    --budget_;
    ++depth_;
    for (int n = 1 + random(2); n > 0; --n) actOnce();
    --depth_;
  }

  /// What was found wrong.
  const std::vector<std::string>& faults() const noexcept { return faults_; }

 protected:
  virtual void actOnce() noexcept = 0;

  /// From 0 to below `count`.
  int random(int count) {
    return static_cast<int>(random_() % static_cast<std::mt19937::result_type>(count));
  }
  bool oneIn(int count) { return random(count) == 0; }

  void fault(std::string what) { faults_.push_back(std::move(what)); }

  /// A number for a handler, which says `called` with it.
  std::size_t ticket(bool mustBeCalled) {
    calls_.push_back({0, mustBeCalled});
    return calls_.size() - 1;
  }
  void called(std::size_t ticket) {
    if (++calls_[ticket].count == 2) fault("a handler was called twice");
  }

  /// Things that act are counted, so that at the end none must be left.
  class Guard {
   public:
    explicit Guard(WorldBase& world) noexcept : world_(world) { ++world_.guards_; }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() {
      --world_.guards_;
      if (world_.depth_ < 6) world_.act();
    }

   private:
    WorldBase& world_;
  };
  using SomeGuard = std::shared_ptr<Guard>;
  SomeGuard someGuard() { return oneIn(3) ? std::make_shared<Guard>(*this) : nullptr; }

  void judge() {
    if (guards_ != 0) fault(std::to_string(guards_) + " captures, values or locals were not freed");
    // The handlers of a chain that is dropped while it is paused go with it.
    if (pauses_) return;
    std::size_t lost = 0;
    for (const Calls& calls : calls_) lost += calls.mustBe && calls.count == 0;
    if (lost != 0) fault(std::to_string(lost) + " handlers for both lanes were never called");
  }

  struct Calls {
    int count;
    bool mustBe;
  };

  const bool pauses_;  ///< whether chains are paused at all
  int budget_ = 0;     ///< how much may still happen
  bool ending_ = false;

 private:
  std::mt19937 random_;
  int depth_ = 0;
  int guards_ = 0;
  std::vector<Calls> calls_;
  std::vector<std::string> faults_;
};

/// The world of chains of one type of value, `Value`: what is in its slots, and what is done to it.
/// A value has a guard and a number.
template <class Value>
class World final : public WorldBase {
 public:
  World(std::uint32_t seed, bool pauses) : WorldBase(seed, pauses) {}

  /// Runs the whole program.
  void run();

 private:
  using Chain = Deferred<Value>;
  using List = Deferred<std::vector<Result<Value>>>;
  using Guard = WorldBase::Guard;
  using SomeGuard = WorldBase::SomeGuard;
  static constexpr int slots = 6;
  /// What waits has a lower rank than what it waits for: circles, which nothing could ever end, are
  /// left to tests of their own.
  struct Ranked {
    Chain chain;
    int rank;
  };

  // fuzz_world.h
  Value value(int number) { return Value{someGuard(), number, {}}; }
  std::size_t anySlot() { return static_cast<std::size_t>(random(slots)); }
  /// The chain in a slot, if it holds one.
  Chain* in(std::size_t slot) {
    auto& chain = chains_[slot];
    return chain && chain->state() != DeferredState::empty ? &*chain : nullptr;
  }
  /// The rank of a new chain for one of rank `above`.
  int rankAbove(int above) { return above + 1 + random(100); }
  /// Runs what may throw an error of this program, or one that the library documents.
  template <class F>
  void attempt(F f) noexcept;
  /// Empties a slot before what was in it goes.
  template <class T>
  static void empty(T& slot) {
    T old = std::exchange(slot, T());
  }
  void end();

  // fuzz_handlers.h
  /// A chain out of a slot, or a new one, that a chain of rank `above` may wait for.
  Ranked take(int above = 0);
  Chain pending();
  /// Their ranks are above that which is returned.
  int takeSome(std::vector<Chain>& some, int least);
  void put(Chain chain, int rank);
  /// What a handler of a chain of this rank returns.
  Chain outcome(int rank);
  Chain script(SomeGuard parameter, Chain awaited, int variant, int rank);
  Chain extended(Chain chain, int rank);
  Chain extendedByCoroutine(Chain chain, int rank);

  // fuzz_acts.h
  void actOnce() noexcept override;
  void actOnChain(std::size_t slot);
  void combine();
  void share();
  void chainTwo();

  std::array<std::optional<Chain>, slots> chains_;
  std::array<int, slots> ranks_{};
  std::array<std::optional<Resolver<Value>>, slots> resolvers_;
  std::array<CancelHandle, slots> handles_;
  std::array<std::optional<List>, 2> lists_;
  std::array<Permit, 2> permits_;
  std::unique_ptr<DeferredLock> lock_ = std::make_unique<DeferredLock>();
  std::unique_ptr<DeferredQueue<Value>> queue_ = std::make_unique<DeferredQueue<Value>>(2, 3);
  /// Of those who wait for the lock: its holder may wait for one of them, and then only a cancel
  /// ends both.
  std::vector<CancelHandle> bonds_;
  std::shared_ptr<int> bound_ = std::make_shared<int>(1);
  testing::FakeClock clock_;
};

template <class Value>
template <class F>
void World<Value>::attempt(F f) noexcept {
  try {
    f();
  } catch (const FuzzError&) {
  } catch (const AlreadyCalledError&) {
  } catch (const NotPausedError&) {
  } catch (const NotHeldError&) {
  } catch (const QueueOverflow&) {
  } catch (const QueueUnderflow&) {
  } catch (const std::exception& error) {
    fault(std::string("an exception that nothing should have thrown: ") + error.what());
  }
}

template <class Value>
void World<Value>::run() {
  for (int turn = 0; turn < 30; ++turn) {
    budget_ = 40;
    act();
  }
  end();
  judge();
}

/// Lets go of everything, at first while what goes still acts, so that nothing can be left that
/// anybody waits for.
template <class Value>
void World<Value>::end() {
  budget_ = 60;
  for (auto& chain : chains_) empty(chain);
  budget_ = 0;
  ending_ = true;
  for (const CancelHandle& bond : std::exchange(bonds_, {})) attempt([&] { bond.cancel(); });
  for (auto& chain : chains_) empty(chain);
  for (auto& list : lists_) empty(list);
  for (auto& resolver : resolvers_) empty(resolver);
  for (Permit& permit : permits_) empty(permit);
  empty(lock_);
  empty(queue_);
  for (CancelHandle& handle : handles_) empty(handle);
  attempt([&] { clock_.advance(std::chrono::hours(1)); });
}

}  // namespace hawser::fuzz

#include "defer/fuzz_acts.h"
#include "defer/fuzz_handlers.h"
