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

constexpr std::string_view unixScheme = "unix:";
// What fits into a sockaddr_un, with the byte 0 that ends a path.
constexpr std::size_t longestPath = 107;

// Bytes that would disturb a terminal, and the backslash, are shown as numbers.
std::string pathText(std::string_view path) {
  std::string text;
  if (path.starts_with('\0')) {
    text = "@";
    path.remove_prefix(1);
  }
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || byte == '\\')
      text += fmt::format("\\x{:02x}", byte);
    else
      text += c;
  }
  return text;
}

// The other way round.
std::string pathFromText(std::string_view text, std::size_t start) {
  std::string path;
  for (std::size_t at = start; at < text.size(); ++at) {
    if (at == start && text[at] == '@') {
      path += '\0';
    } else if (text[at] != '\\') {
      path += text[at];
    } else {
      unsigned byte = 0;
      const char* const digits = text.data() + at + 2;
      const bool enough = at + 4 <= text.size() && text[at + 1] == 'x';
      if (!enough || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2)
        throw BadAddressError(text, at, "expected a backslash, x and two hexadecimal digits");
      path += static_cast<char>(byte);
      at += 3;
    }
  }
  return path;
}

std::string scopeText(std::uint32_t scope) {
  char name[IF_NAMESIZE];
  if (::if_indextoname(scope, name)) return name;
  return std::to_string(scope);
}

// Logs of busy servers name their peers all the time: these are worth being short.

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

Address Address::fromPath(std::string_view path) {
  if (path.size() > longestPath)
    throw BadAddressError(pathText(path), 0,
                          fmt::format("the path of a socket has at most {} bytes", longestPath));
  if (!path.starts_with('\0') && path.find('\0') != std::string_view::npos)
    throw BadAddressError(pathText(path), path.find('\0'), "a byte 0 inside a path");
  // What most clients have: no memory for each.
  static const auto unnamed = std::make_shared<const std::string>();
  return Address(path.empty() ? unnamed : std::make_shared<const std::string>(path));
}

Address Address::parse(std::string_view text) {
  if (text.starts_with(unixScheme)) return fromPath(pathFromText(text, unixScheme.size()));
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
    case Family::local:
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
    case Family::local:
      return fmt::format("{}{}", unixScheme, pathText(path()));
  }
  return "none";
}

Address Address::withPort(std::uint16_t port) const noexcept {
  Address copy = *this;
  if (family_ != Family::local) copy.port_ = port;
  return copy;
}

std::strong_ordering operator<=>(const Address& one, const Address& other) noexcept {
  if (const auto order = one.family_ <=> other.family_; order != 0) return order;
  if (one.family_ == Address::Family::local) return *one.path_ <=> *other.path_;
  if (const auto order = one.bytes_ <=> other.bytes_; order != 0) return order;
  if (const auto order = one.scope_ <=> other.scope_; order != 0) return order;
  return one.port_ <=> other.port_;
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
  if (address.family() == hawser::Address::Family::local)
    return std::hash<std::string_view>()(address.path());
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
