#pragma once

#include <functional>

namespace hawser::torture {

/// Runs `scenario` again and again, each time on a new thread, whose pool is empty, and with an
/// allocation failing: the first, the second, ..., until it needs no more of them. Each time first
/// with that one alone failing, then with all that follow failing as well.
///
/// It may throw `std::bad_alloc` and nothing else. Checked is that it gives back what it took.
/// @returns how many allocations failed
int walkMemory(const std::function<void()>& scenario);

/// While it lives, allocations of this thread succeed: for what a scenario checks with.
class EnoughMemory {
 public:
  EnoughMemory() noexcept;
  ~EnoughMemory();
  EnoughMemory(const EnoughMemory&) = delete;
  EnoughMemory& operator=(const EnoughMemory&) = delete;
};

}  // namespace hawser::torture
