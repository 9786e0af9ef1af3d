#pragma once

#include <hawser/base/failure.h>
#include <hawser/base/logging.h>

#include <concepts>
#include <memory>
#include <stdexcept>
#include <vector>

namespace hawser::testing {

/// An error that was logged as text, without a failure: what `flushLoggedErrors` gives for it.
class LoggedMessage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~LoggedMessage() override;
};

/// Collects the errors that are logged while it lives, on any thread: failures, those of Deferreds
/// that nobody handled too, and messages of the level `error`. Standard error is left alone.
///
/// A test that expects some takes them with `flushLoggedErrors`; what remains at its end is a
/// mistake (see Leftovers).
class LoggedErrors {
 public:
  LoggedErrors();
  LoggedErrors(const LoggedErrors&) = delete;
  LoggedErrors& operator=(const LoggedErrors&) = delete;
  ~LoggedErrors();

  /// Takes what was collected, oldest first; only failures of these types, if there are any.
  template <class... E>
  std::vector<Failure> flush() {
    if constexpr (sizeof...(E) == 0)
      return flushIf([](const Failure&) { return true; });
    else
      return flushIf([](const Failure& failure) { return failure.check<E...>(); });
  }
  std::size_t count() const;

  /// The one made last, of those alive.
  /// @throws std::logic_error if there is none
  static LoggedErrors& current();

 private:
  struct State;
  std::vector<Failure> flushIf(bool (*matches)(const Failure&));

  std::shared_ptr<State> state_;
  LoggedErrors* previous_;
  logging::Observation quiet_;
  logging::Observation observation_;
};

/// Takes the errors that were logged since the test began (Twisted's `flushLoggedErrors`), or those
/// of some types: `flushLoggedErrors<ConnectionLost>()`.
/// @throws std::logic_error if nobody collects them: a CleanTest does, or a LoggedErrors
template <class... E>
std::vector<Failure> flushLoggedErrors() {
  return LoggedErrors::current().flush<E...>();
}

}  // namespace hawser::testing
