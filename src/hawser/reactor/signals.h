#pragma once

#include <atomic>
#include <cstddef>

namespace hawser {
class Backend;
}

namespace hawser::detail {

/// Turns SIGINT and SIGTERM into something that a reactor's turn can look at.
///
/// While at least one watch lives, in any thread, the two signals do nothing but note themselves
/// for every watch and wake its backend; the last watch to go restores what they did before.
class SignalWatch {
 public:
  /// `backend` outlives the watch.
  /// @throws std::system_error
  explicit SignalWatch(Backend& backend);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

  /// The last signal since this was asked before, or 0.
  int take() noexcept;

 private:
  std::size_t place_;
};

}  // namespace hawser::detail
