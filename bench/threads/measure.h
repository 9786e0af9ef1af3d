#pragma once

#include "peer.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bench {

/// One line of the comparison.
struct Operation {
  std::string_view name;  ///< in one word
  std::size_t times;      ///< in one round; few enough that a round takes some tenths of a second
  /// Null: this peer has no such thing.
  std::uint64_t (*run)(const Peer& peer, std::size_t times);
  bool (*possible)(const Peer& peer);
};
std::span<const Operation> operations();

/// Nanoseconds for each of `times`. Ends the program if the answers are wrong.
double nanosecondsEach(const Operation& operation, const Peer& peer, std::size_t times);

double median(std::vector<double> values);

}  // namespace bench
