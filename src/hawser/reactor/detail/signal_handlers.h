#pragma once

#include <hawser/base/unique_function.h>

#include <cstdint>
#include <memory>
#include <source_location>
#include <vector>

namespace hawser::detail {

class SignalHandlers;
class SignalWatch;

/// A function to be called for a signal. Shared by the SignalHandler that stands for it, the
/// reactor, and a call under way.
struct SignalEntry {
  SignalHandlers* owner;  // null: it is not to be called any more
  int signal;
  unique_function<void(int)> call;
  std::source_location where;
};

/// What a reactor calls for signals.
class SignalHandlers {
 public:
  /// `watch` outlives this.
  explicit SignalHandlers(SignalWatch& watch) noexcept : watch_(watch) {}
  SignalHandlers(const SignalHandlers&) = delete;
  SignalHandlers& operator=(const SignalHandlers&) = delete;
  ~SignalHandlers() { clear(); }

  /// @throws std::system_error
  std::shared_ptr<SignalEntry> add(int signal, unique_function<void(int)> call,
                                   std::source_location where);
  void remove(const std::shared_ptr<SignalEntry>& entry) noexcept;
  /// Calls the functions for the signals that came, each a bit: those that are here now, in the
  /// order of adding.
  void deliver(std::uint64_t came);
  /// None is called again, and all are destroyed. Not while delivering.
  void clear() noexcept;

 private:
  SignalWatch& watch_;
  std::vector<std::shared_ptr<SignalEntry>> entries_;  // null: removed while delivering
  bool delivering_ = false;
};

}  // namespace hawser::detail
