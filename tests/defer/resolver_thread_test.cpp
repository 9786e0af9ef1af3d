#include <hawser/defer/deferred.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace hawser {
namespace {

std::string place(unsigned line) {
  const std::string file = __FILE__;
  return file.substr(file.rfind('/') + 1) + ":" + std::to_string(line);
}

class ForeignThreadDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(ForeignThreadDeathTest, endsTheProgramWhenItFires) {
  const unsigned made = __LINE__ + 1;
  auto pair = makeDeferred<int>();
  const unsigned fired = __LINE__ + 1;
  const auto fire = [&] { pair.resolver.callback(1); };
  EXPECT_DEATH(std::thread(fire).join(),
               place(made) + " was fired on another thread, at .*" + place(fired));
  pair.resolver.callback(1);
}

TEST_F(ForeignThreadDeathTest, endsTheProgramWhenItFails) {
  auto pair = makeDeferred<int>();
  const unsigned fired = __LINE__ + 1;
  const auto fire = [&] { pair.resolver.errback(Oops()); };
  EXPECT_DEATH(std::thread(fire).join(), "was fired on another thread, at .*" + place(fired));
  pair.resolver.callback(1);
}

TEST_F(ForeignThreadDeathTest, endsTheProgramWhenItDestroysAnUnfiredResolver) {
  const unsigned made = __LINE__ + 1;
  auto pair = makeDeferred<int>();
  const auto destroy = [&] { const Resolver<int> gone = std::move(pair.resolver); };
  EXPECT_DEATH(std::thread(destroy).join(), place(made) + " was destroyed on another thread");
  pair.resolver.callback(1);
}

TEST(Threads, haveChainsOfTheirOwn) {
  std::string there;
  std::thread([&] {
    auto [deferred, resolver] = makeDeferred<int>();
    Deferred<int> chain = std::move(deferred).addCallback([](int value) { return value + 1; });
    resolver.callback(1);
    there = outcome(chain);
  }).join();
  EXPECT_EQ(there, "2");
}

TEST(Threads, mayHoldAResolverAndGiveItBack) {
  auto pair = makeDeferred<int>();
  Resolver<int> back;
  std::thread([&] { back = std::move(pair.resolver); }).join();
  back.callback(1);
  EXPECT_EQ(outcome(pair.deferred), "1");
}

TEST(Threads, abandonWhatTheyLeaveBehindAtTheirEnd) {
  // A resolver that lives as long as its thread: the errbacks run there.
  static int delivered;
  delivered = 0;
  std::thread([] {
    thread_local std::unique_ptr<Resolver<int>> kept;
    auto [deferred, resolver] = makeDeferred<int>();
    std::move(deferred).addErrback([](const AbandonedError&) { ++delivered; });
    kept = std::make_unique<Resolver<int>>(std::move(resolver));
  }).join();
  EXPECT_EQ(delivered, 1);
}

TEST(Threads, shareFailures) {
  const Failure failure{Oops()};
  std::string there;
  std::thread([&there, copy = failure]() mutable {
    copy.addSite(detail::SiteKind::passed, std::source_location::current());
    there = copy.getErrorMessage();
  }).join();
  EXPECT_EQ(there, "oops");
  EXPECT_EQ(failure.getTraceback().find("passed"), std::string::npos);
}

}  // namespace
}  // namespace hawser
