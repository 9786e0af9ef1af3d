#include <hawser/net/address.h>

#include <hawser/net/detail/native.h>
#include <hawser/net/errors.h>

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

namespace hawser {
namespace {

TEST(Address, printsAsATextThatParseReads) {
  for (const char* text :
       {"tcp:127.0.0.1:10000", "tcp:0.0.0.0:0", "tcp:255.255.255.255:65535", "tcp:[::1]:10000",
        "tcp:[::]:80", "tcp:[2001:db8::ff]:443", "tcp:[::ffff:10.0.0.1]:1", "tcp:[fe80::1%lo]:9"})
    EXPECT_EQ(Address::parse(text).toString(), text);
}

TEST(Address, needsNoSchemeInFront) {
  EXPECT_EQ(Address::parse("127.0.0.1:80"), Address::parse("tcp:127.0.0.1:80"));
  EXPECT_EQ(Address::parse("[::1]:80"), Address::parse("tcp:[::1]:80"));
}

TEST(Address, hasAHostWithoutBracketsAndAPort) {
  const Address address = Address::parse("[::1]:10000");
  EXPECT_EQ(address.family(), Address::Family::ipv6);
  EXPECT_EQ(address.host(), "::1");
  EXPECT_EQ(address.port(), 10000);
  EXPECT_EQ(address.withPort(5).toString(), "tcp:[::1]:5");
}

TEST(Address, isNoneUntilItIsGivenOne) {
  EXPECT_EQ(Address().family(), Address::Family::none);
  EXPECT_EQ(Address().toString(), "none");
}

TEST(Address, comparesByHostScopeAndPort) {
  const Address address = Address::parse("127.0.0.1:1");
  EXPECT_EQ(address, Address::parse("127.0.0.1:1"));
  EXPECT_NE(address, Address::parse("127.0.0.1:2"));
  EXPECT_NE(address, Address::parse("127.0.0.2:1"));
  EXPECT_NE(Address::parse("[fe80::1%1]:1"), Address::parse("[fe80::1%2]:1"));
  const std::unordered_set<Address> set{address, Address::parse("127.0.0.1:1"),
                                        Address::parse("127.0.0.1:2")};
  EXPECT_EQ(set.size(), 2u);
}

TEST(Address, saysWhatIsWrongWithATextAndWhere) {
  const struct {
    std::string text;
    std::size_t position;
    const char* problem;
  } cases[] = {
      {"", 0, "expected a colon and a port"},
      {"127.0.0.1", 9, "expected a colon and a port"},
      {"tcp:127.0.0.1", 13, "expected a colon and a port"},
      {"127.0.0.1:", 10, "expected a port"},
      {"127.0.0.1:65536", 10, "expected a port"},
      {"127.0.0.1:-1", 10, "expected a port"},
      {"127.0.0.1:80x", 10, "expected a port"},
      {"127.0.0.1: 80", 10, "expected a port"},
      {"localhost:80", 0, "expected a numeric"},
      {"256.0.0.1:80", 0, "expected a numeric"},
      {"::1:80", 0, "more than one colon"},
      {"[::1:80", 0, "bracket is not closed"},
      {"[::1]80", 5, "expected a colon"},
      {"[::1]", 5, "expected a colon"},
      {"[127.0.0.1]:80", 1, "only an IPv6 address"},
      {"[fe80::1%nosuchinterface]:80", 0, "expected a numeric"},
      {std::string("127.0.0.1\0:80", 13), 0, "expected a numeric"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.text);
    try {
      Address::parse(each.text);
      ADD_FAILURE() << "was accepted";
    } catch (const BadAddressError& error) {
      EXPECT_EQ(error.position(), each.position);
      EXPECT_NE(std::string(error.what()).find(each.problem), std::string::npos) << error.what();
    }
  }
}

TEST(Address, ofAUnixSocketIsItsPath) {
  const Address file = Address::parse("unix:/run/x.sock");
  EXPECT_EQ(file, Address::fromPath("/run/x.sock"));
  EXPECT_EQ(file.path(), "/run/x.sock");
  EXPECT_EQ(file.family(), Address::Family::local);
  EXPECT_EQ(file.withPort(5), file);
  EXPECT_EQ(file.bytes(), Address::Bytes{});
  Address copy = file;
  EXPECT_EQ(std::hash<Address>()(copy), std::hash<Address>()(file));
  copy = Address::parse("127.0.0.1:1");
  EXPECT_NE(copy, file);
  EXPECT_EQ(copy.path(), "");
  EXPECT_NE(Address::fromPath(std::string("\0x", 2)), Address::fromPath("x"));
}

TEST(Address, ofAUnixSocketReadsWhatItWrote) {
  const std::pair<std::string, const char*> cases[] = {
      {"/run/x.sock", "unix:/run/x.sock"},
      {std::string("\0name", 5), "unix:@name"},
      {"", "unix:"},
      {"a:b c", "unix:a:b c"},
      {"a\nb\\", "unix:a\\x0ab\\x5c"},
      {std::string("\0a\0b", 4), "unix:@a\\x00b"},
  };
  for (const auto& [path, text] : cases) {
    const Address address = Address::fromPath(path);
    EXPECT_EQ(address.toString(), text);
    EXPECT_EQ(Address::parse(text), address);
    EXPECT_EQ(detail::fromNative(detail::toNative(address)), address) << text;
  }
  EXPECT_THROW(Address::parse("unix:a\\x0"), BadAddressError);
  EXPECT_THROW(Address::parse("unix:a\\xzz"), BadAddressError);
  EXPECT_THROW(Address::fromPath(std::string(108, 'x')), BadAddressError);
}

TEST(Address, survivesTheWayThroughTheKernelsForm) {
  for (const char* text : {"127.0.0.1:10000", "[::1]:10000", "[fe80::1%1]:9"}) {
    const Address address = Address::parse(text);
    EXPECT_EQ(detail::fromNative(detail::toNative(address)), address);
  }
  EXPECT_EQ(detail::toNative(Address()).size, 0u);
  EXPECT_EQ(detail::fromNative(NativeAddress()), Address());
}

}  // namespace
}  // namespace hawser
