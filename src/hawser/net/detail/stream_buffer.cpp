#include <hawser/net/detail/stream_buffer.h>

#include <algorithm>

namespace hawser::detail {

void StreamBuffer::makeRoom(std::size_t more) {
  // Moving pays while there is less to move than was taken since the last time.
  if (begin_ >= size_ && size_ + more <= capacity_) {
    std::memmove(memory_.get(), memory_.get() + begin_, size_);
    begin_ = 0;
  } else {
    grow(std::max(size_ + more, 2 * size_));
  }
}

void StreamBuffer::grow(std::size_t capacity) {
  auto memory = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ != 0) std::memcpy(memory.get(), memory_.get() + begin_, size_);
  memory_ = std::move(memory);
  capacity_ = capacity;
  begin_ = 0;
}

}  // namespace hawser::detail
