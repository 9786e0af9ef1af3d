#include <hawser/base/failure.h>

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hawser {
namespace {

struct Base : std::exception {
  const char* what() const noexcept override { return "base"; }
};
struct Derived : Base {
  int detail = 7;
  const char* what() const noexcept override { return "derived"; }
};
struct Left : virtual std::exception {};
struct Right : virtual std::exception {};
struct Both : Left, Right {
  const char* what() const noexcept override { return "both"; }
};
struct First : std::runtime_error {
  First() : std::runtime_error("first") {}
};
struct Second : std::logic_error {
  Second() : std::logic_error("second") {}
};
struct Ambiguous : First, Second {
  const char* what() const noexcept override { return "ambiguous"; }
};
class Secret : private Base {};

Failure caught(void (*body)()) {
  try {
    body();
  } catch (...) {
    return Failure::current();
  }
  return Failure::none();
}

TEST(Failure, holdsAnExceptionAsAValue) {
  const Failure failure = Derived();
  ASSERT_NE(failure.get<Derived>(), nullptr);
  EXPECT_EQ(failure.get<Derived>()->detail, 7);
  EXPECT_TRUE(failure);
}

TEST(Failure, holdsAnExceptionThatWasMadeInItsPlace) {
  struct Fixed : std::exception {
    explicit Fixed(std::unique_ptr<int> held) : number(std::move(held)) {}
    Fixed(const Fixed& other) : number(std::make_unique<int>(*other.number + 1)) {}
    std::unique_ptr<int> number;
  };
  const std::source_location here = std::source_location::current();
  const Failure failure = Failure::make<Fixed>(here, std::make_unique<int>(5));
  ASSERT_NE(failure.get<Fixed>(), nullptr);
  EXPECT_EQ(*failure.get<Fixed>()->number, 5) << "it was copied";
  EXPECT_EQ(failure.raisedAt().line(), here.line());
}

TEST(Failure, holdsWhatTheMakingOfItsExceptionHasThrown) {
  struct Stubborn : std::exception {
    explicit Stubborn(int number) { throw std::out_of_range(std::to_string(number)); }
  };
  const Failure failure = Failure::make<Stubborn>(std::source_location::current(), 5);
  EXPECT_TRUE(failure.check<std::out_of_range>());
  EXPECT_EQ(failure.getErrorMessage(), "5");
  struct alignas(64) Wide : Stubborn {
    using Stubborn::Stubborn;
  };
  EXPECT_TRUE(Failure::make<Wide>(failure.raisedAt(), 6).check<std::out_of_range>());
}

TEST(Failure, isImplicitlyMadeOfExceptionsOnly) {
  static_assert(std::is_convertible_v<std::runtime_error, Failure>);
  static_assert(std::is_convertible_v<const Derived&, Failure>);
  static_assert(!std::is_convertible_v<int, Failure>);
  static_assert(!std::is_convertible_v<std::string, Failure>);
  static_assert(!std::is_convertible_v<std::exception_ptr, Failure>);
  static_assert(sizeof(Failure) == sizeof(void*));
  static_assert(std::is_nothrow_copy_constructible_v<Failure>);
  static_assert(std::is_nothrow_move_constructible_v<Failure>);
}

TEST(Failure, matchesBaseClasses) {
  const Failure failure = Derived();
  ASSERT_NE(failure.get<Base>(), nullptr);
  EXPECT_STREQ(failure.get<Base>()->what(), "derived");
  EXPECT_NE(failure.get<std::exception>(), nullptr);
  EXPECT_EQ(failure.get<std::runtime_error>(), nullptr);
  EXPECT_EQ(Failure(Base()).get<Derived>(), nullptr);
}

TEST(Failure, matchesAsACatchClauseWould) {
  EXPECT_NE(Failure(Both()).get<Left>(), nullptr);
  EXPECT_NE(Failure(Both()).get<std::exception>(), nullptr) << "a virtual base is there once";
  const Failure ambiguous = Failure::of(Ambiguous());
  EXPECT_NE(ambiguous.get<First>(), nullptr);
  EXPECT_NE(ambiguous.get<Second>(), nullptr);
  EXPECT_EQ(Failure::of(Secret()).get<Base>(), nullptr) << "a private base matches nothing";
}

TEST(Failure, holdsExceptionsThatCannotBeCaughtByTheirBase) {
  // std::exception is twice in it: no catch clause for that would take it.
  const Failure ambiguous = Failure(std::make_exception_ptr(Ambiguous()));
  EXPECT_EQ(ambiguous.get<std::exception>(), nullptr);
  EXPECT_NE(ambiguous.getErrorMessage().find("Ambiguous"), std::string::npos);
}

TEST(Failure, checksSeveralTypesAtOnce) {
  const Failure failure = Derived();
  EXPECT_TRUE((failure.check<std::runtime_error, Base>()));
  EXPECT_FALSE((failure.check<std::runtime_error, std::logic_error>()));
}

TEST(Failure, trapsATypeOrThrowsWhatItHolds) {
  const Failure failure = Derived();
  EXPECT_EQ(failure.trap<Derived>().detail, 7);
  static_assert(std::is_same_v<decltype(failure.trap<Derived>()), const Derived&>);
  EXPECT_THROW(static_cast<void>(failure.trap<std::logic_error>()), Derived);
}

TEST(Failure, trapsSeveralTypesByIndex) {
  const Failure failure = Derived();
  EXPECT_EQ((failure.trap<std::logic_error, Base, Derived>()), 1u);
  EXPECT_THROW(static_cast<void>(failure.trap<std::logic_error, std::runtime_error>()), Derived);
}

TEST(Failure, raisesTheVeryExceptionThatItHolds) {
  const Failure failure = Derived();
  try {
    failure.raise();
  } catch (const Derived& raised) {
    EXPECT_EQ(&raised, failure.get<Derived>());
  }
  EXPECT_THROW(std::rethrow_exception(failure.exception()), Derived);
}

TEST(Failure, holdsExceptionsOfAnyType) {
  EXPECT_EQ(*Failure::of(42).get<int>(), 42);
  EXPECT_EQ(*Failure::of(std::string("text")).get<std::string>(), "text");
  EXPECT_EQ(Failure::of(42).get<long>(), nullptr);
  EXPECT_EQ(Failure::of(42).get<std::exception>(), nullptr);
  EXPECT_THROW(Failure::of(42).raise(), int);
}

TEST(Failure, takesTheExceptionThatIsBeingHandled) {
  const Failure failure = caught([] { throw Derived(); });
  ASSERT_NE(failure.get<Derived>(), nullptr);
  EXPECT_NE(caught([] { throw "text"; }).get<const char*>(), nullptr);
}

TEST(Failure, takesTheInnermostOfNestedExceptions) {
  const Failure failure = caught([] {
    try {
      throw Base();
    } catch (...) {
      try {
        throw Derived();
      } catch (...) {
        throw;
      }
    }
  });
  EXPECT_TRUE(failure.check<Derived>());
}

TEST(Failure, refusesToTakeAnExceptionOutsideOfACatchBlock) {
  EXPECT_THROW(static_cast<void>(Failure::current()), std::logic_error);
}

TEST(Failure, refusesANullPointer) {
  EXPECT_THROW(Failure{std::exception_ptr()}, std::invalid_argument);
}

TEST(Failure, hasAMessageWhateverItHolds) {
  EXPECT_EQ(Failure(Derived()).getErrorMessage(), "derived");
  EXPECT_EQ(Failure::of(std::string("text")).getErrorMessage(), "text");
  EXPECT_EQ(Failure::of("a literal").getErrorMessage(), "a literal");
  EXPECT_EQ(Failure::of(42).getErrorMessage(), "the integer 42");
  EXPECT_EQ(Failure::of(4.5).getErrorMessage(), "an exception of type double");
  EXPECT_NE(Failure::of(static_cast<const char*>(nullptr)).getErrorMessage(), "");
}

TEST(Failure, namesItsType) {
  EXPECT_EQ(Failure(std::runtime_error("")).typeName(), "std::runtime_error");
  EXPECT_EQ(Failure::of(42).typeName(), "int");
  EXPECT_NE(Failure(Derived()).typeName().find("Derived"), std::string::npos);
}

TEST(Failure, isSharedByItsCopies) {
  const Failure failure = Derived();
  const Failure copy = failure;  // NOLINT: the copy is what it is about
  EXPECT_EQ(copy.get<Derived>(), failure.get<Derived>());
}

TEST(Failure, livesAsLongAsItsLastCopy) {
  const auto alive = std::make_shared<int>(1);
  const auto make = [&alive] {
    struct Holds : std::exception {
      std::shared_ptr<int> held;
      explicit Holds(std::shared_ptr<int> it) : held(std::move(it)) {}
    };
    return Failure(Holds(alive));
  };
  {
    Failure failure = make();
    EXPECT_EQ(alive.use_count(), 2);
    Failure copy = failure;
    failure = Failure(Base());
    EXPECT_EQ(alive.use_count(), 2);
    copy = std::move(failure);
    failure = Failure::none();
    EXPECT_EQ(alive.use_count(), 1);
  }
}

TEST(Failure, canBeAssignedToItself) {
  Failure failure = Derived();
  Failure& same = failure;
  failure = same;
  EXPECT_TRUE(failure.check<Derived>());
  failure = std::move(same);
  EXPECT_TRUE(failure.check<Derived>());
}

TEST(Failure, thatWasMovedFromSaysSo) {
  Failure failure = Derived();
  const Failure taken = std::move(failure);
  EXPECT_FALSE(failure);  // NOLINT: this is what it is about
  EXPECT_EQ(failure.get<Derived>(), nullptr);
  EXPECT_FALSE(failure.check<std::exception>());
  EXPECT_THROW(failure.raise(), EmptyFailureError);
  EXPECT_THROW(static_cast<void>(failure.exception()), EmptyFailureError);
  EXPECT_THROW(static_cast<void>(failure.trap<Derived>()), EmptyFailureError);
  EXPECT_EQ(failure.cause(), nullptr);
}

TEST(Failure, tellsWhereItWasRaised) {
  const unsigned line = __LINE__ + 1;
  const Failure failure = Failure(Derived());
  const std::string expected =
      std::string("  raised at ") + __FILE__ + ":" + std::to_string(line) + "\n";
  EXPECT_NE(failure.getTraceback().find(expected), std::string::npos) << failure.getTraceback();
}

TEST(Failure, keepsTheFirstAndLastPlacesOfItsWay) {
  Failure failure = Failure::of(1);
  const std::source_location here = std::source_location::current();
  for (int i = 0; i < 50; ++i) failure.addSite(detail::SiteKind::passed, here);
  const std::string text = failure.getTraceback();
  EXPECT_NE(text.find("  ... 19 more\n"), std::string::npos) << text;
  std::size_t lines = 0;
  for (const char letter : text) lines += letter == '\n';
  EXPECT_EQ(lines, 1u + 32u + 1u) << "the message, 32 places, and how many are left out";
}

TEST(Failure, doesNotChangeItsCopiesWhenItGoesFurther) {
  const Failure failure = Derived();
  Failure copy = failure;
  copy.addSite(detail::SiteKind::fired, std::source_location::current());
  EXPECT_EQ(failure.getTraceback().find("fired"), std::string::npos);
  EXPECT_NE(copy.getTraceback().find("fired"), std::string::npos);
}

TEST(Failure, canNameItsCause) {
  const Failure cause = Base();
  const Failure failure = Failure(Derived()).withCause(cause);
  ASSERT_NE(failure.cause(), nullptr);
  EXPECT_TRUE(failure.cause()->check<Base>());
  EXPECT_EQ(cause.cause(), nullptr);
  const std::string text = failure.getTraceback();
  EXPECT_NE(text.find("caused by "), std::string::npos) << text;
}

TEST(Failure, putsAFurtherCauseBelowThoseThatAreThere) {
  const Failure failure =
      Failure(Derived()).withCause(Failure(Base())).withCause(Failure(std::runtime_error("last")));
  ASSERT_NE(failure.cause(), nullptr);
  ASSERT_NE(failure.cause()->cause(), nullptr);
  EXPECT_EQ(failure.cause()->cause()->getErrorMessage(), "last");
}

TEST(Failure, leavesItselfAsItIsWhenACauseIsAdded) {
  const Failure failure = Derived();
  const Failure with = failure.withCause(Failure(Base()));
  EXPECT_EQ(failure.cause(), nullptr);
  EXPECT_NE(with.cause(), nullptr);
}

TEST(Failure, mayHaveCausesOfAnyDepth) {
  // A failure that names the one before it, again and again, as a service that tries for ever does.
  Failure failure = Base();
  for (int i = 0; i < 100'000; ++i) failure = Failure(Derived()).withCause(std::move(failure));
  EXPECT_TRUE(failure.check<Derived>());
}

}  // namespace
}  // namespace hawser
