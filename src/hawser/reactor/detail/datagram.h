#pragma once

#include <hawser/reactor/native_address.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace hawser::detail {

/// What one try to receive a datagram gave.
struct Datagram {
  enum class Outcome : std::uint8_t {
    none,      ///< nothing is there
    received,  ///< one is: `bytes`, `from`, `truncated`
    failed,    ///< `error` is told, and receiving goes on
    ended,     ///< `error` is for good
  };

  Outcome outcome;
  bool truncated = false;
  int error = 0;
  std::span<const std::byte> bytes{};
  NativeAddress from{};

  /// Does not wait, whatever the flags of the descriptor are.
  static Datagram receive(int descriptor, std::span<std::byte> buffer) noexcept;
  static Datagram ended(int error) noexcept { return {Outcome::ended, false, error}; }
};

}  // namespace hawser::detail
