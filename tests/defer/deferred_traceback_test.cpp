#include <hawser/defer/deferred.h>

#include <hawser/defer/coroutine.h>
#include <hawser/defer/gather.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

/// "phrase file:line" as a line of a traceback has it.
std::string at(const char* phrase, unsigned line,
               std::source_location here = std::source_location::current()) {
  return std::string("  ") + phrase + " " + here.file_name() + ":" + std::to_string(line) + "\n";
}

template <class T>
std::string tracebackOf(Deferred<T> deferred) {
  const Failure* failure = deferred.peekFailure();
  std::string text = failure ? failure->getTraceback() : "no failure";
  if (failure) consume(std::move(deferred));
  return text;
}

void expectLines(const std::string& traceback, const std::vector<std::string>& lines) {
  std::string::size_type position = 0;
  for (const std::string& line : lines) {
    const auto found = traceback.find(line, position);
    EXPECT_NE(found, std::string::npos) << "no \"" << line << "\" (in this order) in\n"
                                        << traceback;
    if (found != std::string::npos) position = found + line.size();
  }
  EXPECT_EQ(traceback.find(":0\n"), std::string::npos) << "a place without a line in\n"
                                                       << traceback;
}

TEST(Traceback, beginsWithTypeAndMessage) {
  const std::string text = tracebackOf(fail<int>(CancelledError()));
  EXPECT_EQ(text.rfind("hawser::CancelledError: the Deferred was cancelled\n", 0), 0u) << text;
}

TEST(Traceback, namesWhereTheFailureWasMadeAndWhereTheDeferredWasMadeAndFired) {
  const unsigned made = __LINE__ + 1;
  auto [deferred, resolver] = makeDeferred<int>();
  const unsigned raised = __LINE__ + 1;
  const Failure failure = Failure(Oops());
  const unsigned fired = __LINE__ + 1;
  resolver.errback(failure);
  expectLines(
      tracebackOf(std::move(deferred)),
      {at("raised at", raised), at("in the Deferred made at", made), at("fired at", fired)});
}

TEST(Traceback, namesTheHandlersThatTheFailurePassed) {
  auto [deferred, resolver] = makeDeferred<int>();
  const unsigned first = __LINE__ + 1;
  auto passed = std::move(deferred).addCallback([](int value) { return value; });
  const unsigned second = __LINE__ + 1;
  passed.addErrback([](const CancelledError&) { return 0; });
  resolver.errback(Oops());
  const unsigned third = __LINE__ + 1;
  passed.addCallback([](int value) { return value; });
  expectLines(tracebackOf(std::move(passed)),
              {at("passed the handler added at", first), at("passed the handler added at", second),
               at("passed the handler added at", third)});
}

TEST(Traceback, namesTheHandlerThatThrewAndTheChainItBelongedTo) {
  const unsigned made = __LINE__ + 1;
  auto [deferred, resolver] = makeDeferred<int>();
  const unsigned added = __LINE__ + 1;
  deferred.addCallback([](int) -> int { throw Oops(); });
  const unsigned fired = __LINE__ + 1;
  resolver.callback(1);
  expectLines(tracebackOf(std::move(deferred)),
              {at("raised in the handler added at", added), at("in the Deferred made at", made),
               at("fired at", fired)});
}

TEST(Traceback, keepsItsHistoryWhenAHandlerThrowsTheFailureOn) {
  const unsigned raised = __LINE__ + 1;
  const Failure failure{Oops()};
  for (const bool ready : {true, false}) {
    auto [deferred, resolver] = makeDeferred<int>();
    if (ready) resolver.errback(failure);
    const unsigned added = __LINE__ + 1;
    deferred.addErrback([](const Failure& it) -> int { it.raise(); });
    if (!ready) resolver.errback(failure);
    expectLines(tracebackOf(std::move(deferred)),
                {at("raised at", raised), at("raised in the handler added at", added)});
  }
}

TEST(Traceback, doesNotNameAnotherChainThatHappensToRun) {
  const unsigned otherMade = __LINE__ + 1;
  auto [other, resolver] = makeDeferred<int>();
  std::string text;
  other.addCallback([&](int value) {
    text += tracebackOf(succeed(1).addCallback([](int) -> int { throw Oops(); }));
    text += tracebackOf(succeed(1).addFinally([] { throw Oops(); }));
    text += tracebackOf(succeed(1).addFinally([]() -> Deferred<void> { throw Oops(); }));
    return value;
  });
  resolver.callback(1);
  EXPECT_EQ(text.find(at("in the Deferred made at", otherMade)), std::string::npos) << text;
}

TEST(Traceback, goesOnThroughTheChainThatWaited) {
  const unsigned innerMade = __LINE__ + 1;
  auto [inner, resolveInner] = makeDeferred<int>();
  auto [first, fire] = makeDeferred<int>();
  const unsigned waiting = __LINE__ + 1;
  Deferred<int> outer = std::move(first).addCallback([&](int) { return std::move(inner); });
  fire.callback(1);
  const unsigned fired = __LINE__ + 1;
  resolveInner.errback(Oops());
  expectLines(tracebackOf(std::move(outer)),
              {at("in the Deferred made at", innerMade), at("fired at", fired),
               at("passed the handler added at", waiting)});
}

TEST(Traceback, namesEachHandlerThatReturnedTheSameDeferredOn) {
  auto [inner, resolveInner] = makeDeferred<int>();
  auto [a, fireA] = makeDeferred<int>();
  auto [b, fireB] = makeDeferred<int>();
  const unsigned first = __LINE__ + 1;
  Deferred<int> middle = std::move(a).addCallback([&](int) { return std::move(inner); });
  fireA.callback(1);
  const unsigned second = __LINE__ + 1;
  Deferred<int> outer = std::move(b).addCallback([&](int) { return std::move(middle); });
  fireB.callback(1);
  resolveInner.errback(Oops());
  expectLines(tracebackOf(std::move(outer)), {at("passed the handler added at", first),
                                              at("passed the handler added at", second)});
}

TEST(Traceback, namesTheHandlerThatReturnedADeferredToWhichAHandleWasTaken) {
  for (const bool paused : {false, true}) {
    auto [inner, resolveInner] = makeDeferred<int>();
    auto [first, fire] = makeDeferred<int>();
    const unsigned waiting = __LINE__ + 1;
    Deferred<int> outer = std::move(first).addCallback([&](int) { return std::move(inner); });
    fire.callback(1);
    if (paused) outer.pause();
    const CancelHandle handle = outer.cancelHandle();
    resolveInner.errback(Oops());
    if (paused) {
      EXPECT_EQ(outcome(outer), "paused");
      outer.unpause();
    }
    expectLines(tracebackOf(std::move(outer)), {at("passed the handler added at", waiting)});
  }
}

TEST(Traceback, hasNoPlaceWithoutALine) {
  // A handler that reaches for the ready Deferred it runs on, and then waits.
  auto [inner, resolveInner] = makeDeferred<int>();
  Deferred<int> deferred = succeed(1);
  deferred.addCallback([&](int) {
    deferred.addCallback([](int value) { return value; });
    return std::move(inner);
  });
  resolveInner.errback(Oops());
  expectLines(tracebackOf(std::move(deferred)), {});
}

TEST(Traceback, ofAnAbandonedDeferredNamesWhereItWasMadeOnce) {
  const unsigned made = __LINE__ + 1;
  auto [deferred, resolver] = makeDeferred<int>();
  {
    const Resolver<int> gone = std::move(resolver);
  }
  const std::string text = tracebackOf(std::move(deferred));
  expectLines(text, {at("in the Deferred made at", made)});
  EXPECT_EQ(text.find("fired at"), std::string::npos) << "nobody fired it:\n" << text;
}

TEST(Traceback, ofACancelledDeferredNamesWhereItWasMadeAndCancelled) {
  const unsigned made = __LINE__ + 1;
  auto [deferred, resolver] = makeDeferred<int>();
  const unsigned cancelled = __LINE__ + 1;
  deferred.cancel();
  const std::string text = tracebackOf(std::move(deferred));
  expectLines(text, {at("in the Deferred made at", made)});
  EXPECT_NE(text.find(":" + std::to_string(cancelled) + "\n"), std::string::npos) << text;
}

// The line of a coroutine's body differs between compilers, so a test asks for the file only.

Deferred<int> awaits(Deferred<int> waited, unsigned& line) {
  line = __LINE__ + 1;
  co_return co_await std::move(waited);
}

TEST(Traceback, namesTheAwaitsThatTheFailurePassed) {
  for (const bool ready : {true, false}) {
    unsigned inner = 0, outer = 0;
    auto [wait, resolver] = makeDeferred<int>();
    const Failure failure{Oops()};
    if (ready) resolver.errback(failure);
    Deferred<int> result = awaits(awaits(std::move(wait), inner), outer);
    if (!ready) resolver.errback(failure);
    expectLines(tracebackOf(std::move(result)), {at("awaited at", inner), at("awaited at", outer)});
  }
}

TEST(Traceback, namesTheCoroutineThatThrew) {
  const auto body = [](Deferred<int> waited) -> Deferred<int> {
    co_await std::move(waited);
    throw Oops();
  };
  auto [wait, resolver] = makeDeferred<int>();
  Deferred<int> result = body(std::move(wait));
  resolver.callback(1);
  const std::string text = tracebackOf(std::move(result));
  expectLines(text, {std::string("left the coroutine at ") + __FILE__});
}

TEST(Traceback, elidesTheMiddleOfALongWay) {
  auto [deferred, resolver] = makeDeferred<int>();
  for (int i = 0; i < 100; ++i) deferred.addCallback([](int value) { return value; });
  const unsigned last = __LINE__ + 1;
  deferred.addCallback([](int value) { return value; });
  const unsigned raised = __LINE__ + 1;
  resolver.errback(Oops());
  // One place where it was raised, one where it was made, one where it was fired, and 101 handlers.
  expectLines(tracebackOf(std::move(deferred)), {at("raised at", raised), "  ... 72 more\n",
                                                 at("passed the handler added at", last)});
}

TEST(Traceback, showsTheCauses) {
  Deferred<int> failed = fail<int>(Oops()).addFinally([] { throw WorseOops(); });
  const std::string text = tracebackOf(std::move(failed));
  expectLines(text, {"hawser::WorseOops: worse\n", "caused by hawser::Oops: oops\n"});
}

TEST(Traceback, ofAnUnhandledFailureGoesToStandardError) {
  ::testing::internal::CaptureStderr();
  unsigned made = 0;
  {
    made = __LINE__ + 1;
    const Deferred<int> dropped = fail<int>(Oops());
  }
  const std::string text = ::testing::internal::GetCapturedStderr();
  expectLines(text, {"[error] Unhandled error in Deferred\n", "hawser::Oops: oops\n",
                     at("raised at", made)});
}

}  // namespace
}  // namespace hawser
