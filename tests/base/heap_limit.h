#pragma once

#include <hawser/config.h>

/// Makes the global heap run out of memory. Only where there is no pool does every block come from
/// there, and only there is this defined.
#if !HAWSER_POOL

namespace hawser {

/// While it lives, there are only so many blocks more.
class HeapLimit {
 public:
  explicit HeapLimit(int blocks) noexcept;
  HeapLimit(const HeapLimit&) = delete;
  HeapLimit& operator=(const HeapLimit&) = delete;
  ~HeapLimit();
};

}  // namespace hawser

#endif
