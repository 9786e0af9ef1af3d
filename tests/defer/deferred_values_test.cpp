#include <hawser/defer/deferred.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

// Longer than what a std::string holds inside itself, so that a checker sees its end.
const std::string longText = "a text that is too long for the small buffer of a string";

/// Runs `body(deferred, fire)` for a Deferred that is fired later and for one that is ready: what
/// happens in a handler happens when `fire` is called, or when the handler is added.
template <class T, class Body>
void inBothForms(const T& value, Body body) {
  {
    auto [deferred, resolver] = makeDeferred<T>();
    body(std::move(deferred), [&it = resolver, &value] { it.callback(T(value)); });
  }
  {
    auto [deferred, resolver] = makeDeferred<T>();
    resolver.callback(T(value));
    body(std::move(deferred), [] {});
  }
}

TEST(Values, thatCannotBeCopiedTravelThroughChains) {
  inBothForms<int>(7, [](Deferred<int> deferred, auto fire) {
    Deferred<std::unique_ptr<int>> chain =
        std::move(deferred)
            .addCallback([](int value) { return std::make_unique<int>(value); })
            .addErrback([](const Failure&) { return std::make_unique<int>(0); })
            .addCallback([](std::unique_ptr<int> value) { return succeed(std::move(value)); })
            .addBoth([](Result<std::unique_ptr<int>> result) { return result; })
            .addFinally([] {});
    fire();
    ASSERT_NE(chain.peekValue(), nullptr);
    EXPECT_EQ(**chain.peekValue(), 7);
  });
}

struct Big {
  std::string text;
  std::array<char, 100> more{};
};

TEST(Values, thatAreTooBigForTheDeferredItselfTravelThroughChains) {
  inBothForms<int>(7, [](Deferred<int> deferred, auto fire) {
    Deferred<Big> chain = std::move(deferred)
                              .addCallback([](int) { return Big{longText}; })
                              .addErrback([](const Failure&) { return Big{}; })
                              .addCallback([](Big big) { return succeed(std::move(big)); })
                              .addCallback([](const Big& big) -> Deferred<Big> { return big; })
                              .addBoth([](Result<Big> result) { return result; })
                              .addFinally([] {});
    fire();
    ASSERT_NE(chain.peekValue(), nullptr);
    EXPECT_EQ(chain.peekValue()->text, longText);
    chain.addCallback([](Big&& big) {
      big.text += "!";
      return std::move(big);
    });
    EXPECT_EQ(chain.peekValue()->text, longText + "!");
    chain.pause();
    EXPECT_EQ(chain.state(), DeferredState::paused);
    chain.unpause();
    const Deferred<Big> moved = std::move(chain);
    EXPECT_EQ(moved.peekValue()->text, longText + "!");
  });
}

/// Counts down with every copy or move, and throws at 0.
struct Bomb {
  static inline int movesLeft = 1'000'000;
  std::string text = longText;

  Bomb() = default;
  Bomb(const Bomb& other) : text(other.text) { tick(); }
  Bomb(Bomb&& other) : text(std::move(other.text)) { tick(); }  // NOLINT: may throw
  Bomb& operator=(const Bomb&) = delete;

 private:
  static void tick() {
    if (--movesLeft == 0) throw Oops("moved");
  }
};

TEST(Values, thatThrowWhenTheyAreMovedFailTheChainOrLeaveTheCall) {
  // However far the value gets: nothing leaks, nothing is lost, the chain ends with one or the
  // other.
  for (int moves = 1; moves < 40; ++moves) {
    Bomb::movesLeft = moves;
    std::string ended;
    auto [deferred, resolver] = makeDeferred<Bomb>();
    const Deferred<void> chain =
        std::move(deferred)
            .addErrback([](const CancelledError&) { return Bomb(); })
            .addCallback([](const Bomb&) { return Bomb(); })
            .addCallback([](Bomb bomb) -> Deferred<Bomb> { return succeed(std::move(bomb)); })
            .addBoth([](Result<Bomb> result) { return result; })
            .addFinally([] {})
            .addBoth([&](const Result<Bomb>& result) {
              ended = result ? result->text : textOf(result.failure());
            })
            .addErrback([&](const Failure& failure) { ended = textOf(failure); });
    try {
      resolver.callback(Bomb());
    } catch (const Oops&) {
      EXPECT_TRUE(resolver) << moves;
      resolver.errback(Oops("moved"));
    }
    EXPECT_TRUE(ended == longText || ended == "Oops: moved") << moves << ": " << ended;
  }
  Bomb::movesLeft = 1'000'000;
}

TEST(Values, thatThrowWhenTheyAreMovedFailAChainThatWaitsForThem) {
  for (int moves = 1; moves < 10; ++moves) {
    Bomb::movesLeft = 1'000'000;
    std::string ended;
    auto [inner, resolver] = makeDeferred<Bomb>();
    const Deferred<void> chain =
        succeed()
            .addCallback([&it = inner] { return std::move(it); })
            .addBoth([&](const Result<Bomb>& result) {
              ended = result ? result->text : textOf(result.failure());
            })
            .addErrback([&](const Failure& failure) { ended = textOf(failure); });
    const Bomb value;
    Bomb::movesLeft = moves;
    try {
      resolver.callback(value);
    } catch (const Oops&) {
      resolver.errback(Oops("moved"));
    }
    EXPECT_TRUE(ended == longText || ended == "Oops: moved") << moves << ": " << ended;
  }
  Bomb::movesLeft = 1'000'000;
}

TEST(Values, thatThrowWhenTheyAreMovedDoSoFromAReadyDeferredToo) {
  for (int moves = 1; moves < 40; ++moves) {
    Bomb::movesLeft = moves;
    std::string ended;
    try {
      Deferred<Bomb> deferred = succeed(Bomb());
      deferred.addCallback([](Bomb bomb) { return bomb; });
      deferred.pause();
      deferred.unpause();
      deferred.addErrback([](const CancelledError&) { return Bomb(); });
      std::move(deferred)
          .addCallback([](Bomb bomb) -> Deferred<Bomb> { return succeed(std::move(bomb)); })
          .addBoth([&](const Result<Bomb>& result) {
            ended = result ? result->text : textOf(result.failure());
          })
          .addErrback([&](const Failure& failure) { ended = textOf(failure); });
    } catch (const Oops& oops) {
      ended = textOf(Failure(oops));
    }
    EXPECT_TRUE(ended == longText || ended == "Oops: moved") << moves << ": " << ended;
  }
  Bomb::movesLeft = 1'000'000;
}

}  // namespace
}  // namespace hawser
