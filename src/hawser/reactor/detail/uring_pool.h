#pragma once

#include <hawser/reactor/detail/uring_buffers.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hawser::detail {

/// The buffers of all channels of one ring: many small ones, a few large ones, numbered through.
class UringPool {
 public:
  enum class Size : std::uint8_t { small, large };
  static constexpr std::size_t smallBytes = 4 * 1024;
  static constexpr std::size_t largeBytes = 64 * 1024;
  static constexpr std::uint16_t noBuffer = UINT16_MAX;

  /// @throws ReactorNotAvailable, std::system_error
  UringPool(Uring& ring, unsigned small, unsigned large);

  const UringBuffers& of(Size size) const noexcept { return size == Size::small ? small_ : large_; }
  /// The number of the buffer that the kernel calls `buffer`.
  std::uint16_t number(Size size, unsigned buffer) const noexcept {
    return static_cast<std::uint16_t>(size == Size::small ? buffer : small_.count() + buffer);
  }

  /// What the kernel has written into a buffer, and the number of the next one of the same channel.
  struct Content {
    std::uint32_t bytes;
    std::uint16_t next;
  };
  Content& content(std::uint16_t number) noexcept { return contents_[number]; }
  const Content& content(std::uint16_t number) const noexcept { return contents_[number]; }
  std::span<const std::byte> bytes(std::uint16_t number) const noexcept {
    const std::byte* const start =
        number < small_.count() ? small_.data(number) : large_.data(number - small_.count());
    return {start, contents_[number].bytes};
  }

  /// Lets the kernel use it again, after the next `publish`.
  void giveBack(std::uint16_t number) noexcept {
    if (number < small_.count())
      small_.giveBack(number);
    else
      large_.giveBack(number - small_.count());
  }
  void publish() noexcept;
  /// The kernel may still write to them.
  void leak() noexcept;

 private:
  UringBuffers small_;
  UringBuffers large_;
  std::vector<Content> contents_;
};

}  // namespace hawser::detail
