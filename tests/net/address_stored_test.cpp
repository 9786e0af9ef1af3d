#include <hawser/net/address.h>
#include <hawser/net/detail/stored_address.h>

#include <gtest/gtest.h>

#include <utility>

namespace hawser {
namespace {

using detail::StoredAddress;

Address addresses(const char* text) { return *text == '\0' ? Address() : Address::parse(text); }

class StoredAddresses : public ::testing::TestWithParam<const char*> {};

TEST_P(StoredAddresses, areWhatWasStored) {
  const Address address = addresses(GetParam());
  const StoredAddress stored(address);
  EXPECT_EQ(stored.get(), address);
  EXPECT_EQ(stored.empty(), address.family() == Address::Family::none);
}

TEST_P(StoredAddresses, canBeMoved) {
  const Address address = addresses(GetParam());
  StoredAddress from(address);
  StoredAddress to = std::move(from);
  EXPECT_EQ(to.get(), address);
  StoredAddress last(Address::parse("[::1]:1"));
  last = std::move(to);
  EXPECT_EQ(last.get(), address);
}

INSTANTIATE_TEST_SUITE_P(OfAnyKind, StoredAddresses,
                         ::testing::Values("", "0.0.0.0:0", "127.0.0.1:10000",
                                           "255.255.255.255:65535", "0.0.0.1:1", "128.0.0.0:0",
                                           "[::]:0", "[::1]:10000", "[2001:db8::ff]:443",
                                           "[fe80::1%lo]:9", "unix:", "unix:/run/poetry.sock",
                                           "unix:@poetry"));

TEST(StoredAddress, keepsIpv4BytesThatNoSocketHas) {
  Address::Bytes bytes{};
  bytes[3] = 1;
  bytes[15] = 1;
  const Address address(Address::Family::ipv4, bytes, 7, 3);
  EXPECT_EQ(StoredAddress(address).get(), address);
}

TEST(StoredAddress, isOneWord) { EXPECT_EQ(sizeof(StoredAddress), 8u); }

}  // namespace
}  // namespace hawser
