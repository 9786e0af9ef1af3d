#include <hawser/defer/deferred.h>
#include <hawser/defer/registry.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hawser {
namespace {

template <class T>
Deferred<T> firedLater(Resolver<T>& resolver) {
  auto pair = makeDeferred<T>();
  resolver = std::move(pair.resolver);
  return std::move(pair.deferred);
}

/// Adds `handler` as a callback to a Deferred<std::string> in both forms; gives both outcomes,
/// which must be the same.
template <class F>
std::string afterCallback(F handler) {
  Resolver<std::string> resolver;
  auto later = firedLater(resolver).addCallback(handler);
  resolver.callback("text");
  auto ready = succeed(std::string("text")).addCallback(handler);
  const std::string result = outcome(ready);
  EXPECT_EQ(outcome(later), result);
  consume(std::move(later));
  consume(std::move(ready));
  return result;
}

template <class F>
std::string afterErrback(F handler, Failure failure = Failure(Oops())) {
  Resolver<std::string> resolver;
  auto later = firedLater(resolver).addErrback(handler);
  resolver.errback(failure);
  auto ready = fail<std::string>(failure).addErrback(handler);
  const std::string result = outcome(ready);
  EXPECT_EQ(outcome(later), result);
  consume(std::move(later));
  consume(std::move(ready));
  return result;
}

std::string shout(std::string text) { return text + "!"; }
std::string quote(const std::string& text) noexcept { return "'" + text + "'"; }
std::string whatOf(const Oops& oops) { return oops.what(); }

TEST(Callback, takesTheValueByValueOrReferenceOrNotAtAll) {
  EXPECT_EQ(afterCallback([](std::string text) { return text; }), "text");
  EXPECT_EQ(afterCallback([](const std::string& text) { return text; }), "text");
  EXPECT_EQ(afterCallback([](std::string&& text) { return std::move(text); }), "text");
  EXPECT_EQ(afterCallback([](const auto& text) { return text; }), "text");
  EXPECT_EQ(afterCallback([](auto&&... text) { return (std::string() + ... + text); }), "text");
  EXPECT_EQ(afterCallback([] { return 5; }), "5");
}

TEST(Callback, takesWhatTheValueConvertsTo) {
  EXPECT_EQ(afterCallback([](std::string_view text) { return static_cast<int>(text.size()); }),
            "4");
}

TEST(Callback, mayBeAFunctionOrAnyCallableObject) {
  struct Counter {
    int calls = 0;
    int operator()(const std::string&) { return ++calls; }
  };
  EXPECT_EQ(afterCallback(&shout), "text!");
  EXPECT_EQ(afterCallback(quote), "'text'");
  EXPECT_EQ(afterCallback(std::function<std::string(std::string)>(&shout)), "text!");
  EXPECT_EQ(afterCallback(Counter()), "1");
  EXPECT_EQ(afterCallback([calls = 0](const std::string&) mutable { return ++calls; }), "1");
}

TEST(Callback, mayBeACallableThatOnlyMoves) {
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> sum = std::move(deferred).addCallback(
      [more = std::make_unique<int>(40)](int value) { return value + *more; });
  resolver.callback(2);
  EXPECT_EQ(outcome(sum), "42");
}

TEST(Callback, isGivenNothingByADeferredWithoutValue) {
  Resolver<void> resolver;
  Deferred<int> later = firedLater(resolver).addCallback([] { return 5; });
  resolver.callback();
  EXPECT_EQ(outcome(later), "5");
  EXPECT_EQ(outcome(succeed().addCallback([] { return 5; })), "5");
}

TEST(Callback, mayReturnAValueNothingAFailureAResultOrADeferred) {
  EXPECT_EQ(afterCallback([](std::string) { return 5; }), "5");
  EXPECT_EQ(afterCallback([](std::string) {}), "nothing");
  EXPECT_EQ(afterCallback([](std::string) { return Failure(Oops()); }), "!Oops: oops");
  EXPECT_EQ(afterCallback([](std::string) { return Result<int>(5); }), "5");
  EXPECT_EQ(afterCallback([](std::string) { return Result<int>(Failure(Oops())); }), "!Oops: oops");
  EXPECT_EQ(afterCallback([](std::string) { return Result<void>(); }), "nothing");
  EXPECT_EQ(afterCallback([](std::string) { return succeed(5); }), "5");
  EXPECT_EQ(afterCallback([](std::string) { return fail<int>(Oops()); }), "!Oops: oops");
  EXPECT_EQ(afterCallback([](std::string) { return succeed(); }), "nothing");
}

TEST(Callback, copiesWhatItReturnsByReference) {
  const std::string kept = "kept";
  EXPECT_EQ(afterCallback([&](std::string) -> const std::string& { return kept; }), "kept");
  // Even if that lies in the handler itself.
  EXPECT_EQ(afterCallback([own = std::string("a text too long for the small buffer")](
                              std::string) -> const std::string& { return own; }),
            "a text too long for the small buffer");
}

TEST(Callback, decidesTheTypeOfTheNextDeferred) {
  static_assert(std::is_same_v<decltype(succeed(1).addCallback([](int) { return std::string(); })),
                               Deferred<std::string>>);
  static_assert(std::is_same_v<decltype(succeed(1).addCallback([](int) {})), Deferred<void>>);
  static_assert(
      std::is_same_v<decltype(succeed(1).addCallback([](int) { return Failure(Oops()); })),
                     Deferred<int>>);
  static_assert(
      std::is_same_v<decltype(succeed(1).addCallback([](int) { return Result<char>('c'); })),
                     Deferred<char>>);
  static_assert(std::is_same_v<decltype(succeed(1).addCallback([](int) { return succeed(); })),
                               Deferred<void>>);
}

TEST(Callback, failsTheChainWithWhateverItThrows) {
  Deferred<int> failed = succeed(1).addCallback([](int) -> int { throw "a text"; });
  ASSERT_NE(failed.peekFailure(), nullptr);
  EXPECT_TRUE(failed.peekFailure()->check<const char*>());
  consume(std::move(failed));
}

TEST(Errback, takesTheFailure) {
  EXPECT_EQ(afterErrback([](Failure failure) { return failure.getErrorMessage(); }), "oops");
  EXPECT_EQ(afterErrback([](const Failure& failure) { return failure.getErrorMessage(); }), "oops");
  EXPECT_EQ(afterErrback([](Failure&& failure) { return failure.getErrorMessage(); }), "oops");
  EXPECT_EQ(afterErrback([](const auto& failure) { return failure.getErrorMessage(); }), "oops");
}

TEST(Errback, onATypeRunsForThatTypeAndWhatIsDerivedFromIt) {
  EXPECT_EQ(afterErrback([](const Oops& it) { return std::string(it.what()); }), "oops");
  EXPECT_EQ(afterErrback(&whatOf), "oops");
  EXPECT_EQ(afterErrback(&whatOf, Failure(WorseOops())), "worse");
  EXPECT_EQ(afterErrback([](const std::exception& it) { return std::string(it.what()); }), "oops");
  EXPECT_EQ(afterErrback([](const int& number) { return std::to_string(number); }, Failure::of(5)),
            "5");
}

TEST(Errback, onATypeLetsOtherFailuresPass) {
  EXPECT_EQ(afterErrback([](const WorseOops&) { return std::string(); }), "!Oops: oops");
  EXPECT_EQ(afterErrback([](const CancelledError&) { return std::string(); }), "!Oops: oops");
  EXPECT_EQ(afterErrback([](const Oops&) { return std::string(); }, Failure::of(5)),
            "!int: the integer 5");
}

TEST(Errback, mayReturnWhatFitsTheDeferred) {
  EXPECT_EQ(afterErrback([](const Failure&) { return "a literal"; }), "a literal");
  EXPECT_EQ(afterErrback([](const Failure&) { return Failure(WorseOops()); }), "!WorseOops: worse");
  EXPECT_EQ(afterErrback([](const Failure&) { return Result<std::string>("a result"); }),
            "a result");
  EXPECT_EQ(afterErrback([](const Failure&) { return succeed(std::string("a Deferred")); }),
            "a Deferred");
}

TEST(Errback, thatReturnsNothingEndsTheValuesToo) {
  EXPECT_EQ(afterErrback([](const Failure&) {}), "nothing");
  Resolver<std::string> resolver;
  Deferred<void> later = firedLater(resolver).addErrback([](const Failure&) {});
  resolver.callback("text");
  EXPECT_EQ(outcome(later), "nothing");
  EXPECT_EQ(outcome(succeed(1).addErrback([](const Oops&) {})), "nothing");
}

TEST(Errback, mayLogAndEndTheChain) {
  const LogWatcher log;
  succeed(1).addErrback(logging::err);
  fail<int>(Oops()).addErrback(logging::err);
  ASSERT_EQ(log.others().size(), 1u);
  EXPECT_NE(log.others().front().find("Oops: oops"), std::string::npos);
  EXPECT_TRUE(log.unhandled().empty());
}

TEST(Errback, mayTrap) {
  const auto trapOops = [](const Failure& failure) {
    return std::string("trapped ") + failure.trap<Oops>().what();
  };
  EXPECT_EQ(afterErrback(trapOops), "trapped oops");
  EXPECT_EQ(afterErrback(trapOops, Failure(CancelledError())),
            "!CancelledError: the Deferred was cancelled");
}

TEST(BothHandler, takesTheResultByValueOrReferenceOrNotAtAll) {
  const auto after = [](auto handler) {
    Resolver<int> resolver;
    auto later = firedLater(resolver).addBoth(handler);
    resolver.callback(1);
    auto ready = succeed(1).addBoth(handler);
    EXPECT_EQ(outcome(later), outcome(ready));
    return outcome(ready);
  };
  EXPECT_EQ(after([](Result<int> result) { return result; }), "1");
  EXPECT_EQ(after([](const Result<int>& result) { return *result; }), "1");
  EXPECT_EQ(after([](Result<int>&& result) { return succeed(*result); }), "1");
  EXPECT_EQ(after([] {}), "nothing");
}

TEST(Handlers, mayBeOfAnySize) {
  struct Large {
    char bytes[3000] = {};
  };
  Large large;
  large.bytes[2999] = 5;
  EXPECT_EQ(afterCallback([large](std::string) { return static_cast<int>(large.bytes[2999]); }),
            "5");
  EXPECT_EQ(
      afterCallback([large](std::string) { return succeed(static_cast<int>(large.bytes[2999])); }),
      "5");
}

/// Throws when it has been moved so many times.
struct Delicate {
  int movesLeft;
  explicit Delicate(int moves) : movesLeft(moves) {}
  Delicate(Delicate&& other) : movesLeft(other.movesLeft - 1) {  // NOLINT: may throw
    if (movesLeft < 0) throw Oops("moved");
  }
};

TEST(Handlers, thatThrowWhenTheyAreMovedLeaveAPendingDeferredAsItWas) {
  bool added = false;
  for (int moves = 0; !added; ++moves) {
    ASSERT_LT(moves, 20);
    auto [deferred, resolver] = makeDeferred<int>();
    try {
      deferred.addCallback([it = Delicate(moves)](int value) { return value + 1; });
      added = true;
    } catch (const Oops&) {
      EXPECT_EQ(outcome(deferred), "pending");
    }
    resolver.callback(1);
    EXPECT_EQ(outcome(deferred), added ? "2" : "1");
  }
}

TEST(Handlers, thatThrowWhenTheyAreMovedMakeNoPairIfTheyAreCancellers) {
  for (const bool listed : {false, true}) {
    registry::enable(listed);
    bool made = false;
    for (int moves = 0; !made; ++moves) {
      ASSERT_LT(moves, 20);
      try {
        auto [deferred, resolver] = makeDeferred<int>([it = Delicate(moves)] {});
        made = true;
        resolver.callback(1);
      } catch (const Oops& oops) {
        EXPECT_STREQ(oops.what(), "moved");
      }
    }
    registry::enable(false);
    EXPECT_TRUE(registry::pending().empty());
  }
}

TEST(Values, mayBeOfTypesThatLookLikeOthers) {
  EXPECT_EQ(outcome(succeed(true).addCallback([](bool value) { return value ? 1 : 0; })), "1");
  EXPECT_EQ(outcome(succeed(std::vector<int>{1, 2})), "[1, 2]");
  Deferred<std::exception_ptr> pointer = succeed(std::exception_ptr());
  EXPECT_NE(pointer.peekValue(), nullptr);
  Deferred<std::runtime_error> error = succeed(std::runtime_error("an error as a value"));
  EXPECT_STREQ(error.peekValue()->what(), "an error as a value");
}

}  // namespace
}  // namespace hawser
