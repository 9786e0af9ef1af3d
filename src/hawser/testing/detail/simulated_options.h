#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hawser::testing::simulated {

/// The options of a simulated socket: those that programs use can be set and read, and do nothing;
/// but lingering for no time makes closing a reset, as ever.
class SimulatedOptions {
 public:
  /// These return an error number, or 0.
  int set(int level, int name, std::span<const std::byte> value) noexcept;
  int get(int level, int name, std::span<std::byte> value, std::size_t& size) const noexcept;

  bool resetOnClose() const noexcept { return resetOnClose_; }

 private:
  struct Option {
    int level;
    int name;
    int value;
  };

  std::vector<Option> options_;
  bool resetOnClose_ = false;
};

}  // namespace hawser::testing::simulated
