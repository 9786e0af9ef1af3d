#pragma once

#include <hawser/base/durations.h>

#include <cstddef>
#include <cstdint>

namespace hawser::testing {

/// Choices that a seed decides: the same seed gives the same choices, with every compiler and
/// standard library (the distributions of `<random>` do not promise that).
///
/// The generator is SplitMix64: fast, and good enough to make a network moody; not for secrets.
class SimulatedRandom {
 public:
  explicit SimulatedRandom(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  /// From `least` to `most`, both included; `least` if they are in the wrong order.
  std::size_t between(std::size_t least, std::size_t most) noexcept {
    if (most <= least) return least;
    const std::uint64_t choices = most - least + 1;
    return least + static_cast<std::size_t>(choices == 0 ? next() : next() % choices);
  }
  std::chrono::nanoseconds between(std::chrono::nanoseconds least,
                                   std::chrono::nanoseconds most) noexcept {
    if (most <= least) return least;
    return least + std::chrono::nanoseconds(
                       between(std::size_t{0}, static_cast<std::size_t>((most - least).count())));
  }

  /// True so often: 0 is never, 1 is always.
  bool chance(double probability) noexcept {
    if (probability <= 0) return false;
    return static_cast<double>(next() >> 11) * 0x1p-53 < probability;
  }

  /// A generator of its own for one part of a test, so that its choices do not depend on how many
  /// the other parts make.
  SimulatedRandom fork() noexcept { return SimulatedRandom(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace hawser::testing
