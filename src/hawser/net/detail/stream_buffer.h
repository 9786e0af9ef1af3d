#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace hawser::detail {

/// Bytes that a Stream has received and nobody has read: appended behind, taken in front, always in
/// one piece. Its memory is used again and again.
class StreamBuffer {
 public:
  std::string_view bytes() const noexcept { return {memory_.get() + begin_, size_}; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// Holds a copy of `bytes` and nothing else.
  void assign(std::string_view bytes) {
    clear();
    if (bytes.size() > capacity_) [[unlikely]]
      grow(bytes.size());
    std::memcpy(memory_.get(), bytes.data(), bytes.size());
    size_ = bytes.size();
  }
  void append(std::string_view bytes) {
    if (bytes.size() > capacity_ - begin_ - size_) [[unlikely]]
      makeRoom(bytes.size());
    std::memcpy(memory_.get() + begin_ + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  /// Forgets the first `count`, which must be there.
  void drop(std::size_t count) noexcept {
    begin_ += count;
    size_ -= count;
    if (size_ == 0) begin_ = 0;
  }
  void clear() noexcept { begin_ = size_ = 0; }

  /// Frees memory that a connection which may now be idle for long should not keep.
  void giveBack() noexcept {
    if (capacity_ <= keptCapacity || size_ != 0) [[likely]]
      return;
    memory_.reset();
    capacity_ = 0;
  }

  void swap(StreamBuffer& other) noexcept {
    memory_.swap(other.memory_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
  }

 private:
  static constexpr std::size_t keptCapacity = 4096;

  /// Room for `more` bytes behind what is here.
  void makeRoom(std::size_t more);
  void grow(std::size_t capacity);

  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace hawser::detail
