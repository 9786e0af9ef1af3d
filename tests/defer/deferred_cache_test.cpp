#include <hawser/defer/deferred_cache.h>

#include <hawser/testing/fake_clock.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;
using Cache = DeferredCache<std::string, std::string>;

/// A cache whose fetches the test answers, and what those who asked it heard.
class DeferredCacheTest : public ::testing::Test {
 protected:
  Cache::Fetch fetch() {
    return [this](const std::string& key) {
      fetched.push_back(key);
      auto [deferred, resolver] =
          makeDeferred<std::string>([this, key] { cancelledOnes.push_back(key); });
      pending[key] = std::move(resolver);
      return std::move(deferred);
    };
  }
  Deferred<void> ask(const std::string& key) {
    return cache->get(key).addBoth(
        [this](const Result<std::string>& result) { heard.push_back(textOf(result)); });
  }
  void answer(const std::string& key, const std::string& value) {
    std::exchange(pending[key], {}).callback(value);
  }
  void have(const std::string& key) {
    ask(key);
    answer(key, key);
    heard.clear();
  }

  testing::FakeClock clock;
  Names fetched, cancelledOnes, heard;
  std::map<std::string, Resolver<std::string>> pending;
  std::optional<Cache> cache{std::in_place, clock, CacheLimits{.timeToLive = 2h, .maxEntries = 3},
                             fetch()};
};

TEST_F(DeferredCacheTest, fetchesNothingUntilSomebodyAsks) { EXPECT_TRUE(fetched.empty()); }

TEST_F(DeferredCacheTest, neverAsksTwiceForWhatItHas) {
  ask("a");
  EXPECT_TRUE(heard.empty());
  answer("a", "A");
  ask("a");
  EXPECT_EQ(heard, (Names{"A", "A"}));
  EXPECT_EQ(fetched, (Names{"a"}));
}

TEST_F(DeferredCacheTest, fetchesOnceForAllWhoAskMeanwhile) {
  for (int i = 0; i < 200; ++i) ask("a");
  EXPECT_EQ(cache->waiting("a"), 200u);
  EXPECT_EQ(fetched, (Names{"a"}));
  answer("a", "A");
  EXPECT_EQ(heard, Names(200, "A"));
  EXPECT_EQ(cache->waiting("a"), 0u);
}

TEST_F(DeferredCacheTest, givesEachACopyOfHisOwn) {
  cache->get("a").addCallback([](std::string text) { return text += " torn to pieces"; });
  ask("a");
  answer("a", "A");
  ask("a");
  EXPECT_EQ(heard, (Names{"A", "A"}));
}

TEST_F(DeferredCacheTest, fetchesAgainWhatIsTooOldCountedFromItsArrival) {
  ask("a");
  clock.advance(1h);
  answer("a", "old");
  clock.advance(2h - 1ns);
  ask("a");
  EXPECT_EQ(fetched.size(), 1u);
  clock.advance(1ns);
  ask("a");
  EXPECT_EQ(fetched.size(), 2u);
  answer("a", "new");
  EXPECT_EQ(heard, (Names{"old", "old", "new"}));
}

TEST_F(DeferredCacheTest, tellsAFailureToAllWhoWaitAndDoesNotKeepIt) {
  ask("a");
  ask("a");
  std::exchange(pending["a"], {}).errback(Oops());
  EXPECT_EQ(heard, Names(2, "!Oops: oops"));
  ask("a");
  EXPECT_EQ(fetched.size(), 2u);
  answer("a", "A");
}

TEST_F(DeferredCacheTest, doesNotServeWhatIsTooOldInsteadOfAFailure) {
  have("a");
  clock.advance(3h);
  ask("a");
  std::exchange(pending["a"], {}).errback(Oops());
  EXPECT_EQ(heard, (Names{"!Oops: oops"}));
  EXPECT_EQ(cache->size(), 0u);
}

TEST_F(DeferredCacheTest, makesAFailureOfWhatFetchingThrows) {
  cache.emplace(clock, CacheLimits{.timeToLive = 2h},
                [](const std::string&) -> Deferred<std::string> { throw Oops(); });
  ask("a");
  EXPECT_EQ(heard, (Names{"!Oops: oops"}));
}

TEST_F(DeferredCacheTest, givesUpWhatWasNotAskedForForTheLongestTimeWhenItIsFull) {
  for (const char* key : {"a", "b", "c"}) have(key);
  ask("a");
  have("d");
  EXPECT_EQ(cache->size(), 3u);
  fetched.clear();
  for (const char* key : {"a", "c", "d"}) ask(key);
  EXPECT_TRUE(fetched.empty());
  ask("b");
  EXPECT_EQ(fetched, (Names{"b"}));
  answer("b", "B");
}

TEST_F(DeferredCacheTest, keepsNothingIfTheTimeToLiveOrTheRoomIsZero) {
  for (const CacheLimits limits :
       {CacheLimits{.timeToLive = 0s}, CacheLimits{.timeToLive = 2h, .maxEntries = 0}}) {
    fetched.clear();
    cache.emplace(clock, limits, fetch());
    have("a");
    have("a");
    EXPECT_EQ(fetched.size(), 2u);
    EXPECT_EQ(cache->size(), 0u);
  }
}

TEST_F(DeferredCacheTest, refusesWhatCannotWork) {
  EXPECT_THROW(Cache(clock, {.timeToLive = -1s}, fetch()), std::invalid_argument);
  EXPECT_THROW(Cache(clock, {.timeToLive = 1s}, nullptr), std::invalid_argument);
}

TEST_F(DeferredCacheTest, forgetsWhatItHasAndWhatIsOnItsWay) {
  have("a");
  cache->forget("a");
  ask("a");
  EXPECT_EQ(fetched.size(), 2u);
  cache->forget("a");
  answer("a", "for those who wait");
  EXPECT_EQ(heard, (Names{"for those who wait"}));
  ask("a");
  EXPECT_EQ(fetched.size(), 3u);
  answer("a", "A");
  EXPECT_EQ(heard.back(), "A");
  cache->forget("never heard of");
}

TEST_F(DeferredCacheTest, finishesTheFetchEvenIfNobodyWaitsAnyMore) {
  ask("a").cancel();
  EXPECT_TRUE(cancelledOnes.empty());
  answer("a", "A");
  ask("a");
  EXPECT_EQ(heard.back(), "A");
  EXPECT_EQ(fetched.size(), 1u);
}

TEST_F(DeferredCacheTest, cancelsTheFetchWhenNobodyWaitsAnyMoreIfItShould) {
  cache.emplace(clock, CacheLimits{.timeToLive = 2h}, fetch(), WhenUnwanted::cancel);
  ask("a").cancel();
  EXPECT_EQ(cancelledOnes, (Names{"a"}));
}

TEST_F(DeferredCacheTest, hasTheValueWhenThoseWhoWaitedAreTold) {
  cache->get("a").addCallback([this](const std::string&) { ask("a"); });
  answer("a", "A");
  EXPECT_EQ(heard, (Names{"A"}));
  EXPECT_EQ(fetched.size(), 1u);
}

TEST_F(DeferredCacheTest, mayBeDestroyedByWhoeverItAnswers) {
  cache->get("a").addCallback([this](const std::string&) { cache.reset(); });
  ask("a");
  answer("a", "A");
  EXPECT_EQ(heard, (Names{"A"}));
}

TEST_F(DeferredCacheTest, servesThoseWhoWaitWhenItIsDestroyed) {
  ask("a");
  cache.reset();
  answer("a", "A");
  EXPECT_EQ(heard, (Names{"A"}));
}

}  // namespace
}  // namespace hawser
