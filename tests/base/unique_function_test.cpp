#include <hawser/base/unique_function.h>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace hawser {
namespace {

int twice(int value) { return 2 * value; }
struct Counter;

TEST(UniqueFunction, callsWhatItHolds) {
  unique_function<int(int)> function = [](int value) { return value + 1; };
  EXPECT_TRUE(function);
  EXPECT_EQ(function(1), 2);
  unique_function<int(int)> pointer = &twice;
  EXPECT_EQ(pointer(2), 4);
}

TEST(UniqueFunction, isEmptyAtFirstAndSaysSoWhenCalled) {
  unique_function<void()> none;
  unique_function<void()> null = nullptr;
  unique_function<int(int)> nullPointer = static_cast<int (*)(int)>(nullptr);
  EXPECT_FALSE(none);
  EXPECT_FALSE(null);
  EXPECT_FALSE(nullPointer);
  EXPECT_STREQ(EmptyFunctionError().what(), "an empty unique_function was called");
  EXPECT_THROW(none(), EmptyFunctionError);
  EXPECT_THROW(nullPointer(1), EmptyFunctionError);
}

TEST(UniqueFunction, holdsCallablesThatOnlyMove) {
  unique_function<int()> function = [held = std::make_unique<int>(5)] { return *held; };
  EXPECT_EQ(function(), 5);
  static_assert(!std::is_copy_constructible_v<unique_function<int()>>);
  static_assert(std::is_nothrow_move_constructible_v<unique_function<int()>>);
  static_assert(std::is_nothrow_move_assignable_v<unique_function<int()>>);
}

TEST(UniqueFunction, holdsSmallAndLargeCallables) {
  const auto check = [](auto callable, int expected) {
    unique_function<int()> function = std::move(callable);
    unique_function<int()> moved = std::move(function);
    EXPECT_FALSE(function);  // NOLINT: this is what it is about
    EXPECT_EQ(moved(), expected);
  };
  const std::array<int, 4> small{1, 2, 3, 4};
  const std::array<int, 100> large{5};
  check([small] { return small[3]; }, 4);
  check([large] { return large[0]; }, 5);
}

TEST(UniqueFunction, holdsCallablesWithStricterAlignment) {
  struct alignas(64) Aligned {
    char byte = 7;
    int operator()() const { return reinterpret_cast<std::uintptr_t>(this) % 64 == 0 ? byte : -1; }
  };
  unique_function<int()> function = Aligned();
  EXPECT_EQ(function(), 7);
}

TEST(UniqueFunction, holdsCallablesWhoseMoveThrows) {
  struct Throws {
    bool armed = false;
    Throws() = default;
    Throws(Throws&& other) : armed(other.armed) {  // NOLINT: may throw
      if (armed) throw 1;
    }
    int operator()() {
      armed = true;
      return 3;
    }
  };
  unique_function<int()> function = Throws();
  EXPECT_EQ(function(), 3);
  unique_function<int()> moved = std::move(function);
  EXPECT_EQ(moved(), 3);
}

TEST(UniqueFunction, saysWhetherDestroyingItDoesAnything) {
  const auto large = [bytes = std::array<int, 100>{}] { return bytes[0]; };
  const auto owner = [owned = std::make_shared<int>(1)] { return *owned; };
  EXPECT_FALSE(unique_function<int()>().destroysSomething());
  EXPECT_FALSE(unique_function<int()>([] { return 1; }).destroysSomething());
  EXPECT_FALSE(
      unique_function<int()>([p = &large, n = 1] { return (*p)() + n; }).destroysSomething());
  EXPECT_TRUE(unique_function<int()>(large).destroysSomething());
  EXPECT_TRUE(unique_function<int()>(owner).destroysSomething());

  unique_function<int()> emptied = owner;
  const unique_function<int()> now = std::move(emptied);
  EXPECT_FALSE(emptied.destroysSomething());  // NOLINT: this is what it is about
  EXPECT_TRUE(now.destroysSomething());
}

TEST(UniqueFunction, keepsWhatTheCallableChangesInItself) {
  unique_function<int()> counter = [count = 0]() mutable { return ++count; };
  counter();
  EXPECT_EQ(counter(), 2);
}

TEST(UniqueFunction, handsArgumentsOnAsTheyAre) {
  unique_function<std::string(std::string&, std::unique_ptr<int>)> function =
      [](std::string& text, std::unique_ptr<int> number) {
        text += std::to_string(*number);
        return text;
      };
  std::string text = "n";
  EXPECT_EQ(function(text, std::make_unique<int>(5)), "n5");
  EXPECT_EQ(text, "n5");
}

TEST(UniqueFunction, ignoresAResultThatNobodyWants) {
  int calls = 0;
  unique_function<void()> function = [&] { return ++calls; };
  function();
  EXPECT_EQ(calls, 1);
}

TEST(UniqueFunction, convertsResults) {
  unique_function<std::string()> function = [] { return "text"; };
  EXPECT_EQ(function(), "text");
}

TEST(UniqueFunction, letsExceptionsThrough) {
  unique_function<void()> function = [] { throw 5; };
  EXPECT_THROW(function(), int);
}

TEST(UniqueFunction, refusesWhatCannotBeCalled) {
  static_assert(!std::is_constructible_v<unique_function<void()>, int>);
  static_assert(!std::is_constructible_v<unique_function<void()>, void (*)(int)>);
  static_assert(!std::is_constructible_v<unique_function<int()>, void (*)()>);
  static_assert(!std::is_constructible_v<unique_function<int(Counter&)>, int (Counter::*)()>,
                "wrap a member function in a lambda");
  static_assert(std::is_constructible_v<unique_function<void()>, int (*)()>);
}

TEST(UniqueFunction, freesWhatItHolds) {
  const auto alive = std::make_shared<int>(1);
  {
    unique_function<void()> function = [alive] {};
    unique_function<void()> moved = std::move(function);
    EXPECT_EQ(alive.use_count(), 2);
    moved = [alive, more = std::array<char, 100>()] { static_cast<void>(more); };
    EXPECT_EQ(alive.use_count(), 2);
    moved = nullptr;
    EXPECT_EQ(alive.use_count(), 1);
    moved = [alive] {};
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(UniqueFunction, canBeAssignedToItself) {
  unique_function<int()> function = [] { return 5; };
  unique_function<int()>& same = function;
  function = std::move(same);
  EXPECT_EQ(function(), 5);
}

TEST(UniqueFunction, mayOwnTheObjectThatOwnsIt) {
  // onDone_ = nullptr, where the function captured the object that has onDone_.
  struct Owner {
    unique_function<void()> function;
    std::string more = "a text that is too long for the small buffer of a string";
  };
  auto owner = std::make_shared<Owner>();
  const std::weak_ptr<Owner> weak = owner;
  Owner& object = *owner;
  object.function = [owner] {};
  owner.reset();
  EXPECT_FALSE(weak.expired());
  object.function = nullptr;
  EXPECT_TRUE(weak.expired());
}

TEST(UniqueFunction, maySeeItselfEmptyWhenWhatItHeldIsDestroyed) {
  bool emptyThen = false;
  unique_function<void()> function;
  struct Looks {
    unique_function<void()>* at;
    bool* empty;
    ~Looks() { *empty = !*at; }
  };
  function = [looks = std::shared_ptr<Looks>(new Looks{&function, &emptyThen})] {};
  function = nullptr;
  EXPECT_TRUE(emptyThen);
}

}  // namespace
}  // namespace hawser
