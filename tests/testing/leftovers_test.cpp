#include <hawser/testing/leftovers.h>

#include <hawser/defer/deferred.h>
#include <hawser/defer/registry.h>
#include <hawser/reactor/reactor.h>
#include <hawser/testing/fake_clock.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>

namespace hawser::testing {
namespace {

using namespace std::chrono_literals;

void expectOne(const std::vector<std::string>& found, const std::string& sentence) {
  ASSERT_EQ(found.size(), 1u) << (found.empty() ? "" : found.back());
  EXPECT_NE(found[0].find(sentence), std::string::npos) << found[0];
}

TEST(Leftovers, areNoneWhereEverythingIsDone) {
  Leftovers leftovers;
  {
    Reactor reactor;
    auto [deferred, resolver] = makeDeferred<int>();
    reactor.callLater(0s, [&, r = &resolver] { r->callback(1); });
    reactor.iterate(1s);
  }
  EXPECT_EQ(leftovers.find(), std::vector<std::string>());
}

TEST(Leftovers, areErrorsThatWereLogged) {
  Leftovers leftovers;
  logging::err(std::out_of_range("expected"));
  EXPECT_EQ(flushLoggedErrors<std::out_of_range>().size(), 1u);
  EXPECT_TRUE(leftovers.find().empty());
  logging::err(std::out_of_range("too far"));
  expectOne(leftovers.find(), "an error was logged, and not flushed: std::out_of_range: too far");
  EXPECT_TRUE(leftovers.find().empty()) << "it was told";
}

TEST(Leftovers, areDeferredsThatWait) {
  registry::enable();
  auto before = makeDeferred<int>();
  registry::enable(false);
  Leftovers leftovers;
  auto [deferred, resolver] = makeDeferred<int>();
  deferred.addCallback([](int number) { return number; });
  expectOne(leftovers.find(), "a Deferred waits still; it was made at");
  EXPECT_NE(leftovers.find()[0].find("the handler added at"), std::string::npos);
  resolver.callback(1);
  EXPECT_TRUE(leftovers.find().empty());
  before.resolver.callback(1);
}

TEST(Leftovers, areDescriptorsThatAreOpen) {
  Leftovers leftovers;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  expectOne(leftovers.find(), "is open still: pipe:[");
  ::close(ends[1]);
  EXPECT_TRUE(leftovers.find().empty());
  std::optional<Reactor> reactor(std::in_place);
  EXPECT_FALSE(leftovers.find().empty());
  reactor.reset();
  EXPECT_TRUE(leftovers.find().empty());
}

TEST(Leftovers, areTimersOfAClockThatIsAsked) {
  FakeClock clock;
  EXPECT_TRUE(timersLeftIn(clock).empty());
  const auto call = clock.callLater(3s, [] {});
  expectOne(timersLeftIn(clock), "leftovers_test.cpp:");
  expectOne(timersLeftIn(clock), "is due in 3 s");
  Reactor reactor;
  reactor.callLater(1h, [] {});
  expectOne(timersLeftIn(reactor), "a timed call is pending still");
}

TEST(Leftovers, leaveTheRegistryAsItWas) {
  for (const bool before : {true, false}) {
    registry::enable(before);
    {
      const Leftovers leftovers;
    }
    EXPECT_EQ(registry::enabled(), before);
  }
}

}  // namespace
}  // namespace hawser::testing
