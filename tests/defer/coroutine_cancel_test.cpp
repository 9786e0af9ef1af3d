#include <hawser/defer/coroutine.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

Deferred<int> wait(Deferred<int> waited) { co_return co_await std::move(waited); }

Deferred<int> orMinusOne(Deferred<int> waited) {
  try {
    co_return co_await std::move(waited);
  } catch (const CancelledError&) {
    co_return -1;
  }
}

TEST(CoroutineCancel, cancelsWhatItAwaitsAndThrowsInside) {
  bool cancelled = false;
  auto [inner, resolver] = makeDeferred<int>([&] { cancelled = true; });
  Deferred<int> result = wait(std::move(inner));
  result.cancel();
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(outcome(result), "!CancelledError: the Deferred was cancelled");
  consume(std::move(result));
}

TEST(CoroutineCancel, canBeHandledInside) {
  auto [inner, resolver] = makeDeferred<int>();
  Deferred<int> result = orMinusOne(std::move(inner));
  result.cancel();
  EXPECT_EQ(outcome(result), "-1");
}

TEST(CoroutineCancel, reachesTheInnermostOfCoroutinesThatAwaitEachOther) {
  bool cancelled = false;
  auto [inner, resolver] = makeDeferred<int>([&] { cancelled = true; });
  Deferred<int> result = wait(wait(orMinusOne(wait(std::move(inner)))));
  result.cancel();
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(outcome(result), "-1");
}

TEST(CoroutineCancel, goesToWhatTheBodyAwaitsNextWhenItIsCancelledAgain) {
  std::vector<std::string> seen;
  auto [first, resolveFirst] = makeDeferred<int>([&] { seen.push_back("first"); });
  auto [second, resolveSecond] = makeDeferred<int>([&] { seen.push_back("second"); });
  const auto body = [](Deferred<int> a, Deferred<int> b) -> Deferred<int> {
    const Result<int> ignored = co_await std::move(a).asResult();
    static_cast<void>(ignored);
    co_return co_await std::move(b);
  };
  Deferred<int> result = body(std::move(first), std::move(second));
  result.cancel();
  EXPECT_EQ(seen, (std::vector<std::string>{"first"}));
  EXPECT_EQ(outcome(result), "pending");
  result.cancel();
  EXPECT_EQ(seen, (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(outcome(result), "!CancelledError: the Deferred was cancelled");
  consume(std::move(result));
}

TEST(CoroutineCancel, isLostWhileTheBodyRuns) {
  Deferred<int>* self = nullptr;
  auto [first, resolveFirst] = makeDeferred<int>();
  auto [second, resolveSecond] = makeDeferred<int>();
  const auto body = [&](Deferred<int> a, Deferred<int> b) -> Deferred<int> {
    co_await std::move(a);
    self->cancel();
    co_return co_await std::move(b);
  };
  Deferred<int> result = body(std::move(first), std::move(second));
  self = &result;
  resolveFirst.callback(1);
  EXPECT_EQ(outcome(result), "pending");
  resolveSecond.callback(2);
  EXPECT_EQ(outcome(result), "2");
}

TEST(CoroutineCancel, runsHandlersOnTheResultOnlyWhenCancellingHasReturned) {
  std::vector<std::string> seen;
  auto [inner, resolver] = makeDeferred<int>([&](Resolver<int>& canceller) {
    canceller.callback(1);
    seen.push_back("canceller returns");
  });
  const auto body = [&](Deferred<int> waited) -> Deferred<int> {
    const int got = co_await std::move(waited);
    seen.push_back("body ends");
    co_return got;
  };
  Deferred<int> result = body(std::move(inner));
  result.addCallback([&](int value) {
    seen.push_back("handler");
    return value;
  });
  result.cancel();
  EXPECT_EQ(seen, (std::vector<std::string>{"body ends", "canceller returns", "handler"}));
  EXPECT_EQ(outcome(result), "1");
}

TEST(CoroutineCancel, showsNoResultBeforeItHasReturned) {
  std::string during = "never looked";
  Deferred<int>* self = nullptr;
  auto [inner, resolver] = makeDeferred<int>([&](Resolver<int>& canceller) {
    canceller.callback(1);
    during = outcome(*self);
  });
  Deferred<int> result = wait(std::move(inner));
  self = &result;
  result.cancel();
  EXPECT_EQ(during, "pending");
  EXPECT_EQ(outcome(result), "1");
}

TEST(CoroutineCancel, mayDropTheDeferredInTheCanceller) {
  const LogWatcher log;
  Deferred<int> result = succeed(0);
  auto [inner, resolver] = makeDeferred<int>([&](Resolver<int>& canceller) {
    canceller.errback(Oops());
    const Deferred<int> dropped = std::move(result);
  });
  result = wait(std::move(inner));
  const CancelHandle handle = result.cancelHandle();
  handle.cancel();
  EXPECT_EQ(log.unhandled(), (std::vector<std::string>{"Oops: oops"}));
}

TEST(CoroutineCancel, mayReturnTheDeferredFromAHandlerInTheCanceller) {
  Deferred<int> result = succeed(0);
  Deferred<int> outer = succeed(0);
  auto [inner, resolver] = makeDeferred<int>([&](Resolver<int>& canceller) {
    canceller.callback(5);
    outer.addCallback([&](int) { return std::move(result); });
    EXPECT_EQ(outcome(outer), "pending");
  });
  result = wait(std::move(inner));
  const CancelHandle handle = result.cancelHandle();
  handle.cancel();
  EXPECT_EQ(outcome(outer), "5");
}

TEST(CoroutineCancel, mayAwaitTheDeferredInTheCanceller) {
  Deferred<int> result = succeed(0);
  Deferred<int> outer = succeed(0);
  auto [inner, resolver] = makeDeferred<int>([&](Resolver<int>& canceller) {
    canceller.callback(5);
    outer = wait(std::move(result));
    EXPECT_EQ(outcome(outer), "pending");
  });
  result = wait(std::move(inner));
  const CancelHandle handle = result.cancelHandle();
  handle.cancel();
  EXPECT_EQ(outcome(outer), "5");
}

TEST(CoroutineCancel, throwsWhatTheCancellerThrewAndLeavesTheCoroutineWaiting) {
  bool throws = true;
  auto [inner, resolver] = makeDeferred<int>([&] {
    if (throws) throw Oops();
  });
  Deferred<int> result = orMinusOne(std::move(inner));
  EXPECT_THROW(result.cancel(), Oops);
  EXPECT_EQ(outcome(result), "pending");
  throws = false;
  result.cancel();
  EXPECT_EQ(outcome(result), "-1");
}

TEST(CoroutineCancel, stillDeliversWhenTheCancellerFiredBeforeItThrew) {
  auto [inner, resolver] = makeDeferred<int>([&](Resolver<int>& canceller) {
    canceller.callback(3);
    throw Oops();
  });
  Deferred<int> result = wait(std::move(inner)).addCallback([](int value) { return value + 1; });
  EXPECT_THROW(result.cancel(), Oops);
  EXPECT_EQ(outcome(result), "4");
}

TEST(CoroutineCancel, mayCancelAgainInsideTheCanceller) {
  int cancellerCalls = 0;
  Deferred<int> result = succeed(0);
  auto [inner, resolver] = makeDeferred<int>([&] {
    ++cancellerCalls;
    result.cancel();
  });
  result = orMinusOne(wait(std::move(inner)));
  result.cancel();
  EXPECT_EQ(cancellerCalls, 1);
  EXPECT_EQ(outcome(result), "-1");
}

TEST(CoroutineCancel, doesNothingOnceItHasEnded) {
  Deferred<int> result = wait(succeed(1));
  result.cancel();
  EXPECT_EQ(outcome(result), "1");
}

TEST(CoroutineCancel, worksThroughHandlersBehindTheCoroutine) {
  auto [inner, resolver] = makeDeferred<int>();
  Deferred<int> result = wait(std::move(inner)).addErrback([](const CancelledError&) { return 7; });
  result.cancel();
  EXPECT_EQ(outcome(result), "7");
}

}  // namespace
}  // namespace hawser
