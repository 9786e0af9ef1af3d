#include <hawser/net/detail/stored_address.h>

#include <array>
#include <bit>

namespace hawser::detail {

namespace {

using Words = std::array<std::uint32_t, sizeof(Address::Bytes) / 4>;

Address* pointerIn(std::uint64_t word) noexcept {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): seldom followed
  return reinterpret_cast<Address*>(static_cast<std::uintptr_t>(word));
}

}  // namespace

StoredAddress::StoredAddress(const Address& address) {
  if (address.family() == Address::Family::none) return;
  const auto words = std::bit_cast<Words>(address.bytes());
  if (address.family() == Address::Family::ipv4 && address.scope() == 0 &&
      (words[1] | words[2] | words[3]) == 0)
    word_ = std::uint64_t{words[0]} << 32 | std::uint64_t{address.port()} << 16 | 1;
  else
    word_ = reinterpret_cast<std::uintptr_t>(new Address(address));
}

Address StoredAddress::get() const noexcept {
  if (word_ == 0) return Address();
  if (isElsewhere()) return *pointerIn(word_);
  const Words words{static_cast<std::uint32_t>(word_ >> 32)};
  return Address(Address::Family::ipv4, std::bit_cast<Address::Bytes>(words),
                 static_cast<std::uint16_t>(word_ >> 16));
}

void StoredAddress::destroy() noexcept { delete pointerIn(word_); }

}  // namespace hawser::detail
