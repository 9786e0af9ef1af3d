#include <hawser/base/failure.h>
#include <hawser/config.h>

#include <gtest/gtest.h>

#include <pthread.h>
#include <unwind.h>

#include <atomic>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hawser {
namespace {

struct Simple : std::exception {
  int number = 7;
  const char* what() const noexcept override { return "simple"; }
};

/// Counts its copies, and those that live.
struct Watched : std::exception {
  std::atomic<int>* alive;
  std::atomic<int>* copies;
  Watched(std::atomic<int>& living, std::atomic<int>& copied) : alive(&living), copies(&copied) {
    ++*alive;
  }
  Watched(const Watched& other) noexcept
      : std::exception(other), alive(other.alive), copies(other.copies) {
    ++*alive;
    ++*copies;
  }
  Watched& operator=(const Watched&) = delete;
  ~Watched() override { --*alive; }
};

// What the exception is, before and after somebody wanted to throw it.

TEST(FailureException, isTheSameObjectHoweverOftenItIsThrown) {
  const Failure failure = Simple();
  const auto raised = [&failure]() -> const void* {
    try {
      failure.raise();
    } catch (const Simple& simple) {
      return &simple;
    }
  };
  const void* first = raised();
  EXPECT_EQ(raised(), first);
  EXPECT_EQ(failure.get<Simple>(), first) << "get() gives what is thrown";
  EXPECT_EQ(failure.exception(), failure.exception());
}

TEST(FailureException, leavesWhatGetGaveBeforeWhereItIs) {
  const Failure failure = Simple();
  const Simple* before = failure.get<Simple>();
  static_cast<void>(failure.exception());
  EXPECT_EQ(before->number, 7);
}

TEST(FailureException, isSharedByAFailureThatGoesAnotherWay) {
  std::atomic<int> alive = 0, copies = 0;
  {
    Failure failure = Watched(alive, copies);
    const int made = copies;
    Failure other = failure;
    other.addSite(detail::SiteKind::passed, std::source_location::current());
    EXPECT_EQ(other.get<Watched>(), failure.get<Watched>());
    failure = Failure::none();
    EXPECT_NE(other.get<Watched>(), nullptr);
    EXPECT_EQ(copies, made);
    EXPECT_EQ(alive, 1);
    static_cast<void>(other.exception());
    EXPECT_EQ(alive, 2) << "the one that can be thrown is a copy";
  }
  EXPECT_EQ(alive, 0);
}

TEST(FailureException, outlivesTheFailureOnceItWasTaken) {
  std::atomic<int> alive = 0, copies = 0;
  std::exception_ptr exception;
  {
    const Failure failure = Watched(alive, copies);
    exception = failure.exception();
  }
  EXPECT_EQ(alive, 1);
  exception = nullptr;
  EXPECT_EQ(alive, 0);
}

TEST(FailureException, isOneForAllThreadsThatThrowItAtOnce) {
  std::atomic<int> alive = 0, copies = 0;
  for (int round = 0; round < 50; ++round) {
    const Failure failure = Watched(alive, copies);
    std::vector<std::exception_ptr> exceptions(4);
    std::vector<std::thread> threads;
    for (std::exception_ptr& exception : exceptions)
      threads.emplace_back([&exception, copy = failure] {
        exception = copy.exception();
        EXPECT_TRUE(copy.check<Watched>());
      });
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& exception : exceptions) EXPECT_EQ(exception, exceptions[0]);
  }
  EXPECT_EQ(alive, 0);
}

TEST(FailureException, isTheOneThatWasThrownFirstIfItsCopyingThrowsItToo) {
  struct Curious : std::exception {
    std::exception_ptr* seen;
    const Failure** asked;
    Curious(std::exception_ptr& to, const Failure*& failure) : seen(&to), asked(&failure) {}
    Curious(const Curious& other) noexcept
        : std::exception(other), seen(other.seen), asked(other.asked) {
      if (const Failure* failure = std::exchange(*asked, nullptr)) *seen = failure->exception();
    }
  };
  std::exception_ptr first;
  const Failure* asked = nullptr;
  {
    const Failure failure = Curious(first, asked);
    asked = &failure;
    EXPECT_EQ(failure.exception(), failure.exception());
    EXPECT_EQ(failure.exception(), first);
  }
}

TEST(FailureException, keepsItsTracebackWhenItWasThrownAndCaught) {
  const Failure failure = Simple();
  try {
    failure.raise();
  } catch (...) {
    const Failure again =
        Failure::currentIn(detail::SiteKind::handler, std::source_location::current(), &failure);
    EXPECT_NE(again.getTraceback().find("raised at "), std::string::npos) << again.getTraceback();
  }
}

TEST(FailureException, mayBeMadeOfACopyThatThrows) {
  struct Fragile : std::exception {
    bool breaks;
    explicit Fragile(bool broken) : breaks(broken) {}
    Fragile(const Fragile& other) : std::exception(other), breaks(other.breaks) {
      if (breaks) throw std::runtime_error("cannot be copied");
    }
  };
  const Failure failure = Fragile(true);
  EXPECT_EQ(failure.getErrorMessage(), "cannot be copied");
  Fragile later(false);
  const Failure held = later;
  EXPECT_THROW(held.raise(), Fragile);
}

TEST(FailureException, mayBeLargerThanThePoolsBlocks) {
  struct Huge : std::exception {
    char bytes[2000] = {};
  };
  const Failure failure = Huge();
  EXPECT_TRUE(failure.check<Huge>());
  EXPECT_THROW(failure.raise(), Huge);
}

// Matching by type.

struct Offset {
  virtual ~Offset() = default;
  int number = 1;
};
struct Second : Offset, std::runtime_error {
  Second() : std::runtime_error("second base") {}
};
struct Third : Second {};
struct Fourth : Third {
  int more = 4;
};

TEST(FailureException, matchesABaseThatLiesElsewhereInIt) {
  for (const bool wasThrown : {false, true}) {
    const Failure failure = Failure::of(Fourth());
    if (wasThrown) static_cast<void>(failure.exception());
    ASSERT_NE(failure.get<std::exception>(), nullptr);
    EXPECT_STREQ(failure.get<std::exception>()->what(), "second base");
    EXPECT_EQ(failure.get<Offset>()->number, 1);
    EXPECT_EQ(failure.get<Fourth>()->more, 4);
    EXPECT_EQ(static_cast<const void*>(failure.get<Third>()), failure.get<Fourth>());
    EXPECT_EQ(failure.get<std::logic_error>(), nullptr);
    EXPECT_EQ(failure.get<int>(), nullptr);
  }
}

TEST(FailureException, matchesEachOfALongRowOfBases) {
  const Failure failure = std::overflow_error("row");
  EXPECT_NE(failure.get<std::overflow_error>(), nullptr);
  EXPECT_NE(failure.get<std::runtime_error>(), nullptr);
  EXPECT_NE(failure.get<std::exception>(), nullptr);
  EXPECT_EQ(failure.get<std::underflow_error>(), nullptr);
  EXPECT_EQ(failure.get<std::logic_error>(), nullptr);
}

TEST(FailureException, matchesPointersByTheirVeryTypeOnly) {
  const Failure failure = Failure::of("literal");
  ASSERT_NE(failure.get<const char*>(), nullptr);
  EXPECT_STREQ(*failure.get<const char*>(), "literal");
  EXPECT_EQ(failure.get<const void*>(), nullptr);
  EXPECT_EQ(failure.get<char*>(), nullptr);
}

TEST(FailureException, isTrappedByTheFirstTypeThatFits) {
  const Failure failure = std::overflow_error("trapped");
  EXPECT_EQ((failure.trap<std::runtime_error, std::overflow_error>()), 0u);
  EXPECT_EQ((failure.trap<std::logic_error, std::exception>()), 1u);
  EXPECT_EQ(&failure.trap<std::exception>(), failure.get<std::exception>());
  EXPECT_THROW(static_cast<void>(Failure::of(5).trap<std::exception>()), int);
}

// Where it came from.

TEST(FailureException, ofAnotherLanguageIsHeldUnderANameOfOurs) {
  constexpr _Unwind_Exception_Class foreignClass = 0x484157534F544852;
  auto* foreign = new _Unwind_Exception();
  foreign->exception_class = foreignClass;
  foreign->exception_cleanup = [](_Unwind_Reason_Code, _Unwind_Exception* it) { delete it; };
  Failure failure = Failure::none();
  try {
    _Unwind_RaiseException(foreign);
  } catch (...) {
    failure = Failure::current();
  }
  EXPECT_TRUE(failure.check<ForeignError>());
  EXPECT_EQ(failure.getErrorMessage(), "an exception from outside of C++");
}

TEST(FailureException, isNotMadeOfTheEndOfAThread) {
  // glibc unwinds such a thread's stack: nothing may stop that.
  const auto body = [](void* ended) -> void* {
    struct End {
      bool& seen;
      ~End() { seen = true; }
    } const end{*static_cast<bool*>(ended)};
    try {
      pthread_exit(nullptr);
    } catch (...) {
      const Failure failure = Failure::current();
      ADD_FAILURE() << failure.getErrorMessage();
      throw;
    }
  };
  bool ended = false;
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, nullptr, body, &ended), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_TRUE(ended);
}

TEST(FailureException, thatWasCaughtIsTheOneThatIsThrownAgain) {
  try {
    throw Simple();
  } catch (Simple& caught) {
    const Failure failure = Failure::current();
    EXPECT_EQ(failure.get<Simple>(), &caught) << "no copy";
    EXPECT_EQ(failure.exception(), std::current_exception());
  }
}

}  // namespace
}  // namespace hawser
