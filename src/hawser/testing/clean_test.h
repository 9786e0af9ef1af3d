#pragma once

#include <hawser/reactor/reactor.h>
#include <hawser/testing/fake_clock.h>
#include <hawser/testing/leftovers.h>
#include <hawser/testing/simulated_network.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// For GoogleTest, which whoever includes this has: fixtures, and a listener, under which a test
// fails that leaves something behind.

namespace hawser::testing {

namespace detail {

inline void failFor(const std::vector<std::string>& leftovers) {
  for (const std::string& sentence : leftovers) ADD_FAILURE() << sentence;
}

}  // namespace detail

/// A test that must leave no logged error, no Deferred that waits, and no open descriptor.
///
/// It looks when everything in the fixtures derived from it is gone. A test that expects an error
/// takes it with `flushLoggedErrors`.
class CleanTest : public ::testing::Test {
 protected:
  ~CleanTest() override { detail::failFor(leftovers_.find()); }

 private:
  Leftovers leftovers_;
};

/// The same for a test with a FakeClock, on which no call may be left.
class CleanClockTest : public CleanTest {
 protected:
  ~CleanClockTest() override { detail::failFor(timersLeftIn(clock)); }

  FakeClock clock;
};

/// The same for a test with a Reactor: the real one, which talks to the kernel.
class CleanReactorTest : public CleanTest {
 protected:
  ~CleanReactorTest() override { detail::failFor(timersLeftIn(reactor)); }

  Reactor reactor;
};

/// The same for a test with a Reactor on a SimulatedNetwork, in which no channel may be left.
class SimulatedTest : public CleanTest {
 protected:
  explicit SimulatedTest(std::uint64_t seed = 1) : network(seed) {}
  ~SimulatedTest() override {
    detail::failFor(timersLeftIn(reactor));
    if (network.channels() > 0)
      ADD_FAILURE() << "these channels are open still (seed " << network.seed() << "):\n"
                    << network.describeChannels();
  }

  SimulatedNetwork network;
  Reactor reactor{network.makeBackend()};
};

/// What CleanTest does, for every test of a program, whatever its fixture:
///
///     ::testing::UnitTest::GetInstance()->listeners().Append(new hawser::testing::CleanListener);
class CleanListener : public ::testing::EmptyTestEventListener {
 public:
  void OnTestStart(const ::testing::TestInfo&) override { leftovers_.emplace(); }
  void OnTestEnd(const ::testing::TestInfo&) override {
    detail::failFor(leftovers_->find());
    leftovers_.reset();
  }

 private:
  std::optional<Leftovers> leftovers_;
};

}  // namespace hawser::testing
