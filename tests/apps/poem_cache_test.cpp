#include <poetry/poem_cache.h>

#include <hawser/defer/errors.h>
#include <hawser/testing/fake_clock.h>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace poetry {
namespace {

using namespace hawser;
using namespace std::chrono_literals;

/// A cache whose fetches the test answers, and the answers that its clients got.
class PoemCacheTest : public ::testing::Test {
 protected:
  void ask() {
    cache->get().addBoth([this](Result<std::string> poem) {
      answers.push_back(poem ? *poem : "failed: " + poem.failure().getErrorMessage());
    });
  }

  void answer(std::string poem) { std::exchange(upstream, {}).callback(std::move(poem)); }
  void breakDown() { std::exchange(upstream, {}).errback(std::runtime_error("upstream is down")); }

  hawser::testing::FakeClock clock;
  int fetches = 0;
  Resolver<std::string> upstream;
  std::vector<std::string> answers;
  std::unique_ptr<PoemCache> cache = std::make_unique<PoemCache>(clock, 2h, [this] {
    ++fetches;
    auto [poem, resolver] = makeDeferred<std::string>();
    upstream = std::move(resolver);
    return std::move(poem);
  });
};

using Answers = std::vector<std::string>;

TEST_F(PoemCacheTest, fetchesNothingUntilSomebodyAsks) { EXPECT_EQ(fetches, 0); }

TEST_F(PoemCacheTest, servesTheSecondFromTheCacheAtOnce) {
  ask();
  EXPECT_EQ(answers, Answers());
  answer("a poem");
  ask();
  EXPECT_EQ(answers, (Answers{"a poem", "a poem"}));
  EXPECT_EQ(fetches, 1);
}

TEST_F(PoemCacheTest, fetchesAgainWhenThePoemIsTooOld) {
  ask();
  clock.advance(1h);
  answer("old");  // its age counts from here
  clock.advance(2h - 1ns);
  ask();
  EXPECT_EQ(fetches, 1);
  clock.advance(1ns);
  ask();
  EXPECT_EQ(fetches, 2);
  answer("new");
  EXPECT_EQ(answers, (Answers{"old", "old", "new"}));
}

TEST_F(PoemCacheTest, keepsNothingIfTheTimeToLiveIsZero) {
  cache = std::make_unique<PoemCache>(clock, 0s, [this] {
    ++fetches;
    return succeed(std::string("a poem"));
  });
  ask();
  ask();
  EXPECT_EQ(answers, (Answers{"a poem", "a poem"}));
  EXPECT_EQ(fetches, 2);
}

TEST_F(PoemCacheTest, fetchesOnceForAllWhoWait) {
  for (int i = 0; i < 200; ++i) ask();
  EXPECT_EQ(fetches, 1);
  EXPECT_EQ(cache->waiting(), 200u);
  answer("a poem");
  EXPECT_EQ(answers, Answers(200, "a poem"));
  EXPECT_EQ(cache->waiting(), 0u);
}

TEST_F(PoemCacheTest, tellsAFailureToAllWhoWaitAndDoesNotKeepIt) {
  ask();
  ask();
  breakDown();
  EXPECT_EQ(answers, Answers(2, "failed: upstream is down"));
  ask();
  EXPECT_EQ(fetches, 2);
  answer("a poem");
  EXPECT_EQ(answers.back(), "a poem");
}

TEST_F(PoemCacheTest, letsOneGoWithoutDisturbingTheOthers) {
  ask();
  Deferred<std::string> impatient = cache->get().addErrback([this](const CancelledError&) {
    answers.push_back("went away");
    return std::string();
  });
  ask();
  impatient.cancel();
  EXPECT_EQ(answers, (Answers{"went away"}));
  answer("a poem");
  EXPECT_EQ(answers, (Answers{"went away", "a poem", "a poem"}));
  EXPECT_EQ(fetches, 1);
}

TEST_F(PoemCacheTest, answersThoseWhoWaitEvenIfItIsGoneByThen) {
  ask();
  cache = nullptr;
  answer("a poem");
  EXPECT_EQ(answers, (Answers{"a poem"}));
}

}  // namespace
}  // namespace poetry
