#include <hawser/base/failure.h>

#include "base/heap_limit.h"

#include <gtest/gtest.h>

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

namespace hawser {
namespace {

struct Small : std::exception {};

template <class Make>
Failure madeWith(int blocks, Make make) {
  Failure failure = Failure::none();
  onANewThread([&] {
    const HeapLimit limit(blocks);
    failure = make();
  });
  return failure;
}

TEST(FailureMemory, lacksAndABadAllocStandsForTheFailure) {
  const std::exception_ptr pointer = std::make_exception_ptr(Small());
  for (const int blocks : {0, 1}) {
    for (const Failure& failure : {madeWith(blocks, [] { return Failure(Small()); }),
                                   madeWith(blocks, [] { return Failure::of(5); }),
                                   madeWith(blocks, [&] { return Failure(pointer); })}) {
      EXPECT_TRUE(failure.check<std::bad_alloc>());
      EXPECT_THROW(failure.raise(), std::bad_alloc);
      EXPECT_FALSE(failure.getErrorMessage().empty());
      EXPECT_EQ(failure.getTraceback().find("  "), std::string::npos) << "it belongs to nobody";
    }
  }
  EXPECT_TRUE(madeWith(2, [] { return Failure(Small()); }).check<Small>());
}

TEST(FailureMemory, lacksAndTheBadAllocIsLeftAsItIs) {
  Failure failure = madeWith(0, [] { return Failure(Small()); });
  failure.addSite(detail::SiteKind::passed, std::source_location::current());
  EXPECT_EQ(failure.withCause(Failure(Small())).cause(), nullptr);
  EXPECT_EQ(madeWith(0, [] { return Failure(Small()); }).getTraceback(), failure.getTraceback());
}

TEST(FailureMemory, lacksAndALineOfTheTracebackIsLeftOut) {
  const Failure failure = Small();
  Failure copy = failure;
  onANewThread([&] {
    const HeapLimit limit(0);
    copy.addSite(detail::SiteKind::passed, std::source_location::current());
    EXPECT_THROW(static_cast<void>(failure.withCause(copy)), std::bad_alloc);
    EXPECT_THROW(static_cast<void>(failure.exception()), std::bad_alloc);
  });
  EXPECT_EQ(copy.getTraceback(), failure.getTraceback());
  EXPECT_THROW(failure.raise(), Small);
}

TEST(FailureMemory, lacksForTheCopyThatIsThrownAndNothingIsLost) {
  struct Large : std::exception {
    std::string text = std::string(100, 'x');
  };
  const Failure failure = Large();
  for (const int blocks : {0, 1})
    onANewThread([&] {
      const HeapLimit limit(blocks);
      EXPECT_THROW(static_cast<void>(failure.exception()), std::bad_alloc);
    });
  EXPECT_THROW(failure.raise(), Large);
}

}  // namespace
}  // namespace hawser
