#include <hawser/defer/coroutine.h>
#include <hawser/defer/deferred_list.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

using Results = std::vector<Result<int>>;

std::vector<Deferred<int>> listOf(Deferred<int> a, Deferred<int> b) {
  std::vector<Deferred<int>> members;
  members.push_back(std::move(a));
  members.push_back(std::move(b));
  return members;
}

TEST(DeferredListLifetime, survivesThatAHandlerDestroysTheList) {
  auto [a, resolveA] = makeDeferred<int>();
  auto [b, resolveB] = makeDeferred<int>();
  auto list = std::make_unique<Deferred<Results>>(
      deferredList(listOf(std::move(a), std::move(b)), fireOnOneErrback | consumeErrors));
  list->addBoth([&](Result<Results> result) {
    list.reset();
    return result ? *std::move(result) : Results();
  });
  resolveA.errback(Oops());
  EXPECT_EQ(list, nullptr);
  resolveB.errback(Oops());
}

TEST(DeferredListLifetime, isFreedWhenItsLastMemberHasEnded) {
  int alive = 0;
  auto [a, resolveA] = makeDeferred<int>();
  auto [b, resolveB] = makeDeferred<int>();
  {
    const Deferred<void> dropped =
        deferredList(listOf(std::move(a), std::move(b)), fireOnOneErrback | consumeErrors)
            .addBoth([counted = Counted(alive)](const Result<Results>&) {});
  }
  resolveA.errback(Oops());
  EXPECT_EQ(alive, 0);
  resolveB.callback(1);  // a leak checker sees whether the list went
}

TEST(DeferredListLifetime, survivesThatTheListIsDroppedByTheEndOfAMember) {
  // The parameter of a coroutine goes when its result is taken.
  struct DropsList {
    std::optional<Deferred<Results>>* list;
    explicit DropsList(std::optional<Deferred<Results>>& it) : list(&it) {}
    DropsList(DropsList&& other) noexcept : list(std::exchange(other.list, nullptr)) {}
    ~DropsList() {
      if (list) list->reset();
    }
  };
  for (const bool last : {true, false}) {
    std::optional<Deferred<Results>> list;
    auto [a, resolveA] = makeDeferred<int>();
    auto [b, resolveB] = makeDeferred<int>();
    const auto body = [](DropsList, Deferred<int> waited) -> Deferred<int> {
      co_return co_await std::move(waited);
    };
    list.emplace(deferredList(listOf(body(DropsList(list), std::move(a)), std::move(b))));
    if (last) resolveB.callback(2);
    resolveA.callback(1);
    EXPECT_FALSE(list);
    if (!last) resolveB.callback(2);
  }
}

TEST(DeferredListLifetime, survivesThatAMemberFiresAnotherAsItEnds) {
  // As above, while the list is being made: the second member is ready, and ends the first.
  struct FiresAnother {
    Resolver<int>* resolver;
    explicit FiresAnother(Resolver<int>& it) : resolver(&it) {}
    FiresAnother(FiresAnother&& other) noexcept
        : resolver(std::exchange(other.resolver, nullptr)) {}
    ~FiresAnother() {
      if (resolver) resolver->errback(Oops());
    }
  };
  auto [a, resolveA] = makeDeferred<int>();
  auto [wait, resolveWait] = makeDeferred<int>();
  const auto body = [](FiresAnother, Deferred<int> waited) -> Deferred<int> {
    co_return co_await std::move(waited);
  };
  Deferred<int> second = body(FiresAnother(resolveA), std::move(wait));
  second.pause();  // keeps result and frame
  resolveWait.callback(2);
  second.unpause();
  Deferred<Results> list = deferredList(listOf(std::move(a), std::move(second)), consumeErrors);
  EXPECT_EQ(outcome(list), "[!Oops: oops, 2]");
}

TEST(DeferredListLifetime, survivesThatAReadyMemberEndsAllOthersAsItIsTaken) {
  struct FiresOthers {
    std::vector<Resolver<int>>* resolvers;
    explicit FiresOthers(std::vector<Resolver<int>>& them) : resolvers(&them) {}
    FiresOthers(FiresOthers&& other) noexcept
        : resolvers(std::exchange(other.resolvers, nullptr)) {}
    ~FiresOthers() {
      if (resolvers)
        for (Resolver<int>& resolver : *resolvers) resolver.errback(Oops());
    }
  };
  std::vector<Resolver<int>> resolvers;
  auto [a, resolveA] = makeDeferred<int>();
  auto [b, resolveB] = makeDeferred<int>();
  auto [wait, resolveWait] = makeDeferred<int>();
  resolvers.push_back(std::move(resolveA));
  resolvers.push_back(std::move(resolveB));
  const auto body = [](FiresOthers, Deferred<int> waited) -> Deferred<int> {
    co_return co_await std::move(waited);
  };
  Deferred<int> ready = body(FiresOthers(resolvers), std::move(wait));
  ready.pause();  // keeps result and frame
  resolveWait.callback(2);
  ready.unpause();
  std::vector<Deferred<int>> members;
  members.push_back(std::move(a));
  members.push_back(std::move(ready));
  members.push_back(std::move(b));
  Deferred<Results> list = deferredList(std::move(members), fireOnOneErrback | consumeErrors);
  ASSERT_NE(list.peekFailure(), nullptr);
  EXPECT_EQ(list.peekFailure()->get<FirstError>()->index, 0u);
  consume(std::move(list));
}

TEST(DeferredListLifetime, survivesThatMembersEndInsideOneAnotherHundredsDeep) {
  struct FiresNext {
    Resolver<int> next;
    FiresNext(Resolver<int>&& it) noexcept : next(std::move(it)) {}
    FiresNext(FiresNext&&) noexcept = default;
    ~FiresNext() {
      if (next) next.callback(1);
    }
  };
  const auto body = [](FiresNext, Deferred<int> waited) -> Deferred<int> {
    co_return co_await std::move(waited);
  };
  auto [first, start] = makeDeferred<int>();
  std::vector<Deferred<int>> members;
  Deferred<int> waited = std::move(first);
  for (int i = 0; i < 300; ++i) {
    auto [next, resolver] = makeDeferred<int>();
    members.push_back(body(FiresNext(std::move(resolver)), std::move(waited)));
    waited = std::move(next);
  }
  members.push_back(std::move(waited));
  auto list = deferredList(std::move(members)).addCallback([](const Results& results) {
    return static_cast<int>(results.size());
  });
  start.callback(1);
  EXPECT_EQ(outcome(list), "301");
}

TEST(DeferredListLifetime, keepsItsResultsWholeWhenALogObserverFiresMembers) {
  Resolver<int> other;
  const logging::Observation silence = logging::silenceStderr();
  const logging::Observation observer = logging::addObserver([&](const logging::Event&) {
    if (other) other.callback(1);
  });
  for (const bool ready : {true, false}) {
    auto [a, resolveA] = makeDeferred<int>();
    auto [b, resolveB] = makeDeferred<int>();
    other = std::move(resolveA);
    if (ready) resolveB.errback(Oops());
    Deferred<Results> list = deferredList(listOf(std::move(a), std::move(b)));
    if (!ready) resolveB.errback(Oops());
    EXPECT_EQ(outcome(list), "[1, !Oops: oops]");
  }
}

TEST(DeferredListLifetime, runsItsHandlersOnceWhenALogObserverEndsTheListOutOfTurn) {
  Resolver<int> other;
  const logging::Observation silence = logging::silenceStderr();
  const logging::Observation observer = logging::addObserver([&](const logging::Event&) {
    if (other) other.callback(1);
  });
  auto [a, resolveA] = makeDeferred<int>();
  auto [b, resolveB] = makeDeferred<int>();
  other = std::move(resolveA);
  std::vector<std::string> seen;
  const Deferred<void> list =
      deferredList(listOf(std::move(a), std::move(b))).addCallback([&](const Results& results) {
        seen.push_back(textOf(results));
      });
  resolveB.errback(Oops());
  EXPECT_EQ(seen, (std::vector<std::string>{"[1, !Oops: oops]"}));
}

TEST(DeferredListLifetime, runsItsHandlersOnceWhenTheEndOfAMemberFailsAnother) {
  struct FiresAnother {
    Resolver<int>* resolver;
    explicit FiresAnother(Resolver<int>& it) : resolver(&it) {}
    FiresAnother(FiresAnother&& other) noexcept
        : resolver(std::exchange(other.resolver, nullptr)) {}
    ~FiresAnother() {
      if (resolver) resolver->errback(Oops());
    }
  };
  auto [a, resolveA] = makeDeferred<int>();
  auto [wait, resolveWait] = makeDeferred<int>();
  const auto body = [](FiresAnother, Deferred<int> waited) -> Deferred<int> {
    co_return co_await std::move(waited);
  };
  int runs = 0;
  const Deferred<void> list =
      deferredList(listOf(std::move(a), body(FiresAnother(resolveA), std::move(wait))),
                   fireOnOneErrback | consumeErrors)
          .addBoth([&](const Result<Results>& result) {
            ++runs;
            EXPECT_TRUE(!result && result.failure().check<FirstError>());
          });
  resolveWait.errback(Oops());
  EXPECT_EQ(runs, 1);
}

TEST(DeferredListLifetime, makesAFailureOfAValueThatThrowsWhenItIsMoved) {
  struct Bomb {
    static int& movesLeft() {
      static int left = 0;
      return left;
    }
    Bomb() = default;
    Bomb(Bomb&&) { tick(); }  // NOLINT: may throw
    static void tick() {
      if (--movesLeft() == 0) throw Oops();
    }
  };
  for (int moves = 2; moves < 12; ++moves) {
    Bomb::movesLeft() = 1'000;
    auto [a, resolveA] = makeDeferred<Bomb>();
    std::vector<Deferred<Bomb>> members;
    members.push_back(std::move(a));
    bool ended = false;
    const Deferred<void> list =
        deferredList(std::move(members), consumeErrors)
            .addBoth([&](const Result<std::vector<Result<Bomb>>>&) { ended = true; });
    Bomb::movesLeft() = moves;
    EXPECT_NO_THROW(resolveA.callback(Bomb())) << moves;
    EXPECT_TRUE(ended) << moves;
  }
  for (int moves = 1; moves < 5; ++moves) {
    Bomb::movesLeft() = 1'000;
    Deferred<Bomb> ready{Bomb()};
    std::vector<Deferred<Bomb>> members;
    members.push_back(std::move(ready));
    Bomb::movesLeft() = moves;
    auto list = deferredList(std::move(members), consumeErrors);
    Bomb::movesLeft() = 1'000;
    EXPECT_NE(list.state(), DeferredState::pending) << moves;
    if (list.state() == DeferredState::failure) consume(std::move(list));
  }
}

TEST(DeferredListLifetime, takesADeferredThatIsGivenAwayByItsOwnHandler) {
  Deferred<int> deferred = succeed(1);
  Deferred<Results> list = succeed(Results());
  deferred.addCallback([&](int value) {
    list = deferredList(std::move(deferred));
    EXPECT_EQ(outcome(list), "pending");
    return value + 1;
  });
  EXPECT_EQ(outcome(list), "[2]");
}

TEST(DeferredListLifetime, takesReadyValuesThatDoNotLieInTheDeferred) {
  struct Large {
    int number;
    char rest[100];
  };
  auto list = deferredList(Deferred<Large>(Large{7, {}}), Deferred<Large>(Large{8, {}}));
  ASSERT_NE(list.peekValue(), nullptr);
  EXPECT_EQ((*list.peekValue())[1]->number, 8);
}

}  // namespace
}  // namespace hawser
