#pragma once

#include <hawser/base/unique_function.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace hawser {

/// When, in a reactor's shutdown, a trigger is called (Twisted's system event phases).
enum class Phase : std::uint8_t {
  before,  ///< everything works still; a trigger may return a Deferred, which is waited for
  during,  ///< what serves others ends: ports and connections are closed after these
  after,   ///< the last word: nothing is connected any more
};

/// How a reactor's connections ended when it stopped, and what it left unanswered. Connections are
/// those that its ports have accepted.
struct ShutdownReport {
  std::size_t drained = 0;    ///< were open when the shutdown began, and have ended by themselves
  std::size_t aborted = 0;    ///< were still open at its end, and were ended
  std::size_t abandoned = 0;  ///< Deferreds that failed with AbandonedError
};

/// Keeps a reactor in the `before` phase of its shutdown while it, or a copy, lives.
class ShutdownHold {
 public:
  ShutdownHold() noexcept = default;

 private:
  friend class ShutdownTriggers;
  explicit ShutdownHold(std::shared_ptr<void> held) noexcept : held_(std::move(held)) {}
  std::shared_ptr<void> held_;
};

/// Names a trigger, to remove it.
class ShutdownTrigger {
 public:
  ShutdownTrigger() noexcept = default;

 private:
  friend class ShutdownTriggers;
  explicit ShutdownTrigger(std::uint64_t number) noexcept : number_(number) {}
  std::uint64_t number_ = 0;
};

/// What a reactor has to call when it stops, by phase and in the order in which it was added.
class ShutdownTriggers {
 public:
  using Call = unique_function<void(ShutdownHold)>;

  ShutdownTrigger add(Phase phase, Call call);
  /// False if it was called or removed already.
  bool remove(ShutdownTrigger trigger);

  /// Takes out the first trigger of a phase; empty if there is none left.
  Call pop(Phase phase);
  /// For the calls of the `before` phase.
  ShutdownHold hold();
  /// Does anybody still hold the `before` phase?
  bool held() const noexcept { return !held_.expired(); }

 private:
  struct Entry {
    std::uint64_t number;
    Phase phase;
    Call call;
  };
  std::vector<Entry> entries_;
  std::weak_ptr<void> held_;
  std::uint64_t lastNumber_ = 0;
};

}  // namespace hawser
