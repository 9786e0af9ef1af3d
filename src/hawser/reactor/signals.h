#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace hawser {
class Backend;
}

namespace hawser::detail {

/// Turns signals into something that a reactor's turn can look at.
///
/// While at least one watch, in any thread, wants a signal, that does nothing but note itself for
/// every watch that wants it and wake its backend; the last watch to let go of it restores what it
/// did before.
class SignalWatch {
 public:
  /// `backend` outlives the watch.
  /// @throws std::system_error if there are too many
  explicit SignalWatch(Backend& backend);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

  /// Counted: each `add` has its `remove`.
  /// @throws std::system_error
  void add(int signal);
  void remove(int signal) noexcept;
  /// SIGINT and SIGTERM, from now on.
  /// @throws std::system_error: then neither
  void watchStopSignals();

  /// The signals that came since this was asked before, each a bit.
  std::uint64_t take() noexcept;
  static constexpr std::uint64_t bit(int signal) noexcept {
    return std::uint64_t{1} << (signal - 1);
  }

 private:
  static constexpr std::size_t signals = 64;

  std::size_t place_;
  int process_;
  unsigned wanted_[signals] = {};  // how often, by number - 1
};

}  // namespace hawser::detail
