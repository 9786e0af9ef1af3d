#pragma once

#include <cstdint>
#include <functional>

namespace hawser::torture {

/// On which threads allocations fail: on that of the scenario, or on those that it makes others
/// start.
enum class Whose : std::uint8_t { mine, others };

/// Runs `scenario` again and again, each time on a new thread, whose pool is empty, and with an
/// allocation failing: the first, the second, ..., until it needs no more of them. Each time first
/// with that one alone failing, then with all that follow failing as well.
///
/// It may throw `std::bad_alloc` and nothing else. Checked is that it gives back what it took, in
/// memory and in descriptors.
/// @returns how many allocations failed
int walkMemory(const std::function<void()>& scenario, Whose whose = Whose::mine);

/// In a scenario: is it one allocation alone that fails, so that all else must go on?
bool oneAloneFails() noexcept;

/// While it lives, allocations of this thread succeed: for what a scenario checks with.
class EnoughMemory {
 public:
  EnoughMemory() noexcept;
  ~EnoughMemory();
  EnoughMemory(const EnoughMemory&) = delete;
  EnoughMemory& operator=(const EnoughMemory&) = delete;
};

}  // namespace hawser::torture
