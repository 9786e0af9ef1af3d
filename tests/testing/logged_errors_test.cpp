#include <hawser/testing/logged_errors.h>

#include <hawser/defer/deferred.h>

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace hawser::testing {
namespace {

TEST(LoggedErrors, areFailuresUnhandledOnesAndMessagesOfThatLevel) {
  LoggedErrors errors;
  logging::err(std::out_of_range("one"));
  static_cast<void>(fail<int>(std::domain_error("two")));
  logging::error("three");
  logging::warn("not this");
  const auto taken = flushLoggedErrors();
  ASSERT_EQ(taken.size(), 3u);
  EXPECT_TRUE(taken[0].check<std::out_of_range>());
  EXPECT_TRUE(taken[1].check<std::domain_error>());
  EXPECT_TRUE(taken[2].check<LoggedMessage>());
  EXPECT_EQ(taken[2].getErrorMessage(), "three");
  EXPECT_TRUE(flushLoggedErrors().empty());
}

TEST(LoggedErrors, canBeTakenByType) {
  LoggedErrors errors;
  logging::err(std::out_of_range("one"));
  logging::err(std::domain_error("two"));
  EXPECT_EQ(flushLoggedErrors<std::domain_error>().size(), 1u);
  EXPECT_EQ(errors.count(), 1u);
  EXPECT_EQ((flushLoggedErrors<std::domain_error, std::out_of_range>().size()), 1u);
}

TEST(LoggedErrors, comeFromAllThreads) {
  LoggedErrors errors;
  std::thread([] { logging::error("elsewhere"); }).join();
  EXPECT_EQ(flushLoggedErrors().size(), 1u);
}

TEST(LoggedErrors, areTakenFromTheInnermostCollector) {
  LoggedErrors outer;
  {
    LoggedErrors inner;
    logging::error("both see it");
    EXPECT_EQ(flushLoggedErrors().size(), 1u);
  }
  EXPECT_EQ(&LoggedErrors::current(), &outer);
  EXPECT_EQ(flushLoggedErrors().size(), 1u);
}

TEST(LoggedErrors, cannotBeFlushedIfNobodyCollects) {
  EXPECT_THROW(flushLoggedErrors(), std::logic_error);
}

}  // namespace
}  // namespace hawser::testing
