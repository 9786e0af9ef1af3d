#include <hawser/defer/deferred.h>

#include <hawser/defer/bind_weak.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

using Words = std::vector<std::string>;

// What a handler without captures returns lies elsewhere; such a handler needs no link of its own
// if the Deferred is ready.
std::optional<Deferred<int>> prepared;
Deferred<int> givePrepared() { return *std::exchange(prepared, std::nullopt); }

TEST(Returned, byAHandlerWithoutCapturesIsWaitedFor) {
  auto [inner, resolver] = makeDeferred<int>();
  prepared = std::move(inner);
  const Deferred<int> outer =
      succeed(1).addCallback(givePrepared).addCallback([](int value) { return value + 1; });
  EXPECT_EQ(outcome(outer), "pending");
  resolver.callback(2);
  EXPECT_EQ(outcome(outer), "3");
}

TEST(Returned, byAHandlerWithoutCapturesKeepsItsPausesToItself) {
  auto [inner, resolver] = makeDeferred<int>();
  prepared = std::move(inner);
  Deferred<int> outer = succeed(1).addCallback(givePrepared);
  outer.pause();
  resolver.callback(2);
  EXPECT_EQ(outcome(outer), "paused");
  outer.unpause();
  EXPECT_EQ(outcome(outer), "2");
}

TEST(Returned, byAHandlerWithoutCapturesMayHaveBeenPausedForAWhile) {
  auto [inner, resolver] = makeDeferred<int>();
  inner.pause();
  inner.unpause();
  prepared = std::move(inner);
  const Deferred<int> outer = succeed(1).addCallback(givePrepared);
  resolver.callback(2);
  EXPECT_EQ(outcome(outer), "2");
}

TEST(Returned, byAHandlerWithoutCapturesFailsIfItIsPausedOrEmpty) {
  auto [inner, resolver] = makeDeferred<int>();
  inner.pause();
  prepared = std::move(inner);
  Deferred<int> outer = succeed(1).addCallback(givePrepared);
  EXPECT_TRUE(outer.peekFailure() && outer.peekFailure()->check<PausedError>());
  resolver.callback(2);
  consume(std::move(outer));

  Deferred<int> empty = succeed(1);
  consume(std::move(empty));
  prepared = std::move(empty);
  outer = succeed(1).addCallback(givePrepared);
  EXPECT_TRUE(outer.peekFailure() && outer.peekFailure()->check<EmptyDeferredError>());
  consume(std::move(outer));
}

TEST(Returned, byAHandlerWithoutCapturesIsCancelledByItsOwnHandleAndNothingBehindIt) {
  auto [inner, resolver] = makeDeferred<int>();
  const CancelHandle handle = inner.cancelHandle();
  prepared = std::move(inner);
  auto [last, resolveLast] = makeDeferred<int>();
  Deferred<int> outer =
      succeed(1).addCallback(givePrepared).addCallback([&](int) { return std::move(last); });
  resolver.callback(2);
  EXPECT_FALSE(handle);
  handle.cancel();
  EXPECT_EQ(outcome(outer), "pending");
  resolveLast.callback(3);
  EXPECT_EQ(outcome(outer), "3");
}

/// A chain that waits, directly or through others, for itself could never fire.
TEST(Returned, failsIfItIsTheHandlersOwnDeferred) {
  const LogWatcher log;
  for (const bool ready : {true, false}) {
    auto [deferred, resolver] = makeDeferred<int>();
    if (ready) resolver.callback(1);
    deferred.addCallback([&](int) { return std::move(deferred); });
    if (!ready) resolver.callback(1);
    EXPECT_EQ(outcome(deferred), "empty");
  }
  const std::string error =
      "SelfWaitError: a Deferred would have to wait for itself, and could never fire";
  EXPECT_EQ(log.unhandled(), (Words{error, error}));
}

TEST(Returned, failsIfItWaitsForTheHandlersOwnDeferred) {
  auto [a, resolveA] = makeDeferred<int>();
  auto [b, resolveB] = makeDeferred<int>();
  Words seen;
  std::optional<Deferred<int>> throughOthers;
  Deferred<int> first = std::move(a)
                            .addCallback([&](int) { return *std::move(throughOthers); })
                            .addErrback([&](const SelfWaitError&) {
                              seen.push_back("refused");
                              return 2;
                            });
  throughOthers = std::move(b).addCallback([&](int) { return std::move(first); });
  resolveB.callback(1);
  resolveA.callback(1);
  EXPECT_EQ(seen, (Words{"refused"}));
}

TEST(Returned, failsIfItIsTheOwnDeferredOfAHandlerThatIsKeptWhileItWaits) {
  const LogWatcher log;
  const auto object = std::make_shared<int>();
  auto [deferred, resolver] = makeDeferred<int>();
  deferred.addCallback(bindWeak(object, [&](int) { return std::move(deferred); }));
  resolver.callback(1);
  EXPECT_EQ(object.use_count(), 1);
  ASSERT_EQ(log.unhandled().size(), 1u);
  EXPECT_EQ(log.unhandled()[0].substr(0, 13), "SelfWaitError");
}

}  // namespace
}  // namespace hawser
