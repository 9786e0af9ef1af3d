#include <hawser/net/detail/stored_address.h>

#include <algorithm>
#include <cstddef>

namespace hawser::detail {

namespace {

constexpr std::size_t ipv4Bytes = 4;

bool fitsIntoAWord(const Address& address) noexcept {
  const Address::Bytes& bytes = address.bytes();
  return address.family() == Address::Family::ipv4 && address.scope() == 0 &&
         std::all_of(bytes.begin() + ipv4Bytes, bytes.end(), [](auto byte) { return byte == 0; });
}

Address* pointerIn(std::uint64_t word) noexcept {
  return reinterpret_cast<Address*>(static_cast<std::uintptr_t>(word));
}

}  // namespace

StoredAddress::StoredAddress(const Address& address) {
  if (address.family() == Address::Family::none) return;
  if (!fitsIntoAWord(address)) {
    word_ = reinterpret_cast<std::uintptr_t>(new Address(address));
    return;
  }
  for (std::size_t i = 0; i < ipv4Bytes; ++i) word_ = word_ << 8 | address.bytes()[i];
  word_ = word_ << 32 | std::uint64_t{address.port()} << 16 | 1;
}

Address StoredAddress::get() const noexcept {
  if (word_ == 0) return Address();
  if (isElsewhere()) return *pointerIn(word_);
  Address::Bytes bytes{};
  for (std::size_t i = 0; i < ipv4Bytes; ++i)
    bytes[i] = static_cast<std::uint8_t>(word_ >> (56 - 8 * i));
  return Address(Address::Family::ipv4, bytes, static_cast<std::uint16_t>(word_ >> 16));
}

void StoredAddress::destroy() noexcept { delete pointerIn(word_); }

}  // namespace hawser::detail
