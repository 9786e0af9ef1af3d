#include <hawser/testing/deferred_matchers.h>

#include <hawser/base/logging.h>
#include <hawser/testing/logged_errors.h>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace hawser::testing {
namespace {

/// What a helper says when it fails, or "" if it does not.
template <class F>
std::string complaintOf(F f) {
  try {
    f();
  } catch (const TestFailure& failure) {
    return failure.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class DeferredMatchers : public ::testing::Test {
 protected:
  ~DeferredMatchers() override { EXPECT_EQ(errors.count(), 0u) << "was logged as unhandled"; }
  LoggedErrors errors;
};

TEST_F(DeferredMatchers, giveTheValueOfADeferredThatHasOne) {
  EXPECT_EQ(successResultOf(succeed(5)), 5);
  EXPECT_EQ(*successResultOf(succeed(std::make_unique<int>(7))), 7);
  successResultOf(succeed());
  auto [deferred, resolver] = makeDeferred<std::string>();
  auto longer = std::move(deferred).addCallback([](std::string text) { return text + "!"; });
  resolver.callback("hello");
  EXPECT_EQ(successResultOf(std::move(longer)), "hello!");
}

TEST_F(DeferredMatchers, giveTheFailureOfADeferredThatHasOne) {
  const Failure failure = failureResultOf(fail<int>(std::out_of_range("too far")));
  EXPECT_EQ(failure.getErrorMessage(), "too far");
  failureResultOf<std::out_of_range>(fail<void>(std::out_of_range("")));
  failureResultOf<std::bad_alloc, std::logic_error>(fail<int>(std::out_of_range("")));
}

TEST_F(DeferredMatchers, sayThatThereIsNoResultAndWhatIsWaitedFor) {
  auto [deferred, resolver] = makeDeferred<int>();
  assertNoResult(deferred);
  const std::string complaint = complaintOf([&] { successResultOf(std::move(deferred)); });
  EXPECT_TRUE(contains(complaint, "deferred_matchers_test.cpp:")) << complaint;
  EXPECT_TRUE(contains(complaint, "it has no result; it waits for the one made at")) << complaint;
  auto [other, otherResolver] = makeDeferred<int>();
  EXPECT_TRUE(contains(complaintOf([&] { failureResultOf(std::move(other)); }), "no result"));
  resolver.callback(1);
  otherResolver.callback(1);
}

TEST_F(DeferredMatchers, sayThatItWasTheOtherKind) {
  const std::string complaint =
      complaintOf([] { successResultOf(fail<int>(std::out_of_range("too far"))); });
  EXPECT_TRUE(contains(complaint, "failed with std::out_of_range: too far")) << complaint;
  EXPECT_TRUE(contains(complaintOf([] { failureResultOf(succeed(1)); }), "it has a value"));
}

TEST_F(DeferredMatchers, sayThatItWasAnotherFailure) {
  const std::string complaint = complaintOf([] {
    failureResultOf<std::bad_alloc, std::domain_error>(fail<int>(std::out_of_range("too far")));
  });
  EXPECT_TRUE(contains(complaint, "std::out_of_range: too far")) << complaint;
  EXPECT_TRUE(contains(complaint, "expected was std::bad_alloc or std::domain_error"));
}

TEST_F(DeferredMatchers, assertThatThereIsNoResultWithoutUsingItUp) {
  auto [deferred, resolver] = makeDeferred<int>();
  assertNoResult(deferred);
  resolver.callback(3);
  EXPECT_TRUE(contains(complaintOf([&] { assertNoResult(deferred); }), "it has a value"));
  EXPECT_EQ(successResultOf(std::move(deferred)), 3);
  auto failed = fail<int>(std::out_of_range("too far"));
  EXPECT_TRUE(contains(complaintOf([&] { assertNoResult(failed); }), "too far"));
  failureResultOf(std::move(failed));
}

TEST_F(DeferredMatchers, sayThatItIsPausedOrEmpty) {
  auto deferred = succeed(1);
  deferred.pause();
  assertNoResult(deferred);
  EXPECT_TRUE(contains(complaintOf([&] { successResultOf(std::move(deferred)); }), "it is paused"));
  EXPECT_TRUE(contains(complaintOf([&] { successResultOf(std::move(deferred)); }), "moved from"));
}

}  // namespace
}  // namespace hawser::testing
