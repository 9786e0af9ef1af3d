#pragma once

#include <utility>

namespace hawser {

/// Owns an open file descriptor and closes it.
class FileDescriptor {
 public:
  FileDescriptor() noexcept = default;
  explicit FileDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      reset();
      descriptor_ = other.release();
    }
    return *this;
  }
  ~FileDescriptor() {
    if (descriptor_ >= 0) reset();
  }

  /// -1 if it owns nothing.
  int get() const noexcept { return descriptor_; }
  explicit operator bool() const noexcept { return descriptor_ >= 0; }

  /// Gives the descriptor away without closing it.
  int release() noexcept { return std::exchange(descriptor_, -1); }
  /// Closes it now. `errno` is kept.
  void reset() noexcept;

 private:
  int descriptor_ = -1;
};

}  // namespace hawser
