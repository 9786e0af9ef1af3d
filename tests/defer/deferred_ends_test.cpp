#include "defer/support.h"

#include <hawser/defer/deferred.h>

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace hawser {
namespace {

// The destructors of users' values and parameters may do anything with the chain that ends them.

std::function<void()>& hook() {
  static std::function<void()> instance;
  return instance;
}

/// Calls the hook wherever one ends, also one that was moved from: it has no move constructor.
template <std::size_t bytes>
struct Ending {
  std::shared_ptr<int> held = std::make_shared<int>(1);
  std::array<char, bytes> room{};
  Ending() = default;
  Ending(const Ending&) noexcept = default;
  ~Ending() {
    if (hook()) hook()();
  }
};
using Small = Ending<8>;
using Large = Ending<100>;

/// Calls `body` again and again, which arms an act: it happens when the first value from then on
/// ends, the next time when the second does, until fewer end.
template <class Body>
void atEachEnd(Body body) {
  int left = 0;
  for (int place = 1; left == 0; ++place) {
    left = place;
    body([&left](std::function<void()> act) {
      hook() = [&left, act = std::move(act)] {
        if (left != 0 && --left == 0) act();
      };
    });
    hook() = nullptr;
  }
}

struct OnEnd {
  std::function<void()> act;
  explicit OnEnd(std::function<void()> what) : act(std::move(what)) {}
  OnEnd(OnEnd&& other) noexcept : act(std::exchange(other.act, nullptr)) {}
  ~OnEnd() {
    if (act) act();
  }
};

struct Oops : std::exception {};

Deferred<int> throwing(Deferred<int> wait, OnEnd) {
  co_await std::move(wait);
  throw Oops();
}

TEST(Ends, ofACoroutinesParametersMayDropTheChainThatGetsItsFailure) {
  auto [wait, resolver] = makeDeferred<int>();
  std::optional<Deferred<int>> chain;
  chain.emplace(throwing(std::move(wait), OnEnd([&] { chain.reset(); })).addCallback([](int x) {
    return x;
  }));

  resolver.callback(1);

  EXPECT_FALSE(chain);
}

TEST(Ends, ofACoroutinesParametersMayExtendTheChainThatGetsItsFailure) {
  auto [wait, resolver] = makeDeferred<int>();
  std::optional<Deferred<int>> chain;
  chain.emplace(
      throwing(std::move(wait), OnEnd([&] { chain->addErrback([](const Oops&) { return 7; }); }))
          .addCallback([](int x) { return x; }));

  resolver.callback(1);

  ASSERT_TRUE(chain->peekValue());
  EXPECT_EQ(*chain->peekValue(), 7);
}

template <class V>
struct Ends : ::testing::Test {};
using Values = ::testing::Types<Small, Large>;
TYPED_TEST_SUITE(Ends, Values);

TYPED_TEST(Ends, ofAValueMayLookAtItsDeferred) {
  atEachEnd([](auto arm) {
    auto pair = makeDeferred<TypeParam>();
    arm([&] { pair.deferred.state(); });
    pair.resolver.callback(TypeParam());
  });
}

TYPED_TEST(Ends, ofAValueMayDropItsDeferred) {
  atEachEnd([](auto arm) {
    auto [deferred, resolver] = makeDeferred<TypeParam>();
    std::optional<Deferred<TypeParam>> end(std::move(deferred));
    arm([&] { end.reset(); });
    resolver.callback(TypeParam());
  });
}

TYPED_TEST(Ends, ofAValueMayDropTheDeferredBehindItsLink) {
  atEachEnd([](auto arm) {
    auto [deferred, resolver] = makeDeferred<int>();
    std::optional<Deferred<TypeParam>> end;
    end.emplace(std::move(deferred).addCallback([](int) { return TypeParam(); }));
    arm([&] { end.reset(); });
    resolver.callback(1);
  });
}

TYPED_TEST(Ends, ofAValueMayDropTheChainThatAReadyDeferredIsReturnedTo) {
  atEachEnd([](auto arm) {
    auto [deferred, resolver] = makeDeferred<int>();
    std::optional<Deferred<TypeParam>> end;
    end.emplace(std::move(deferred).addCallback([](int) { return succeed(TypeParam()); }));
    arm([&] { end.reset(); });
    resolver.callback(1);
  });
}

template <class V>
Deferred<V> coroutine(Deferred<int> wait) {
  co_await std::move(wait);
  co_return V();
}

TYPED_TEST(Ends, ofAValueMayDropTheDeferredOfItsCoroutine) {
  for (const bool handle : {false, true}) {
    atEachEnd([handle](auto arm) {
      auto [wait, resolver] = makeDeferred<int>();
      std::optional<Deferred<TypeParam>> end(coroutine<TypeParam>(std::move(wait)));
      const CancelHandle cancels = handle ? end->cancelHandle() : CancelHandle();
      arm([&] { end.reset(); });
      resolver.callback(1);
    });
  }
}

TYPED_TEST(Ends, ofAValueMayDropTheDeferredThatItIsMovedFrom) {
  atEachEnd([](auto arm) {
    std::optional<Deferred<TypeParam>> from(succeed(TypeParam()));
    arm([&] { from.reset(); });
    const Deferred<TypeParam> to = std::move(*from);
    hook() = nullptr;
    ASSERT_TRUE(to.peekValue());
    EXPECT_EQ(*to.peekValue()->held, 1);
  });
}

struct Converts {
  std::function<void()> act;
  operator int() const {
    act();
    return 1;
  }
};

TEST(Firing, isNotInterruptedByACancelWhileItsValueIsMade) {
  auto [deferred, resolver] = makeDeferred<int>();
  auto end = std::move(deferred).addErrback([](const Failure&) { return 5; });

  resolver.callback(Converts{[&] { end.cancel(); }});

  ASSERT_TRUE(end.peekValue());
  EXPECT_EQ(*end.peekValue(), 1);
}

TEST(Firing, mayBeTriedAgainAfterItsValueCouldNotBeMade) {
  auto [deferred, resolver] = makeDeferred<int>();
  EXPECT_THROW(resolver.callback(Converts{[] { throw Oops(); }}), Oops);

  resolver.callback(2);

  EXPECT_EQ(*deferred.peekValue(), 2);
}

}  // namespace
}  // namespace hawser
