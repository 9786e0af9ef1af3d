#include <hawser/defer/deferred_queue.h>

#include "defer/heap.h"
#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

TEST(DeferredQueue, givesItsValuesInTheOrderTheyCame) {
  DeferredQueue<std::string> queue;
  queue.put("a");
  queue.put("b");
  EXPECT_EQ(queue.pending(), 2u);
  EXPECT_EQ(outcome(queue.get()), "a");
  EXPECT_EQ(outcome(queue.get()), "b");
  EXPECT_EQ(queue.pending(), 0u);
}

TEST(DeferredQueue, servesThoseWhoWaitInTheOrderTheyCame) {
  DeferredQueue<int> queue;
  const Deferred<int> first = queue.get();
  const Deferred<int> second = queue.get();
  EXPECT_EQ(queue.waiting(), 2u);
  queue.put(1);
  EXPECT_EQ(outcome(first), "1");
  EXPECT_EQ(outcome(second), "pending");
  queue.put(2);
  EXPECT_EQ(outcome(second), "2");
  EXPECT_EQ(queue.waiting(), 0u);
}

TEST(DeferredQueue, runsTheHandlersOfWhoWaitsInsidePut) {
  DeferredQueue<int> queue;
  std::vector<std::string> seen;
  const Deferred<void> got = queue.get().addCallback([&](int) { seen.push_back("handler"); });
  queue.put(1);
  seen.push_back("put has returned");
  EXPECT_EQ(seen, (std::vector<std::string>{"handler", "put has returned"}));
}

TEST(DeferredQueue, holdsNoMoreValuesThanItsSize) {
  DeferredQueue<std::unique_ptr<int>> queue(1);
  queue.put(std::make_unique<int>(1));
  auto rejected = std::make_unique<int>(2);
  EXPECT_THROW(queue.put(std::move(rejected)), QueueOverflow);
  ASSERT_TRUE(rejected) << "what was rejected is lost";
  EXPECT_EQ(*rejected, 2);
  EXPECT_EQ(queue.size(), 1u);
}

TEST(DeferredQueue, countsNoValueThatSomebodyWaitsFor) {
  DeferredQueue<int> queue(0);
  const Deferred<int> got = queue.get();
  queue.put(1);
  EXPECT_EQ(outcome(got), "1");
  EXPECT_THROW(queue.put(2), QueueOverflow);
  EXPECT_STREQ(QueueOverflow().what(), "the queue is full");
}

TEST(DeferredQueue, letsNoMoreWaitThanItsBacklog) {
  DeferredQueue<int> queue(DeferredQueue<int>::unlimited, 1);
  EXPECT_STREQ(QueueUnderflow().what(), "too many wait for a value of the queue already");
  const Deferred<int> first = queue.get();
  EXPECT_THROW((void)queue.get(), QueueUnderflow);
  queue.put(1);
  const Deferred<int> second = queue.get();
  EXPECT_EQ(queue.waiting(), 1u);
  EXPECT_EQ(queue.backlog(), 1u);
  queue.put(2);
}

TEST(DeferredQueue, forgetsWhoWasCancelled) {
  DeferredQueue<int> queue;
  std::vector<Deferred<int>> got;
  for (int i = 0; i < 4; ++i) got.push_back(queue.get());
  for (const int i : {1, 3, 0}) {
    got[static_cast<std::size_t>(i)].cancel();
    EXPECT_EQ(outcome(got[static_cast<std::size_t>(i)]),
              "!CancelledError: the Deferred was cancelled");
  }
  EXPECT_EQ(queue.waiting(), 1u);
  queue.put(5);
  queue.put(6);
  EXPECT_EQ(outcome(got[2]), "5");
  EXPECT_EQ(queue.pending(), 1u);
  for (Deferred<int>& each : got) consume(std::move(each));
}

TEST(DeferredQueue, givesValuesThatCanOnlyBeMoved) {
  DeferredQueue<std::unique_ptr<int>> queue;
  queue.put(std::make_unique<int>(1));
  Deferred<std::unique_ptr<int>> ready = queue.get();
  Deferred<std::unique_ptr<int>> waiting = queue.get();
  queue.put(std::make_unique<int>(2));
  EXPECT_EQ(**ready.peekValue(), 1);
  EXPECT_EQ(**waiting.peekValue(), 2);
}

/// Its moves may throw, so a Deferred holds it in a node.
struct Fragile {
  explicit Fragile(int number, bool fails = false) : value(number), breaks(fails) {}
  Fragile(const Fragile& other) : value(other.value), breaks(other.breaks) {
    if (breaks) throw Oops();
  }
  int value;
  bool breaks;
};

TEST(DeferredQueue, staysAsItWasWhenAValueCannotBeCopied) {
  DeferredQueue<Fragile> queue;
  const Fragile bad(1, true);
  EXPECT_THROW(queue.put(bad), Oops);
  EXPECT_EQ(queue.pending(), 0u);
  const Deferred<Fragile> waiting = queue.get();
  EXPECT_THROW(queue.put(bad), Oops);
  EXPECT_EQ(queue.waiting(), 1u);
  queue.put(Fragile(2));
  EXPECT_EQ(waiting.peekValue()->value, 2);
}

TEST(DeferredQueue, abandonsThoseWhoWaitWhenItDies) {
  std::optional<DeferredQueue<int>> queue(std::in_place);
  Deferred<int> got = queue->get();
  queue.reset();
  EXPECT_TRUE(got.peekFailure()->check<AbandonedError>());
  consume(std::move(got));
}

TEST(DeferredQueue, mayDieInsideItsOwnPut) {
  std::optional<DeferredQueue<int>> queue(std::in_place);
  const Deferred<void> first = queue->get().addCallback([&](int) { queue.reset(); });
  bool abandoned = false;
  const Deferred<void> second =
      queue->get().addCallback([](int) {}).addErrback([&](const AbandonedError&) {
        abandoned = true;
      });
  queue->put(1);
  EXPECT_FALSE(queue);
  EXPECT_TRUE(abandoned);
}

TEST(DeferredQueue, freesWhatItHoldsWhenItDies) {
  int alive = 0;
  {
    DeferredQueue<Counted> queue;
    for (int i = 0; i < 3; ++i) queue.put(Counted(alive));
    EXPECT_EQ(alive, 3);
  }
  EXPECT_EQ(alive, 0);
}

TEST(DeferredQueue, mayBeUsedByThoseItServes) {
  DeferredQueue<int> queue;
  std::vector<int> seen;
  const Deferred<void> first = queue.get().addCallback([&](int value) {
    seen.push_back(value);
    queue.put(value + 1);
    return queue.get().addCallback([&](int next) { seen.push_back(next * 10); });
  });
  const Deferred<void> second = queue.get().addCallback([&](int value) { seen.push_back(value); });
  queue.put(1);
  queue.put(3);
  EXPECT_EQ(seen, (std::vector{1, 2, 30}));
}

TEST(DeferredQueue, mayCancelAnotherWhoWaitsInsidePut) {
  DeferredQueue<int> queue;
  std::optional<Deferred<int>> second;
  const Deferred<void> first = queue.get().addCallback([&](int) { second->cancel(); });
  second = queue.get();
  const Deferred<int> third = queue.get();
  queue.put(1);
  queue.put(2);
  EXPECT_EQ(outcome(third), "2");
  consume(*std::move(second));
}

TEST(DeferredQueue, needsBoundedStackForPutsInsidePuts) {
  const int many = heap::counts ? 1'000'000 : 100'000;
  DeferredQueue<int> queue;
  int got = 0;
  for (int i = 0; i < many; ++i)
    queue.get()
        .addCallback([&](int value) {
          ++got;
          if (value != many) queue.put(value + 1);
        })
        .addErrback(logging::err);
  queue.put(1);
  EXPECT_EQ(got, many);
}

TEST(DeferredQueue, servesEverybodyIfEachServesSeveralOthers) {
  DeferredQueue<int> queue;
  int got = 0;
  for (int i = 0; i < 10'000; ++i)
    queue.get()
        .addCallback([&](int) {
          ++got;
          for (int k = 0; k < 2 && queue.waiting() != 0; ++k) queue.put(k);
        })
        .addErrback(logging::err);
  queue.put(1);
  EXPECT_EQ(got, 10'000);
  EXPECT_EQ(queue.pending(), 0u);
}

TEST(DeferredQueue, keepsAValueForAPausedGetter) {
  DeferredQueue<int> queue;
  Deferred<int> got = queue.get();
  got.pause();
  queue.put(1);
  EXPECT_EQ(outcome(got), "paused");
  EXPECT_EQ(queue.pending(), 0u);
  got.unpause();
  EXPECT_EQ(outcome(got), "1");
}

TEST(DeferredQueue, feedsACoroutine) {
  DeferredQueue<int> queue;
  std::vector<int> seen;
  const auto worker = [](DeferredQueue<int>& source, std::vector<int>& out) -> Deferred<void> {
    for (int value; (value = co_await source.get()) != 0;) out.push_back(value);
  };
  queue.put(1);
  const Deferred<void> done = worker(queue, seen);
  queue.put(2);
  queue.put(0);
  EXPECT_EQ(seen, (std::vector{1, 2}));
  EXPECT_EQ(outcome(done), "nothing");
}

}  // namespace
}  // namespace hawser
