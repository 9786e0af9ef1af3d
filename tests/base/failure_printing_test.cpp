#include <hawser/base/failure.h>

#include <gtest/gtest.h>

#include <exception>
#include <source_location>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace hawser {
namespace {

/// "file:line" of a place in this file.
std::string place(unsigned line) { return std::string(__FILE__) + ":" + std::to_string(line); }

const unsigned oopsLine = __LINE__ + 1;
Failure oops() { return std::runtime_error("oops"); }
const unsigned worseLine = __LINE__ + 1;
Failure worse() { return Failure(std::logic_error("worse")).withCause(oops()); }

TEST(FailurePrinting, ofTheTracebackHasALineForEachPlaceAndEachCauseBelow) {
  Failure failure = worse();
  const unsigned fired = __LINE__ + 1;
  failure.addSite(detail::SiteKind::fired, std::source_location::current());
  EXPECT_EQ(failure.getTraceback(), "std::logic_error: worse\n  raised at " + place(worseLine) +
                                        "\n  fired at " + place(fired) +
                                        "\ncaused by std::runtime_error: oops\n  raised at " +
                                        place(oopsLine) + "\n");
}

TEST(FailurePrinting, saysInWhichThreadAJobFailedAndWhoAskedForIt) {
  Failure failure = oops();
  failure.addThread(4711);
  const unsigned asked = __LINE__ + 1;
  failure.addSite(detail::SiteKind::job, std::source_location::current());
  EXPECT_EQ(failure.getTraceback(), "std::runtime_error: oops\n  raised at " + place(oopsLine) +
                                        "\n  in thread 4711\n  left the job asked for at " +
                                        place(asked) + "\n");
}

TEST(FailurePrinting, isOneLineInBrief) {
  EXPECT_EQ(oops().getBriefTraceback(), "std::runtime_error: oops (" + place(oopsLine) + ")");
  EXPECT_EQ(worse().getBriefTraceback(), "std::logic_error: worse (" + place(worseLine) +
                                             "), caused by std::runtime_error: oops (" +
                                             place(oopsLine) + ")");
}

TEST(FailurePrinting, goesToStandardErrorOrToAStream) {
  ::testing::internal::CaptureStderr();
  worse().printTraceback();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), worse().getTraceback());
  std::ostringstream text;
  worse().printTraceback(text);
  EXPECT_EQ(text.str(), worse().getTraceback());
}

TEST(FailurePrinting, onAStreamIsTheBriefLine) {
  std::ostringstream text;
  text << oops() << " / " << Failure::none();
  EXPECT_EQ(text.str(), oops().getBriefTraceback() + " / no failure");
  EXPECT_EQ(::testing::PrintToString(oops()), oops().getBriefTraceback());
}

TEST(FailurePrinting, showsNestedExceptionsAsCauses) {
  struct Outer : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  Failure failure = Failure::none();
  try {
    try {
      try {
        throw std::logic_error("inmost");
      } catch (...) {
        std::throw_with_nested(std::runtime_error("middle"));
      }
    } catch (...) {
      std::throw_with_nested(Outer("outer"));
    }
  } catch (...) {
    failure = Failure::current();
  }
  const std::string text = failure.getTraceback();
  const auto middle = text.find("caused by std::_Nested_exception<std::runtime_error>: middle\n");
  EXPECT_NE(middle, std::string::npos) << text;
  EXPECT_NE(text.find("caused by std::logic_error: inmost\n", middle), std::string::npos) << text;
  EXPECT_EQ(failure.cause(), nullptr);
}

TEST(FailurePrinting, showsThatNothingIsKnownOfAPlace) {
  const Failure failure =
      Failure::at(detail::SiteKind::raised, {}, std::make_exception_ptr(std::runtime_error("x")));
  EXPECT_EQ(failure.getTraceback(), "std::runtime_error: x\n");
  EXPECT_EQ(failure.getBriefTraceback(), "std::runtime_error: x");
}

TEST(FailurePrinting, ofNothingThrows) {
  EXPECT_THROW(static_cast<void>(Failure::none().getTraceback()), EmptyFailureError);
  EXPECT_THROW(static_cast<void>(Failure::none().getBriefTraceback()), EmptyFailureError);
  EXPECT_THROW(static_cast<void>(Failure::none().getErrorMessage()), EmptyFailureError);
  EXPECT_THROW(static_cast<void>(Failure::none().typeName()), EmptyFailureError);
}

}  // namespace
}  // namespace hawser
