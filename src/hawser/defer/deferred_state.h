#pragma once

#include <cstdint>

namespace hawser {

/// What a Deferred is doing.
enum class DeferredState : std::uint8_t {
  pending,  ///< waits to be fired, or for another Deferred that a handler returned
  paused,   ///< has a result that stays where it is until `unpause()`
  value,    ///< has a value that no handler has taken yet
  failure,  ///< has a failure that no handler has taken yet
  empty     ///< was moved from: holds nothing
};

}  // namespace hawser
