#include <hawser/testing/clean_test.h>

#include <hawser/net/tcp.h>

#include "testing/talker.h"

#include <gtest/gtest-spi.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace hawser::testing {
namespace {

using namespace std::chrono_literals;

/// A test of a fixture, made and run by hand.
template <class Fixture>
struct Trial final : Fixture {
  void TestBody() override { body(*this); }
  using Fixture::TearDown;
  std::function<void(Trial&)> body;
};
struct ClockTrial final : CleanClockTest {
  void TestBody() override {}
  FakeClock& theClock() { return clock; }
};
struct SimulatedTrial final : SimulatedTest {
  void TestBody() override {}
  Reactor& theReactor() { return reactor; }
};

/// What fails while `f` runs.
std::string failuresOf(const std::function<void()>& f) {
  ::testing::TestPartResultArray results;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    f();
  }
  std::string text;
  for (int i = 0; i < results.size(); ++i) text += results.GetTestPartResult(i).message();
  return text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(CleanTest, passesATestThatLeavesNothing) {
  EXPECT_EQ(failuresOf([] { Trial<CleanTest>(); }), "");
  EXPECT_EQ(failuresOf([] { ClockTrial(); }), "");
  EXPECT_EQ(failuresOf([] { Trial<CleanReactorTest>(); }), "");
  EXPECT_EQ(failuresOf([] { SimulatedTrial(); }), "");
}

TEST(CleanTest, failsATestThatLeavesALoggedError) {
  const std::string failures = failuresOf([] {
    Trial<CleanTest> trial;
    logging::err(std::out_of_range("too far"));
  });
  EXPECT_TRUE(contains(failures, "an error was logged, and not flushed: std::out_of_range"));
}

TEST(CleanTest, failsATestThatLeavesADeferredThatWaits) {
  Resolver<int> kept;
  const std::string failures = failuresOf([&] {
    Trial<CleanTest> trial;
    kept = makeDeferred<int>().resolver;
  });
  EXPECT_TRUE(contains(failures, "a Deferred waits still; it was made at")) << failures;
  kept.callback(1);
}

TEST(CleanTest, failsATestThatLeavesADescriptor) {
  int kept = -1;
  const std::string failures = failuresOf([&] {
    Trial<CleanTest> trial;
    kept = ::dup(0);
  });
  EXPECT_TRUE(contains(failures, "is open still"));
  ::close(kept);
}

TEST(CleanTest, failsATestThatLeavesATimer) {
  const std::string failures = failuresOf([&] {
    ClockTrial trial;
    trial.theClock().callLater(3s, [] {});
  });
  EXPECT_TRUE(contains(failures, "clean_test_test.cpp:")) << failures;
  EXPECT_TRUE(contains(failures, "a timed call is pending still")) << failures;
}

TEST(CleanTest, failsATestThatLeavesAChannel) {
  std::shared_ptr<Port> port;
  const std::string failures = failuresOf([&] {
    SimulatedTrial trial;
    port = listenTCP(trial.theReactor(), 10000, std::make_shared<Talkers>());
  });
  EXPECT_TRUE(contains(failures, "tcp:0.0.0.0:10000 listens")) << failures;
}

TEST(CleanTest, canBeHadForEveryTestOfAProgram) {
  CleanListener listener;
  const ::testing::TestInfo& test = *::testing::UnitTest::GetInstance()->current_test_info();
  listener.OnTestStart(test);
  EXPECT_EQ(failuresOf([&] { listener.OnTestEnd(test); }), "");
  listener.OnTestStart(test);
  logging::error("oops");
  EXPECT_TRUE(contains(failuresOf([&] { listener.OnTestEnd(test); }), "oops"));
}

}  // namespace
}  // namespace hawser::testing
