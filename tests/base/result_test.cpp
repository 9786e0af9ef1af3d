#include <hawser/base/result.h>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hawser {
namespace {

TEST(Result, holdsAValue) {
  const Result<std::string> result = "text";
  EXPECT_TRUE(result);
  EXPECT_EQ(*result, "text");
  EXPECT_EQ(result->size(), 4u);
  EXPECT_EQ(result.value(), "text");
}

TEST(Result, holdsAFailure) {
  const Result<int> result = Failure(std::runtime_error("why"));
  EXPECT_FALSE(result);
  EXPECT_TRUE(result.failure().check<std::runtime_error>());
}

TEST(Result, ofVoidIsASuccessOrAFailure) {
  const Result<void> good;
  const Result<void> bad = Failure(std::runtime_error("why"));
  EXPECT_TRUE(good);
  EXPECT_NO_THROW(good.value());
  EXPECT_NO_THROW(Result<void>().value());
  EXPECT_FALSE(bad);
  EXPECT_THROW(bad.value(), std::runtime_error);
}

TEST(Result, throwsTheExceptionOfAFailureWhenAskedForItsValue) {
  Result<int> result = Failure(std::runtime_error("why"));
  EXPECT_THROW(static_cast<void>(result.value()), std::runtime_error);
  EXPECT_THROW(static_cast<void>(std::as_const(result).value()), std::runtime_error);
  EXPECT_THROW(static_cast<void>(std::move(result).value()), std::runtime_error);
}

TEST(Result, refusesToGiveTheFailureOfASuccess) {
  Result<int> result = 1;
  EXPECT_STREQ(NotAFailureError().what(), "Result::failure() of a success");
  EXPECT_THROW(static_cast<void>(result.failure()), NotAFailureError);
  EXPECT_THROW(static_cast<void>(std::as_const(result).failure()), NotAFailureError);
  EXPECT_THROW(static_cast<void>(std::move(result).failure()), NotAFailureError);
}

TEST(Result, givesTheValueItselfToBeChangedOrMovedOut) {
  Result<std::string> result = "text";
  result.value() += "!";
  *result += "?";
  EXPECT_EQ(*result, "text!?");
  const std::string moved = *std::move(result);
  EXPECT_EQ(moved, "text!?");
  static_assert(std::is_same_v<decltype(std::declval<Result<int>&>().value()), int&>);
  static_assert(std::is_same_v<decltype(std::declval<const Result<int>&>().value()), const int&>);
  static_assert(std::is_same_v<decltype(std::declval<Result<int>>().value()), int>);
  EXPECT_EQ(*Result<std::unique_ptr<int>>(std::make_unique<int>(5)).value(), 5);
}

TEST(Result, canBeCopiedIfItsValueCan) {
  const Result<std::string> good = "text";
  const Result<std::string> bad = Failure(std::runtime_error("why"));
  EXPECT_EQ(*Result<std::string>(good), "text");
  EXPECT_EQ(*good, "text");
  EXPECT_FALSE(Result<std::string>(bad));
  static_assert(!std::is_copy_constructible_v<Result<std::unique_ptr<int>>>);
  static_assert(std::is_move_constructible_v<Result<std::unique_ptr<int>>>);
}

TEST(Result, movesWithoutThrowingIfItsValueDoes) {
  struct Throws {
    Throws() = default;
    Throws(Throws&&) {}  // NOLINT: may throw
  };
  static_assert(std::is_nothrow_move_constructible_v<Result<std::string>>);
  static_assert(std::is_nothrow_move_constructible_v<Result<void>>);
  static_assert(!std::is_nothrow_move_constructible_v<Result<Throws>>);
}

TEST(Result, canBeAssignedAcrossItsKinds) {
  Result<std::string> result = "text";
  result = Failure(std::runtime_error("why"));
  EXPECT_FALSE(result);
  result = "again";
  EXPECT_EQ(*result, "again");
  result = Result<std::string>("third");
  EXPECT_EQ(*result, "third");
  Result<std::string>& same = result;
  result = std::move(same);
  EXPECT_TRUE(result);
}

TEST(Result, holdsAFailureAfterAnAssignmentThatThrew) {
  struct Throws {
    bool armed;
    explicit Throws(bool it) : armed(it) {}
    Throws(Throws&& other) : armed(other.armed) {  // NOLINT: may throw
      if (armed) throw std::runtime_error("moved");
    }
  };
  Result<Throws> result = Throws(false);
  Result<Throws> other = Throws(false);
  other->armed = true;
  EXPECT_THROW(result = std::move(other), std::runtime_error);
  // Its value is gone or was never touched; either way it can be asked.
  if (!result) {
    EXPECT_TRUE(result.failure().check<std::runtime_error>());
  }
}

TEST(Result, holdsMoveOnlyValuesInContainers) {
  std::vector<Result<std::unique_ptr<int>>> results;
  for (int i = 0; i < 10; ++i) results.emplace_back(std::make_unique<int>(i));
  results.emplace_back(Failure(std::runtime_error("why")));
  EXPECT_EQ(**results[7], 7);
  EXPECT_FALSE(results.back());
}

TEST(Result, ofBoolTellsSuccessFromValue) {
  const Result<bool> no = false;
  EXPECT_TRUE(no);
  EXPECT_FALSE(*no);
}

}  // namespace
}  // namespace hawser
