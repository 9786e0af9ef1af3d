#include <hawser/defer/deferred.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hawser {
namespace {

/// Runs `body(deferred)` for a Deferred that has its result already and for one that gets it
/// afterwards, and expects the same outcome of both.
template <class T, class Body>
void expectOutcome(const Result<T>& result, Body body, const std::string& expected) {
  {
    auto [deferred, resolver] = makeDeferred<T>();
    resolver.fire(result);
    auto ended = body(std::move(deferred));
    EXPECT_EQ(outcome(ended), expected) << "ready";
    consume(std::move(ended));
  }
  {
    auto [deferred, resolver] = makeDeferred<T>();
    auto ended = body(std::move(deferred));
    EXPECT_EQ(outcome(ended), "pending");
    resolver.fire(result);
    EXPECT_EQ(outcome(ended), expected) << "fired";
    consume(std::move(ended));
  }
}

const Result<int> one(1);
const Result<int> oops = Failure(Oops());

TEST(Deferred, isPendingUntilItIsFired) {
  auto [deferred, resolver] = makeDeferred<std::string>();
  EXPECT_EQ(outcome(deferred), "pending");
  EXPECT_EQ(deferred.peekValue(), nullptr);
  EXPECT_EQ(deferred.peekFailure(), nullptr);
  resolver.callback("text");
  EXPECT_EQ(outcome(deferred), "text");
}

TEST(Deferred, canBeMadeWithItsResult) {
  EXPECT_EQ(outcome(succeed(5)), "5");
  EXPECT_EQ(outcome(succeed()), "nothing");
  EXPECT_EQ(outcome(succeed(std::string("text"))), "text");
  Deferred<int> failed = fail<int>(Oops());
  EXPECT_EQ(outcome(failed), "!Oops: oops");
  consume(std::move(failed));
}

TEST(Deferred, convertsFromExactlyItsValueAFailureAndAResult) {
  const Deferred<int> fromValue = 5;
  const Deferred<int> fromResult = Result<int>(6);
  Deferred<int> fromFailure = Failure(Oops());
  EXPECT_EQ(outcome(fromValue), "5");
  EXPECT_EQ(outcome(fromResult), "6");
  EXPECT_EQ(outcome(fromFailure), "!Oops: oops");
  consume(std::move(fromFailure));
  static_assert(!std::is_convertible_v<const char*, Deferred<std::string>>);
  static_assert(!std::is_convertible_v<long, Deferred<int>>);
  static_assert(!std::is_convertible_v<Deferred<int>, Deferred<long>>);
  static_assert(!std::is_copy_constructible_v<Deferred<int>>);
  static_assert(std::is_nothrow_move_constructible_v<Deferred<std::string>>);
  static_assert(std::is_nothrow_move_assignable_v<Deferred<std::string>>);
}

TEST(Deferred, isEmptyAfterAMove) {
  Deferred<int> from = succeed(1);
  const Deferred<int> to = std::move(from);
  EXPECT_EQ(outcome(from), "empty");
  EXPECT_THROW(from.addCallback([](int value) { return value; }), EmptyDeferredError);
  EXPECT_EQ(outcome(to), "1");
}

TEST(Deferred, canBeAssigned) {
  Deferred<int> deferred = succeed(1);
  deferred = succeed(2);
  EXPECT_EQ(outcome(deferred), "2");
  Deferred<int>& same = deferred;
  deferred = std::move(same);
  EXPECT_EQ(outcome(deferred), "2");
}

TEST(Deferred, runsHandlersInTheOrderInWhichTheyWereAdded) {
  for (const bool ready : {true, false}) {
    std::vector<std::string> seen;
    auto [deferred, resolver] = makeDeferred<int>();
    if (ready) resolver.callback(1);
    Deferred<int> chain = std::move(deferred)
                              .addCallback([&](int value) {
                                seen.push_back("first " + std::to_string(value));
                                return value + 1;
                              })
                              .addCallback([&](int value) {
                                seen.push_back("second " + std::to_string(value));
                                return value + 1;
                              });
    if (!ready) resolver.callback(1);
    EXPECT_EQ(seen, (std::vector<std::string>{"first 1", "second 2"}));
    EXPECT_EQ(outcome(chain), "3");
  }
}

TEST(Deferred, runsAHandlerAtOnceIfItWasFiredBefore) {
  Deferred<int> deferred = succeed(1);
  bool ran = false;
  deferred.addCallback([&](int value) {
    ran = true;
    return value;
  });
  EXPECT_TRUE(ran);
}

TEST(Deferred, runsHandlersAddedByAHandlerAfterThoseThatWereThere) {
  auto [deferred, resolver] = makeDeferred<int>();
  std::vector<std::string> seen;
  deferred.addCallback([&](int value) {
    seen.push_back("first");
    deferred.addCallback([&](int next) {
      seen.push_back("added by the first");
      return next;
    });
    return value;
  });
  deferred.addCallback([&](int value) {
    seen.push_back("second");
    return value;
  });
  resolver.callback(1);
  EXPECT_EQ(seen, (std::vector<std::string>{"first", "second", "added by the first"}));
}

TEST(Deferred, extendsItselfInPlaceWhereTheTypeStaysTheSame) {
  auto [deferred, resolver] = makeDeferred<int>();
  deferred.addCallback([](int value) { return value + 1; })
      .addErrback([](const Failure&) { return 0; })
      .addCallbacks([](int value) { return value * 2; }, [](const Failure&) { return 0; })
      .addBoth([](Result<int> result) { return result; })
      .addFinally([] {});
  resolver.callback(20);
  EXPECT_EQ(outcome(deferred), "42");
}

TEST(Deferred, keepsItsLanesApart) {
  const auto tag = [](const char* name) {
    return [name](const std::string& text) { return text + name; };
  };
  const auto rescue = [](const char* name) {
    return [name](const Failure&) { return std::string(name); };
  };
  expectOutcome<std::string>(
      std::string("v"),
      [&](auto d) { return std::move(d).addCallback(tag(" a")).addErrback(rescue("b")); }, "v a");
  expectOutcome<std::string>(
      Failure(Oops()),
      [&](auto d) { return std::move(d).addCallback(tag(" a")).addErrback(rescue("b")); }, "b");
  expectOutcome<std::string>(
      Failure(Oops()),
      [&](auto d) { return std::move(d).addErrback(rescue("a")).addCallback(tag(" b")); }, "a b");
  expectOutcome<std::string>(
      Failure(Oops()), [&](auto d) { return std::move(d).addCallback(tag(" a")); }, "!Oops: oops");
}

TEST(Deferred, goesToTheErrbackLaneWhenACallbackThrows) {
  expectOutcome<int>(
      one,
      [](auto d) {
        return std::move(d)
            .addCallback([](int) -> int { throw Oops(); })
            .addErrback([](const Oops&) { return 7; });
      },
      "7");
}

TEST(Deferred, goesOnWithTheNewExceptionWhenAnErrbackThrows) {
  expectOutcome<int>(
      oops,
      [](auto d) {
        return std::move(d).addErrback([](const Failure&) -> int { throw WorseOops(); });
      },
      "!WorseOops: worse");
}

TEST(Deferred, goesOnWithTheSameFailureWhenAnErrbackReturnsIt) {
  expectOutcome<int>(
      oops, [](auto d) { return std::move(d).addErrback([](Failure failure) { return failure; }); },
      "!Oops: oops");
}

TEST(AddCallbacks, doesNotShowTheErrbackWhatTheCallbackBesideItThrows) {
  expectOutcome<int>(
      one,
      [](auto d) {
        return std::move(d).addCallbacks([](int) -> int { throw Oops(); },
                                         [](const Failure&) { return 7; });
      },
      "!Oops: oops");
}

TEST(AddCallbacks, runsTheHandlerOfTheLane) {
  const auto add = [](auto d) {
    return std::move(d).addCallbacks([](int value) { return std::to_string(value) + "!"; },
                                     [](const Failure&) { return "failed"; });
  };
  expectOutcome<int>(one, add, "1!");
  expectOutcome<int>(oops, add, "failed");
}

TEST(AddCallbacks, takesAnErrbackForOneType) {
  const auto add = [](auto d) {
    return std::move(d).addCallbacks([](int value) { return value; },
                                     [](const CancelledError&) { return 7; });
  };
  expectOutcome<int>(oops, add, "!Oops: oops");
  expectOutcome<int>(Failure(CancelledError()), add, "7");
}

TEST(AddBoth, getsValuesAndFailures) {
  const auto add = [](auto d) {
    return std::move(d).addBoth([](const Result<int>& result) { return textOf(result) + "."; });
  };
  expectOutcome<int>(one, add, "1.");
  expectOutcome<int>(oops, add, "!Oops: oops.");
}

TEST(AddBoth, mayIgnoreTheResult) {
  const auto add = [](auto d) { return std::move(d).addBoth([] { return 7; }); };
  expectOutcome<int>(one, add, "7");
  expectOutcome<int>(oops, add, "7");
}

TEST(AddFinally, runsOnBothLanesAndKeepsTheResult) {
  int runs = 0;
  const auto add = [&](auto d) { return std::move(d).addFinally([&] { ++runs; }); };
  expectOutcome<int>(one, add, "1");
  expectOutcome<int>(oops, add, "!Oops: oops");
  EXPECT_EQ(runs, 4);
}

TEST(AddFinally, ignoresAValueThatTheHandlerReturns) {
  expectOutcome<int>(one, [](auto d) { return std::move(d).addFinally([] { return 99; }); }, "1");
}

TEST(AddFinally, replacesTheResultByItsOwnFailure) {
  const auto throws = [](auto d) { return std::move(d).addFinally([] { throw WorseOops(); }); };
  expectOutcome<int>(one, throws, "!WorseOops: worse");
  expectOutcome<int>(oops, throws, "!WorseOops: worse");
  const auto returns = [](auto d) {
    return std::move(d).addFinally([] { return Failure(WorseOops()); });
  };
  expectOutcome<int>(one, returns, "!WorseOops: worse");
  const auto later = [](auto d) {
    return std::move(d).addFinally([] { return fail<int>(WorseOops()); });
  };
  expectOutcome<int>(one, later, "!WorseOops: worse");
}

TEST(AddFinally, keepsAFailedResultAsTheCauseOfItsOwnFailure) {
  Deferred<int> failed = fail<int>(Oops()).addFinally([] { throw WorseOops(); });
  ASSERT_NE(failed.peekFailure(), nullptr);
  ASSERT_NE(failed.peekFailure()->cause(), nullptr);
  EXPECT_TRUE(failed.peekFailure()->cause()->check<Oops>());
  consume(std::move(failed));
}

TEST(AddFinally, waitsForADeferredThatItsHandlerReturns) {
  for (const bool fails : {true, false}) {
    auto [wait, resolver] = makeDeferred<std::string>();
    Deferred<int> deferred = succeed(1).addFinally([&] { return std::move(wait); });
    EXPECT_EQ(outcome(deferred), "pending");
    if (fails)
      resolver.errback(Oops());
    else
      resolver.callback("cleaned up");
    EXPECT_EQ(outcome(deferred), fails ? "!Oops: oops" : "1");
    consume(std::move(deferred));
  }
}

TEST(AddFinally, seesAThrowBeforeItCanReturnADeferred) {
  Deferred<int> failed =
      fail<int>(Oops()).addFinally([]() -> Deferred<void> { throw WorseOops(); });
  EXPECT_EQ(outcome(failed), "!WorseOops: worse");
  ASSERT_NE(failed.peekFailure()->cause(), nullptr);
  consume(std::move(failed));
}

TEST(Fire, convertsToTheTypeOfTheDeferred) {
  auto [text, resolveText] = makeDeferred<std::string>();
  resolveText.callback("a literal");
  EXPECT_EQ(outcome(text), "a literal");
  auto [failed, resolveFailed] = makeDeferred<int>();
  resolveFailed.errback(WorseOops());
  EXPECT_EQ(outcome(failed), "!WorseOops: worse");
  consume(std::move(failed));
}

TEST(Fire, runsTheHandlersBeforeItReturns) {
  auto [deferred, resolver] = makeDeferred<int>();
  int seen = 0;
  Deferred<void> chain = std::move(deferred).addCallback([&](int value) { seen = value; });
  resolver.callback(5);
  EXPECT_EQ(seen, 5);
}

}  // namespace
}  // namespace hawser
