#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/defer/registry.h>

#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace hawser::testing {

/// A test has not got what it expected of a Deferred. The text is a whole sentence, with the place
/// in the test. It belongs to no test framework: GoogleTest, and any other, takes an exception that
/// leaves a test for its failure.
class TestFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~TestFailure() override;
};

namespace detail {

[[noreturn]] void failTest(const char* helper, const std::string& what, std::source_location where);
std::string describeFailure(const Failure& failure);
std::string describePending(const std::optional<registry::Pending>& pending);
std::string readableNames(const std::vector<const std::type_info*>& types);

template <class T>
std::string describeWithoutResult(const Deferred<T>& deferred) {
  switch (deferred.state()) {
    case DeferredState::pending:
      return "it has no result" + describePending(registry::pendingOf(deferred));
    case DeferredState::paused:
      return "it is paused";
    default:
      return "it is empty: it was moved from";
  }
}

}  // namespace detail

// How a test looks at a Deferred that should have fired by now (Twisted's trial has the same).
// Nothing is waited for: in a test of Deferreds everything has happened when a function returns,
// or will when the test moves its clock.
//
//     clock.advance(30s);
//     EXPECT_EQ(successResultOf(std::move(poem)), "...");
//
// The Deferred is used up; its failure, if it has one, counts as handled.

/// The value of a Deferred that has one.
/// @throws TestFailure if it has failed (with its traceback), or has no result yet
template <class T>
T successResultOf(Deferred<T> deferred,
                  std::source_location where = std::source_location::current()) {
  std::optional<Result<T>> result;
  if (deferred.state() != DeferredState::value && deferred.state() != DeferredState::failure)
    detail::failTest("successResultOf", detail::describeWithoutResult(deferred), where);
  std::move(deferred).addBoth([&](Result<T> r) { result = std::move(r); });
  if (!*result)
    detail::failTest("successResultOf", detail::describeFailure(result->failure()), where);
  if constexpr (!std::is_void_v<T>) return std::move(**result);
}

/// The failure of a Deferred that has failed; `failureResultOf<E>(d)`: with an E, or one of several
/// types.
/// @throws TestFailure if it has a value, another failure, or no result yet
template <class... Expected, class T>
Failure failureResultOf(Deferred<T> deferred,
                        std::source_location where = std::source_location::current()) {
  std::optional<Failure> failure;
  if (deferred.state() == DeferredState::value)
    detail::failTest("failureResultOf", "it has a value", where);
  if (deferred.state() != DeferredState::failure)
    detail::failTest("failureResultOf", detail::describeWithoutResult(deferred), where);
  failure = *deferred.peekFailure();
  std::move(deferred).addErrback([](const Failure&) {});
  if constexpr (sizeof...(Expected) > 0) {
    if (!failure->template check<Expected...>())
      detail::failTest("failureResultOf",
                       detail::describeFailure(*failure) + "\nexpected was " +
                           detail::readableNames({&typeid(Expected)...}),
                       where);
  }
  return *failure;
}

/// The Deferred has no result yet. It is not used up.
/// @throws TestFailure if it has one
template <class T>
void assertNoResult(const Deferred<T>& deferred,
                    std::source_location where = std::source_location::current()) {
  if (deferred.state() == DeferredState::value)
    detail::failTest("assertNoResult", "it has a value", where);
  if (const Failure* const failure = deferred.peekFailure())
    detail::failTest("assertNoResult", detail::describeFailure(*failure), where);
}

}  // namespace hawser::testing
