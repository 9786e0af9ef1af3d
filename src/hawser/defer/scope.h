#pragma once

#include <hawser/defer/deferred.h>

#include <cstddef>
#include <memory>
#include <source_location>
#include <vector>

namespace hawser {

namespace detail {
struct ScopeState;
}

/// Owns a group of Deferreds that run, so that none outlives what it works on unnoticed.
///
///     class Server {
///       void connectionMade(Connection& c) { scope_.add(serve(c)); }
///       Deferred<void> stop() { return scope_.close(); }
///       Scope scope_;
///     };
///
/// A Deferred that is simply dropped runs on, and nobody can stop it any more or say when it is
/// over. What is added to a Scope is remembered until it ends; `close()` cancels all that is left
/// and waits for it.
///
/// **Failures.** Nobody else waits for a member, so the Scope logs what it fails with, at that
/// moment. It says nothing of a member that `close()` cancelled and that failed with CancelledError
/// for that (or with the FirstError or FailureGroup of a list that was cancelled), nor of
/// ObjectGoneError.
///
/// **Destroying** a Scope that is not empty logs a warning with the places where its members were
/// added. They are not cancelled, since their handlers would run inside a destructor: they go on,
/// as dropped Deferreds do, and their failures are still logged.
class Scope {
 public:
  explicit Scope(std::source_location made = std::source_location::current());
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope();

  /// Takes over what runs, until it ends. What has ended already is not remembered. When the Scope
  /// was closed, or is being closed, it is cancelled at once, and a `close()` that still waits does
  /// so for this one as well.
  /// @throws EmptyDeferredError
  void add(Deferred<void> running, std::source_location where = std::source_location::current());

  /// Cancels all members, in the order in which they were added, and fires when the last has ended;
  /// it never fails. A member that answers its cancel by something that takes time is waited for;
  /// what a canceller throws is logged. A member that waits for this waits for itself, for ever.
  ///
  /// Closing again cancels nothing for a second time, and waits as well. Cancelling what this
  /// returns ends the waiting only.
  [[nodiscard]] Deferred<void> close(std::source_location where = std::source_location::current());

  /// How many members run.
  std::size_t size() const noexcept;
  bool empty() const noexcept { return size() == 0; }
  /// Whether `close()` was called.
  bool closed() const noexcept;
  /// Where those that run were added, in that order.
  std::vector<std::source_location> sites() const;

 private:
  std::shared_ptr<detail::ScopeState> state_;
};

}  // namespace hawser
