#include <hawser/testing/simulated_random.h>

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace hawser::testing {
namespace {

using namespace std::chrono_literals;

TEST(SimulatedRandom, givesTheSameNumbersEverywhere) {
  SimulatedRandom random(42);
  EXPECT_EQ(random.next(), 13679457532755275413u);
  EXPECT_EQ(random.next(), 2949826092126892291u);
}

TEST(SimulatedRandom, choosesBothEndsAndWhatLiesBetween) {
  SimulatedRandom random(1);
  std::set<std::size_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(random.between(std::size_t{3}, std::size_t{6}));
  EXPECT_EQ(seen, (std::set<std::size_t>{3, 4, 5, 6}));
  for (int i = 0; i < 200; ++i) {
    const auto time = random.between(1ms, 2ms);
    EXPECT_GE(time, 1ms);
    EXPECT_LE(time, 2ms);
  }
}

TEST(SimulatedRandom, choosesTheLeastWhereThereIsNoChoice) {
  SimulatedRandom random(1);
  EXPECT_EQ(random.between(std::size_t{7}, std::size_t{7}), 7u);
  EXPECT_EQ(random.between(std::size_t{7}, std::size_t{3}), 7u);
  EXPECT_EQ(random.between(2s, 1s), 2s);
  EXPECT_NO_THROW(random.between(std::size_t{0}, SIZE_MAX));
}

TEST(SimulatedRandom, takesChancesAsOftenAsItIsTold) {
  SimulatedRandom random(1);
  int taken = 0;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(1));
    taken += random.chance(0.25) ? 1 : 0;
  }
  EXPECT_NEAR(taken, 2500, 200);
}

TEST(SimulatedRandom, forksAGeneratorWhoseChoicesAreItsOwn) {
  SimulatedRandom one(1);
  SimulatedRandom other(1);
  SimulatedRandom child = one.fork();
  static_cast<void>(other.fork());
  child.next();
  child.next();
  EXPECT_EQ(one.next(), other.next());
}

}  // namespace
}  // namespace hawser::testing
