#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace hawser::detail {

/// Where short messages wait for the end of the turn in which they are written: one piece of memory
/// for all connections, used anew in each turn, so that a message costs no block of its own.
///
/// There are two halves. What the end of a turn sends lies in one; what is written meanwhile, and
/// in the next turn, lies in the other.
class TurnBuffer {
 public:
  static constexpr std::size_t halfBytes = 64 * 1024;

  TurnBuffer() : memory_(std::make_unique_for_overwrite<char[]>(2 * halfBytes)) { change(); }

  /// How many bytes are left.
  std::size_t room() const noexcept { return static_cast<std::size_t>(end_ - free_); }
  /// Where they begin.
  const char* next() const noexcept { return free_; }
  /// Room that is the caller's until the hooks which have been asked for by now have been called.
  /// So much must be left.
  char* take(std::size_t bytes) noexcept { return std::exchange(free_, free_ + bytes); }
  /// The end of the turn begins.
  void change() noexcept {
    const bool first = end_ != memory_.get() + halfBytes;
    free_ = memory_.get() + (first ? 0 : halfBytes);
    end_ = free_ + halfBytes;
  }

 private:
  std::unique_ptr<char[]> memory_;
  char* free_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace hawser::detail
