#pragma once

#include <hawser/base/failure.h>
#include <hawser/defer/deferred_list.h>
#include <hawser/defer/detail/list_source.h>

#include <concepts>
#include <cstddef>
#include <exception>
#include <initializer_list>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hawser {

/// Nobody won a race: why each of its members failed (Twisted's `FailureGroup`).
class FailureGroup : public std::exception {
 public:
  explicit FailureGroup(std::vector<Failure> failures);
  ~FailureGroup() override;
  /// A line for all of them, then one for each.
  const char* what() const noexcept override;

  /// In the order of the members.
  const std::vector<Failure>& failures() const noexcept;

 private:
  struct State;
  // Exceptions are copied, and that must not throw.
  std::shared_ptr<const State> state_;
};

namespace detail {

Failure nobodyWon(std::vector<Failure> failures, std::source_location where);

template <class T>
struct Race : ListKind {
  using Output = FirstValue<T>;
  static constexpr bool firstOnly = true;
  static constexpr bool contest = true;

  explicit Race(std::size_t size) : failures(size, Failure::none()) {}
  void keepFailure(std::size_t index, const Failure& why) noexcept { failures[index] = why; }
  Output first(std::size_t index, Stored<T>&& value) { return {index, std::move(value)}; }
  Failure allFailed(std::source_location where) { return nobodyWon(std::move(failures), where); }

  std::vector<Failure> failures;
};

}  // namespace detail

/// A Deferred for the first success among many, who are then of no more use (Twisted's `race`).
///
///     auto [index, poem] = co_await race(getPoem(here), getPoem(there));
///
/// The first value wins: the others are cancelled, in their order, and then the race fires. A
/// member that fails has lost, and the others go on; if all fail, the race fails with a
/// FailureGroup. The members' failures count as handled. A member that brings a value although it
/// was cancelled comes too late: its value is destroyed.
///
/// **Owns** the members: when the race is dropped they go on, and there will be a winner whom
/// nobody sees. **Cancelling** an unfired race cancels each member, and then fails it with
/// CancelledError unless they have made it fire (as a rule they have: all failed). Should the
/// members of a race that was cancelled come to an end of their own later, that is reported as an
/// unhandled AlreadyCalledError, as in Twisted. What a member's canceller throws is logged, and the
/// others are cancelled all the same.
///
/// @throws std::invalid_argument if there are no members: it could never fire
template <class T>
[[nodiscard]] Deferred<FirstValue<T>> race(
    std::vector<Deferred<T>> members,
    std::source_location where = std::source_location::current()) {
  if (members.empty()) throw std::invalid_argument("race: without members it would never fire");
  using Kind = detail::Race<T>;
  Kind kind(members.size());
  return detail::ListSource<Kind>::start(std::move(kind), std::move(members), consumeErrors, where);
}

/// The same for members that stand in the call.
template <class T, std::same_as<T>... More>
[[nodiscard]] Deferred<FirstValue<T>> race(Deferred<T> first, Deferred<More>... more) {
  using Kind = detail::Race<T>;
  return detail::ListSource<Kind>::startPack(Kind(1 + sizeof...(More)), consumeErrors, first,
                                             more...);
}

// Misuse: a sentence says what to write.
template <class T>
Deferred<FirstValue<T>> race(std::initializer_list<Deferred<T>>) {
  detail::refuseBracedList<T>();
  return race(std::vector<Deferred<T>>());
}

}  // namespace hawser
