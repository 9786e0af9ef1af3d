#pragma once

#include <hawser/net/address.h>

#include <cstdint>
#include <utility>

namespace hawser::detail {

/// An Address as each connection keeps it, in 8 bytes: IPv4, and none, without more memory, others
/// in a block of their own.
class StoredAddress {
 public:
  StoredAddress() noexcept = default;
  /// @throws std::bad_alloc
  explicit StoredAddress(const Address& address);
  StoredAddress(StoredAddress&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  StoredAddress& operator=(StoredAddress&& other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~StoredAddress() {
    if (isElsewhere()) destroy();
  }

  Address get() const noexcept;
  /// Is it no address?
  bool empty() const noexcept { return word_ == 0; }

 private:
  bool isElsewhere() const noexcept { return word_ != 0 && (word_ & 1) == 0; }
  void destroy() noexcept;

  // From the highest bit: 32 bits of IPv4, the port, 15 bits 0, a 1; or where the Address is.
  std::uint64_t word_ = 0;
};

}  // namespace hawser::detail
