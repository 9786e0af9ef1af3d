#include <hawser/defer/maybe_deferred.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace hawser {
namespace {

TEST(MaybeDeferred, makesADeferredOfAValue) {
  EXPECT_EQ(outcome(maybeDeferred([] { return 5; })), "5");
}

TEST(MaybeDeferred, makesADeferredOfNothing) {
  bool ran = false;
  EXPECT_EQ(outcome(maybeDeferred([&] { ran = true; })), "nothing");
  EXPECT_TRUE(ran);
}

TEST(MaybeDeferred, makesAFailureOfAnException) {
  Deferred<int> failed = maybeDeferred([]() -> int { throw Oops(); });
  EXPECT_EQ(outcome(failed), "!Oops: oops");
  consume(std::move(failed));
}

TEST(MaybeDeferred, passesADeferredThrough) {
  auto [wait, resolver] = makeDeferred<int>();
  Deferred<int> same = maybeDeferred([&] { return std::move(wait); });
  EXPECT_EQ(outcome(same), "pending");
  resolver.callback(5);
  EXPECT_EQ(outcome(same), "5");
}

TEST(MaybeDeferred, makesAFailureOfWhatAFunctionThatGivesADeferredThrows) {
  Deferred<int> failed = maybeDeferred([]() -> Deferred<int> { throw Oops(); });
  EXPECT_EQ(outcome(failed), "!Oops: oops");
  consume(std::move(failed));
}

TEST(MaybeDeferred, takesResultsAndFailuresAsWhatTheyAre) {
  EXPECT_EQ(outcome(maybeDeferred([] { return Result<int>(5); })), "5");
  Deferred<int> bad = maybeDeferred([] { return Result<int>(Failure(Oops())); });
  EXPECT_EQ(outcome(bad), "!Oops: oops");
  consume(std::move(bad));
  Deferred<void> worse = maybeDeferred([] { return Failure(Oops()); });
  EXPECT_EQ(outcome(worse), "!Oops: oops");
  consume(std::move(worse));
}

TEST(MaybeDeferred, handsTheArgumentsOn) {
  const auto add = [](std::unique_ptr<int> a, const std::string& b) {
    return *a + static_cast<int>(b.size());
  };
  EXPECT_EQ(outcome(maybeDeferred(add, std::make_unique<int>(1), std::string("four"))), "5");
}

TEST(MaybeDeferred, callsMemberFunctions) {
  const std::string text = "four";
  Deferred<std::string::size_type> size = maybeDeferred(&std::string::size, text);
  ASSERT_NE(size.peekValue(), nullptr);
  EXPECT_EQ(*size.peekValue(), 4u);
}

TEST(MaybeDeferred, copiesWhatIsReturnedByReference) {
  const std::string text = "text";
  EXPECT_EQ(outcome(maybeDeferred([&]() -> const std::string& { return text; })), "text");
}

TEST(Execute, makesADeferredOfAFunctionThatIsNeverAsynchronous) {
  EXPECT_EQ(outcome(execute([](int a, int b) { return a + b; }, 2, 3)), "5");
  Deferred<int> failed = execute([](int) -> int { throw Oops(); }, 1);
  EXPECT_EQ(outcome(failed), "!Oops: oops");
  consume(std::move(failed));
}

}  // namespace
}  // namespace hawser
