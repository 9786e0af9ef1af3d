#pragma once

#include <thread>

namespace hawser {

/// While it lives, its thread gets so many blocks from the global heap and no more. A pool has
/// blocks of its own; that of a new thread has none.
class HeapLimit {
 public:
  explicit HeapLimit(int blocks) noexcept;
  HeapLimit(const HeapLimit&) = delete;
  HeapLimit& operator=(const HeapLimit&) = delete;
  ~HeapLimit();
};

template <class Body>
void onANewThread(Body body) {
  std::thread([&] { body(); }).join();
}

}  // namespace hawser
