#include <hawser/defer/deferred.h>

#include <hawser/defer/deferred_list.h>
#include <hawser/defer/detail/handler_scope.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

TEST(Abandonment, failsTheDeferredWhenItsResolverIsDestroyedUnfired) {
  auto [deferred, resolver] = makeDeferred<int>();
  {
    const Resolver<int> gone = std::move(resolver);
  }
  ASSERT_NE(deferred.peekFailure(), nullptr);
  EXPECT_TRUE(deferred.peekFailure()->check<AbandonedError>());
  consume(std::move(deferred));
}

TEST(Abandonment, saysWhereTheDeferredWasMade) {
  const std::source_location here = std::source_location::current();
  auto [deferred, resolver] = makeDeferred<int>();
  {
    const Resolver<int> gone = std::move(resolver);
  }
  const auto* error = deferred.peekFailure()->get<AbandonedError>();
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->made().line(), here.line() + 1);
  EXPECT_STREQ(error->made().file_name(), here.file_name());
  const std::string place = std::string(here.file_name()) + ":" + std::to_string(here.line() + 1);
  EXPECT_NE(std::string(error->what()).find(place), std::string::npos) << error->what();
  consume(std::move(deferred));
}

TEST(Abandonment, runsTheErrbacks) {
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<std::string> chain =
      std::move(deferred)
          .addCallback([](int value) { return std::to_string(value); })
          .addErrback([](const AbandonedError&) { return std::string("abandoned"); });
  {
    const Resolver<int> gone = std::move(resolver);
  }
  EXPECT_EQ(outcome(chain), "abandoned");
}

TEST(Abandonment, doesNotHappenWhenTheResolverWasFiredOrMovedOrIsEmpty) {
  auto [deferred, resolver] = makeDeferred<int>();
  {
    const Resolver<int> empty;
    Resolver<int> moved = std::move(resolver);
    moved.callback(1);
  }
  EXPECT_EQ(outcome(deferred), "1");
}

TEST(Abandonment, happensWhenAnotherResolverIsAssigned) {
  auto [first, resolver] = makeDeferred<int>();
  auto [second, other] = makeDeferred<int>();
  resolver = std::move(other);
  ASSERT_NE(first.peekFailure(), nullptr);
  EXPECT_TRUE(first.peekFailure()->check<AbandonedError>());
  resolver.callback(2);
  EXPECT_EQ(outcome(second), "2");
  consume(std::move(first));
}

TEST(Abandonment, doesNotHappenWhenAResolverIsAssignedToItself) {
  auto [deferred, resolver] = makeDeferred<int>();
  Resolver<int>& same = resolver;
  resolver = std::move(same);
  EXPECT_EQ(outcome(deferred), "pending");
  resolver.callback(1);
  EXPECT_EQ(outcome(deferred), "1");
}

TEST(Abandonment, waitsUntilTheRunningHandlerHasReturned) {
  for (const bool ready : {true, false}) {
    std::vector<std::string> seen;
    auto [abandoned, resolver] = makeDeferred<int>();
    abandoned.addErrback([&](const AbandonedError&) {
      seen.push_back("abandoned");
      return 0;
    });
    auto [first, fire] = makeDeferred<int>();
    if (ready) fire.callback(1);
    Deferred<void> chain =
        std::move(first).addCallback([&, doomed = std::move(resolver)](int) mutable {
          {
            const Resolver<int> gone = std::move(doomed);
          }
          seen.push_back("handler returns");
        });
    if (!ready) fire.callback(1);
    EXPECT_EQ(seen, (std::vector<std::string>{"handler returns", "abandoned"}));
  }
}

TEST(Abandonment, waitsUntilTheOutermostRunHasEnded) {
  std::vector<std::string> seen;
  auto [abandoned, doomed] = makeDeferred<int>();
  abandoned.addErrback([&](const AbandonedError&) {
    seen.push_back("abandoned");
    return 0;
  });
  auto [inner, fireInner] = makeDeferred<int>();
  auto [outer, fireOuter] = makeDeferred<int>();
  inner.addCallback([&](int value) {
    {
      const Resolver<int> gone = std::move(doomed);
    }
    return value;
  });
  outer.addCallback([&](int value) {
    fireInner.callback(1);
    seen.push_back("inner has run");
    return value;
  });
  outer.addCallback([&](int value) {
    seen.push_back("next handler of outer");
    return value;
  });
  fireOuter.callback(1);
  EXPECT_EQ(seen,
            (std::vector<std::string>{"inner has run", "next handler of outer", "abandoned"}));
}

TEST(Abandonment, waitsUntilAReactorCallbackReturns) {
  std::vector<std::string> seen;
  auto [abandoned, doomed] = makeDeferred<int>();
  abandoned.addErrback([&](const AbandonedError&) {
    seen.push_back("abandoned");
    return 0;
  });
  {
    const detail::HandlerScope scope;
    {
      const Resolver<int> gone = std::move(doomed);
    }
    seen.push_back("callback ends");
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"callback ends", "abandoned"}));
}

TEST(Abandonment, waitsUntilTheCancellerHasReturned) {
  std::vector<std::string> seen;
  auto [other, otherResolver] = makeDeferred<int>();
  other.addErrback([&](const AbandonedError&) {
    seen.push_back("abandoned");
    return 0;
  });
  auto [deferred, resolver] = makeDeferred<int>([&] {
    {
      const Resolver<int> gone = std::move(otherResolver);
    }
    seen.push_back("canceller returns");
  });
  deferred.cancel();
  EXPECT_EQ(seen, (std::vector<std::string>{"canceller returns", "abandoned"}));
  consume(std::move(deferred));
}

TEST(Abandonment, isDeliveredInTheOrderInWhichItHappened) {
  std::vector<int> seen;
  std::vector<Resolver<void>> resolvers;
  for (int i = 0; i < 5; ++i) {
    auto [deferred, resolver] = makeDeferred<void>();
    std::move(deferred).addErrback([&seen, i](const AbandonedError&) { seen.push_back(i); });
    resolvers.push_back(std::move(resolver));
  }
  succeed().addCallback([&] {
    while (!resolvers.empty()) resolvers.pop_back();
  });
  EXPECT_EQ(seen, (std::vector<int>{4, 3, 2, 1, 0}));
}

TEST(Abandonment, ofAChainWhoseErrbackAbandonsTheNextReachesTheLast) {
  // As deep as a stack would not allow.
  constexpr int count = 200'000;
  int delivered = 0;
  auto [first, resolver] = makeDeferred<void>();
  Resolver<void> last = std::move(resolver);
  std::move(first).addErrback([&](const AbandonedError&) { ++delivered; });
  for (int i = 1; i < count; ++i) {
    auto [deferred, next] = makeDeferred<void>();
    std::move(deferred).addErrback(
        [&, doomed = std::move(last)](const AbandonedError&) mutable { ++delivered; });
    last = std::move(next);
  }
  {
    const Resolver<void> gone = std::move(last);
  }
  EXPECT_EQ(delivered, count);
}

TEST(Abandonment, isUnhandledOnADroppedDeferred) {
  const LogWatcher log;
  {
    auto [deferred, resolver] = makeDeferred<int>();
  }
  ASSERT_EQ(log.unhandled().size(), 1u);
  EXPECT_EQ(log.unhandled().front().rfind("AbandonedError: ", 0), 0u);
}

TEST(Abandonment, failsAWaitingOuterChain) {
  auto [inner, resolver] = makeDeferred<int>();
  Deferred<int> outer = succeed(1)
                            .addCallback([&](int) { return std::move(inner); })
                            .addErrback([](const AbandonedError&) { return 7; });
  {
    const Resolver<int> gone = std::move(resolver);
  }
  EXPECT_EQ(outcome(outer), "7");
}

TEST(Abandonment, failsAMemberOfAList) {
  std::vector<Deferred<int>> members;
  auto [member, resolver] = makeDeferred<int>();
  members.push_back(std::move(member));
  Deferred<std::vector<Result<int>>> list = deferredList(std::move(members), consumeErrors);
  {
    const Resolver<int> gone = std::move(resolver);
  }
  ASSERT_NE(list.peekValue(), nullptr);
  EXPECT_TRUE(list.peekValue()->front().failure().check<AbandonedError>());
}

TEST(Abandonment, ofAPausedChainIsKeptThere) {
  auto [deferred, resolver] = makeDeferred<int>();
  deferred.pause();
  {
    const Resolver<int> gone = std::move(resolver);
  }
  EXPECT_EQ(outcome(deferred), "paused");
  deferred.unpause();
  ASSERT_NE(deferred.peekFailure(), nullptr);
  EXPECT_TRUE(deferred.peekFailure()->check<AbandonedError>());
  consume(std::move(deferred));
}

TEST(Abandonment, mayBeOvertakenByDestroyingTheDeferred) {
  const LogWatcher log;
  auto pair = makeDeferred<int>();
  std::optional<Deferred<int>> deferred = std::move(pair.deferred);
  std::optional<Resolver<int>> resolver = std::move(pair.resolver);
  succeed().addCallback([&] {
    resolver.reset();
    deferred.reset();
  });
  EXPECT_EQ(log.unhandled().size(), 1u);
}

TEST(Abandonment, mayHappenInTheDestructorOfAValueThatIsDropped) {
  struct Owner {
    Resolver<int> resolver;
  };
  auto [deferred, resolver] = makeDeferred<int>();
  {
    const Deferred<Owner> dropped = succeed(Owner{std::move(resolver)});
  }
  ASSERT_NE(deferred.peekFailure(), nullptr);
  EXPECT_TRUE(deferred.peekFailure()->check<AbandonedError>());
  consume(std::move(deferred));
}

TEST(Resolver, isTrueUntilItFiresOrIsMovedAway) {
  auto [deferred, resolver] = makeDeferred<int>();
  EXPECT_TRUE(resolver);
  Resolver<int> moved = std::move(resolver);
  EXPECT_FALSE(resolver);
  EXPECT_TRUE(moved);
  moved.callback(1);
  EXPECT_FALSE(moved);
  EXPECT_FALSE(Resolver<int>());
}

TEST(Resolver, thatIsEmptyRefusesToFire) {
  Resolver<int> empty;
  EXPECT_THROW(empty.callback(1), EmptyDeferredError);
  EXPECT_THROW(empty.errback(Oops()), EmptyDeferredError);
}

TEST(Resolver, firesOnce) {
  struct Case {
    bool firstIsValue, secondIsValue;
  };
  for (const Case& each : {Case{true, true}, {true, false}, {false, true}, {false, false}}) {
    auto [deferred, resolver] = makeDeferred<int>();
    const auto fire = [&it = resolver](bool value) {
      if (value)
        it.callback(1);
      else
        it.errback(Oops());
    };
    fire(each.firstIsValue);
    EXPECT_THROW(fire(each.secondIsValue), AlreadyCalledError);
    EXPECT_EQ(outcome(deferred), each.firstIsValue ? "1" : "!Oops: oops");
    consume(std::move(deferred));
  }
}

TEST(Resolver, firesWithAResult) {
  auto [good, resolveGood] = makeDeferred<int>();
  auto [bad, resolveBad] = makeDeferred<int>();
  resolveGood.fire(Result<int>(1));
  resolveBad.fire(Result<int>(Failure(Oops())));
  EXPECT_EQ(outcome(good), "1");
  EXPECT_EQ(outcome(bad), "!Oops: oops");
  consume(std::move(bad));
}

TEST(Resolver, staysUsableWhenTheConversionOfItsValueThrows) {
  struct Throws {
    operator std::string() const { throw Oops(); }  // NOLINT: as an implicit conversion does
  };
  auto [deferred, resolver] = makeDeferred<std::string>();
  EXPECT_THROW(resolver.callback(Throws()), Oops);
  EXPECT_TRUE(resolver);
  EXPECT_EQ(outcome(deferred), "pending");
  resolver.callback("text");
  EXPECT_EQ(outcome(deferred), "text");
}

TEST(Resolver, mayBeDestroyedByTheHandlersItRuns) {
  auto pair = makeDeferred<int>();
  auto resolver = std::make_unique<Resolver<int>>(std::move(pair.resolver));
  pair.deferred.addCallback([&](int value) {
    resolver.reset();
    return value;
  });
  resolver->callback(1);
  EXPECT_EQ(outcome(pair.deferred), "1");
}

TEST(Resolver, keepsWhatHandlersThrowInTheirChain) {
  auto [deferred, resolver] = makeDeferred<int>();
  deferred.addCallback([](int) -> int { throw Oops(); });
  resolver.callback(1);
  EXPECT_EQ(outcome(deferred), "!Oops: oops");
  consume(std::move(deferred));
}

}  // namespace
}  // namespace hawser
