#include <hawser/net/address.h>

#include <hawser/net/errors.h>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace hawser {

namespace {

constexpr std::string_view scheme = "tcp:";

std::optional<std::uint32_t> parseScope(const std::string& text) {
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end && number != 0) return number;
  number = ::if_nametoindex(text.c_str());
  if (number == 0) return std::nullopt;
  return number;
}

std::string scopeText(std::uint32_t scope) {
  char name[IF_NAMESIZE];
  if (::if_indextoname(scope, name)) return name;
  return std::to_string(scope);
}

// Each connection that ends writes its peer into the reason: these are worth being short.

char* writeNumber(char* to, std::uint16_t number) noexcept {
  return std::to_chars(to, to + 5, number).ptr;
}

/// Up to 15 characters. @returns the end of what it wrote
char* writeIpv4(char* to, const Address::Bytes& bytes) noexcept {
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != 0) *to++ = '.';
    to = writeNumber(to, bytes[i]);
  }
  return to;
}

}  // namespace

std::optional<Address> Address::fromNumericHost(std::string_view host, std::uint16_t port) {
  // inet_pton wants a terminated string; a byte 0 inside would hide what follows it.
  if (host.find('\0') != std::string_view::npos) return std::nullopt;
  std::uint32_t scope = 0;
  std::string text(host);
  if (auto percent = host.find('%'); percent != std::string_view::npos) {
    auto parsed = parseScope(text.substr(percent + 1));
    if (!parsed) return std::nullopt;
    scope = *parsed;
    text.resize(percent);
  }
  Bytes bytes{};
  if (scope == 0 && ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1)
    return Address(Family::ipv4, bytes, port);
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1)
    return Address(Family::ipv6, bytes, port, scope);
  return std::nullopt;
}

Address Address::parse(std::string_view text) {
  const std::size_t start = text.starts_with(scheme) ? scheme.size() : 0;
  const std::string_view rest = text.substr(start);
  std::string_view host;
  std::size_t colon = 0;
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos)
      throw BadAddressError(text, start, "this bracket is not closed");
    host = rest.substr(1, close - 1);
    colon = close + 1;
    if (host.find(':') == std::string_view::npos)
      throw BadAddressError(text, start + 1, "only an IPv6 address stands in brackets");
  } else {
    colon = std::min(rest.find(':'), rest.size());
    host = rest.substr(0, colon);
    if (rest.find(':', colon + 1) != std::string_view::npos)
      throw BadAddressError(text, start, "more than one colon; write IPv6 as [HOST]:PORT");
  }
  if (colon >= rest.size() || rest[colon] != ':')
    throw BadAddressError(text, start + colon, "expected a colon and a port");
  const auto port = parsePort(rest.substr(colon + 1));
  if (!port)
    throw BadAddressError(text, start + colon + 1, "expected a port, a number from 0 to 65535");
  auto address = fromNumericHost(host, *port);
  if (!address)
    throw BadAddressError(text, start, "expected a numeric IPv4 or bracketed IPv6 host");
  return *address;
}

Address Address::any(Family family, std::uint16_t port) noexcept {
  return Address(family, Bytes{}, port);
}

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN];
  switch (family_) {
    case Family::none:
      break;
    case Family::ipv4:
      return std::string(text, writeIpv4(text, bytes_));
    case Family::ipv6: {
      std::string host = ::inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
      if (scope_ != 0) host += '%' + scopeText(scope_);
      return host;
    }
  }
  return "none";
}

std::string Address::toString() const {
  switch (family_) {
    case Family::none:
      break;
    case Family::ipv4: {
      char text[scheme.size() + sizeof "255.255.255.255:65535"];
      char* end = std::copy(scheme.begin(), scheme.end(), text);
      end = writeIpv4(end, bytes_);
      *end++ = ':';
      return std::string(text, writeNumber(end, port_));
    }
    case Family::ipv6:
      return fmt::format("{}[{}]:{}", scheme, host(), port_);
  }
  return "none";
}

Address Address::withPort(std::uint16_t port) const noexcept {
  Address copy = *this;
  copy.port_ = port;
  return copy;
}

std::optional<std::uint16_t> parsePort(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end) return std::nullopt;
  return port;
}

}  // namespace hawser

std::size_t std::hash<hawser::Address>::operator()(const hawser::Address& address) const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, address.bytes().data(), sizeof high);
  std::memcpy(&low, address.bytes().data() + sizeof high, sizeof low);
  std::uint64_t mixed = (std::uint64_t{address.port()} << 40) ^ address.scope() ^
                        (static_cast<std::uint64_t>(address.family()) << 60);
  for (std::uint64_t word : {high, low}) {
    mixed = (mixed ^ word) * 0x9e3779b97f4a7c15u;
    mixed ^= mixed >> 32;
  }
  return mixed;
}
