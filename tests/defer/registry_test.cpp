#include <hawser/defer/deferred.h>
#include <hawser/defer/deferred_list.h>
#include <hawser/defer/deferred_lock.h>
#include <hawser/defer/gather.h>
#include <hawser/defer/registry.h>
#include <hawser/testing/fake_clock.h>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace hawser {
namespace {

using registry::Waiting;
using testing::FakeClock;
using namespace std::chrono_literals;

struct Registry : ::testing::Test {
  Registry() { registry::enable(); }
  ~Registry() override { registry::enable(false); }
};

unsigned here(std::source_location where = std::source_location::current()) { return where.line(); }

Deferred<int> awaiting(Deferred<int> inner) { co_return co_await std::move(inner); }

TEST_F(Registry, listsNothingInTheBeginning) {
  EXPECT_TRUE(registry::enabled());
  EXPECT_TRUE(registry::pending().empty());
}

TEST_F(Registry, listsADeferredUntilItHasFired) {
  auto [deferred, resolver] = makeDeferred<int>();
  const unsigned line = here() - 1;
  ASSERT_EQ(registry::pending().size(), 1u);
  EXPECT_EQ(registry::pending()[0].made.line(), line);

  resolver.callback(1);

  EXPECT_TRUE(registry::pending().empty());
}

TEST_F(Registry, forgetsADeferredThatWasCancelledThoughItsResolverIsStillThere) {
  auto [deferred, resolver] = makeDeferred<int>();
  auto end = std::move(deferred).addErrback([](const Failure&) { return 0; });

  end.cancel();

  EXPECT_TRUE(registry::pending().empty());
}

TEST_F(Registry, forgetsADeferredThatWasAbandoned) {
  auto end = makeDeferred<int>().deferred.addErrback([](const Failure&) { return 0; });

  EXPECT_TRUE(registry::pending().empty());
}

TEST_F(Registry, listsOneWithACanceller) {
  auto [deferred, resolver] = makeDeferred<int>([] {});

  EXPECT_EQ(registry::pending().size(), 1u);
  resolver.callback(1);
  EXPECT_TRUE(registry::pending().empty());
}

TEST_F(Registry, listsTheOldestFirst) {
  FakeClock clock;
  auto gone = std::make_unique<DeferredPair<int>>(makeDeferred<int>());
  auto first = makeDeferred<int>();
  const unsigned line = here() - 1;
  gone->resolver.callback(1);
  gone.reset();
  clock.advance(1s);
  auto second = makeDeferred<int>();

  const auto pending = registry::pending();
  ASSERT_EQ(pending.size(), 2u);
  EXPECT_EQ(pending[0].made.line(), line);
  EXPECT_EQ(pending[1].made.line(), line + 5);
  first.resolver.callback(1);
  second.resolver.callback(1);
}

TEST_F(Registry, listsAsManyAsThereAre) {
  std::vector<DeferredPair<int>> pairs;
  for (int i = 0; i < 1000; ++i) pairs.push_back(makeDeferred<int>());
  EXPECT_EQ(registry::pending().size(), 1000u);
  for (int i = 0; i < 1000; i += 2) pairs[static_cast<std::size_t>(i)].resolver.callback(i);
  EXPECT_EQ(registry::pending().size(), 500u);
  for (int i = 0; i < 250; ++i) pairs.push_back(makeDeferred<int>());
  EXPECT_EQ(registry::pending().size(), 750u);
  for (auto& pair : pairs)
    if (pair.deferred.state() == DeferredState::pending) pair.resolver.callback(0);
  EXPECT_TRUE(registry::pending().empty());
}

TEST_F(Registry, forgetsWhatIsAbandonedInsideAHandlerAtOnce) {
  auto outer = makeDeferred<int>();
  auto inner = makeDeferred<int>();
  auto lost = std::move(inner.deferred).addErrback([](const Failure&) { return 0; });
  std::size_t pending = 99;
  auto end = std::move(outer.deferred).addCallback([&](int) {
    {
      const Resolver<int> dropped = std::move(inner.resolver);
    }
    pending = registry::pending().size();
  });

  outer.resolver.callback(1);

  EXPECT_EQ(pending, 0u);
  EXPECT_TRUE(registry::pending().empty());
}

// The main thread's ends before the objects of namespace scope, any thread's before what a
// destructor of a thread_local object drops.
TEST(RegistryOfAThread, mayEndBeforeItsDeferreds) {
  struct Late {
    std::optional<DeferredPair<int>> pair;
    int* result = nullptr;
    Late() = default;
    Late(const Late&) = delete;
    Late& operator=(const Late&) = delete;
    ~Late() {
      pair->resolver.callback(7);
      auto end = std::move(pair->deferred).addCallback([this](int x) { *result = x; });
      auto after = makeDeferred<int>();
      after.resolver.callback(1);
    }
  };
  int result = 0;
  std::thread([&] {
    static thread_local Late late;
    late.result = &result;
    registry::enable();
    late.pair.emplace(makeDeferred<int>());
  }).join();
  EXPECT_EQ(result, 7);
}

TEST_F(Registry, tellsInWhichTurnADeferredWasMade) {
  FakeClock clock;
  clock.advance(5s);
  auto [deferred, resolver] = makeDeferred<int>();
  clock.advance(2s);

  EXPECT_EQ(registry::pending().at(0).since, clock.now().time_since_epoch() - 2s);
  resolver.callback(1);
}

TEST_F(Registry, tellsWhichHandlersWait) {
  auto [deferred, resolver] = makeDeferred<int>();
  const unsigned line = here() + 1;
  auto end = std::move(deferred).addCallback([](int x) { return x; });
  end.addErrback([](const Failure&) { return 0; });

  const auto waiting = registry::pending().at(0).waiting;
  ASSERT_EQ(waiting.size(), 2u);
  EXPECT_EQ(waiting[0].kind, Waiting::Kind::handler);
  EXPECT_EQ(waiting[0].where.line(), line);
  EXPECT_EQ(waiting[1].where.line(), line + 1);
  resolver.callback(1);
}

TEST_F(Registry, tellsWhichCoroutineWaits) {
  auto [deferred, resolver] = makeDeferred<int>();
  auto end = awaiting(awaiting(std::move(deferred)));

  const auto waiting = registry::pending().at(0).waiting;
  ASSERT_EQ(waiting.size(), 2u);
  EXPECT_EQ(waiting[0].kind, Waiting::Kind::coroutine);
  EXPECT_EQ(waiting[1].kind, Waiting::Kind::coroutine);
  resolver.callback(1);
}

TEST_F(Registry, goesOnFromADeferredToTheHandlerThatReturnedIt) {
  auto outer = makeDeferred<int>();
  auto inner = makeDeferred<int>();
  const unsigned line = here() + 1;
  auto end = std::move(outer.deferred).addCallback([&](int) { return std::move(inner.deferred); });
  end.addCallback([](int x) { return x; });
  outer.resolver.callback(1);

  const auto waiting = registry::pending().at(0).waiting;
  ASSERT_EQ(waiting.size(), 2u);
  EXPECT_EQ(waiting[0].where.line(), line);
  EXPECT_EQ(waiting[1].where.line(), line + 1);
  inner.resolver.callback(1);
}

TEST_F(Registry, endsAtAListThatHasFired) {
  auto [first, fireFirst] = makeDeferred<int>();
  auto [second, fireSecond] = makeDeferred<int>();
  std::vector<Deferred<int>> members;
  members.push_back(std::move(first));
  members.push_back(std::move(second));
  {
    auto end = deferredList(std::move(members), fireOnOneErrback | consumeErrors)
                   .addCallback([](const std::vector<Result<int>>&) { return 1; });
    fireFirst.errback(CancelledError());
    end.addErrback([](const Failure&) { return 2; });
  }
  ASSERT_EQ(registry::pending().size(), 1u);
  EXPECT_TRUE(registry::pending()[0].waiting.empty());
  fireSecond.callback(1);
}

TEST_F(Registry, goesOnThroughLists) {
  auto [deferred, resolver] = makeDeferred<int>();
  std::vector<Deferred<int>> members;
  members.push_back(std::move(deferred));
  auto end = awaiting(
      gather(std::move(members)).addCallback([](std::vector<int> all) { return all.at(0); }));

  bool coroutineWaits = false;
  for (const auto& pending : registry::pending())
    if (pending.made.line() < here() && !pending.waiting.empty())
      coroutineWaits |= pending.waiting.back().kind == Waiting::Kind::coroutine;
  EXPECT_TRUE(coroutineWaits);
  resolver.callback(1);
}

TEST_F(Registry, listsWhoWaitsForALock) {
  DeferredLock lock;
  auto first = lock.acquire();
  auto second = lock.acquire();
  const unsigned line = here() - 1;

  ASSERT_EQ(registry::pending().size(), 1u);
  EXPECT_EQ(registry::pending()[0].made.line(), line);
  lock.release();
  EXPECT_TRUE(registry::pending().empty());
  lock.release();
}

TEST_F(Registry, listsADroppedChainThatGoesOn) {
  auto [deferred, resolver] = makeDeferred<int>();
  {
    auto dropped = std::move(deferred).addCallback([](int) {});
  }

  EXPECT_EQ(registry::pending().size(), 1u);
  resolver.callback(1);
  EXPECT_TRUE(registry::pending().empty());
}

TEST_F(Registry, listsOnlyWhatWasMadeWhileItWasEnabled) {
  registry::enable(false);
  auto before = makeDeferred<int>();
  registry::enable();
  auto during = makeDeferred<int>();
  registry::enable(false);
  auto after = makeDeferred<int>();

  EXPECT_EQ(registry::pending().size(), 1u);
  for (auto* each : {&before, &during, &after}) each->resolver.callback(1);
  EXPECT_TRUE(registry::pending().empty());
}

TEST_F(Registry, groupsByPlaceInItsText) {
  FakeClock clock;
  std::vector<Resolver<int>> resolvers;
  for (int i = 0; i < 3; ++i) {
    auto [deferred, resolver] = makeDeferred<int>();
    resolvers.push_back(std::move(resolver));
    std::move(deferred).addCallback([](int) {});
  }
  auto [lonely, last] = makeDeferred<int>();
  clock.advance(1500ms);

  const std::string text = registry::toText();
  EXPECT_TRUE(text.starts_with("4 pending Deferreds\n3 made at ")) << text;
  EXPECT_NE(text.find(", for up to 1.5 s\n     3 x the handler at "), std::string::npos) << text;
  EXPECT_NE(text.find("     1 x nobody waits\n"), std::string::npos) << text;
  for (auto& resolver : resolvers) resolver.callback(1);
  last.callback(1);
  EXPECT_EQ(registry::toText(), "0 pending Deferreds\n");
}

TEST_F(Registry, saysTheSameInJson) {
  FakeClock clock;
  auto [deferred, resolver] = makeDeferred<int>();
  const unsigned line = here() - 1;
  auto end = std::move(deferred).addCallback([](int x) { return x; });
  clock.advance(2s);

  const std::string file = __FILE__;
  const std::string json = registry::toJson();
  EXPECT_TRUE(json.starts_with("[{\"file\":\"" + file + "\",\"line\":" + std::to_string(line)))
      << json;
  EXPECT_NE(json.find("\"count\":1,\"oldestSeconds\":2.000000000,\"waiting\":[{\"count\":1,\"by\":"
                      "[{\"kind\":\"handler\",\"file\":\"" +
                      file + "\",\"line\":" + std::to_string(line + 2) + "}]}]}]"),
            std::string::npos)
      << json;
  resolver.callback(1);
  EXPECT_EQ(registry::toJson(), "[]");
}

TEST_F(Registry, beginsItsTextWithThePlaceOfMostAndThenGoesByPlace) {
  std::vector<DeferredPair<int>> pairs;
  const unsigned line = here();
  pairs.push_back(makeDeferred<int>());
  pairs.push_back(makeDeferred<int>());
  for (int i = 0; i < 2; ++i) pairs.push_back(makeDeferred<int>());

  const std::string text = registry::toText();
  const auto placeOf = [&](unsigned number) {
    return text.find(__FILE__ + (":" + std::to_string(number)) + ",");
  };
  EXPECT_LT(placeOf(line + 3), placeOf(line + 1)) << text;
  EXPECT_LT(placeOf(line + 1), placeOf(line + 2)) << text;
  for (auto& pair : pairs) pair.resolver.callback(1);
}

TEST(PendingOf, tellsWhatADeferredWaitsForThoughTheRegistryIsNotEnabled) {
  auto [deferred, resolver] = makeDeferred<int>();
  const unsigned line = here() - 1;
  auto end = awaiting(std::move(deferred).addCallback([](int x) { return x; }));

  const auto pending = registry::pendingOf(end);
  ASSERT_TRUE(pending);
  EXPECT_EQ(pending->made.line(), line);
  EXPECT_FALSE(pending->since);
  EXPECT_EQ(pending->waiting.size(), 2u);

  resolver.callback(1);
  EXPECT_FALSE(registry::pendingOf(end));
  EXPECT_FALSE(registry::pendingOf(succeed(1)));
}

// Behind this, __FILE__ is another.
#line 7 "a \"name\" with a \\ and a \t.cpp"
TEST_F(Registry, escapesNamesInJson) {
  auto [deferred, resolver] = makeDeferred<int>();
  const std::string json = registry::toJson();
  EXPECT_TRUE(json.starts_with(R"([{"file":"a \"name\" with a \\ and a \u0009.cpp","line":8,)"))
      << json;
  resolver.callback(1);
}

}  // namespace
}  // namespace hawser
