#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hawser {

/// One end of a connection, or where datagrams come from: a numeric IPv4 or IPv6 address and a
/// port. (Twisted's `IPv4Address` and `IPv6Address`.)
///
/// A small value without pointers: copy it, compare it, use it as a key. It never holds a name;
/// turning names into addresses takes time and is `lookupHost`'s work (host_lookup.h).
///
/// Its text is `tcp:127.0.0.1:10000` or `tcp:[::1]:10000`, and `parse` reads what `toString` wrote.
/// An IPv6 address of one link carries its interface: `tcp:[fe80::1%eth0]:10000`.
class Address {
 public:
  enum class Family : std::uint8_t { none, ipv4, ipv6 };
  using Bytes = std::array<std::uint8_t, 16>;

  /// No address: what `getPeer` of something unconnected gives. Prints as `none`.
  Address() noexcept = default;

  /// The address that `host` spells in numbers, without brackets, or nothing if it spells none.
  static std::optional<Address> fromNumericHost(std::string_view host, std::uint16_t port);

  /// Reads `HOST:PORT` or `tcp:HOST:PORT`; HOST is numeric, IPv6 in brackets.
  /// @throws BadAddressError saying what is wrong and at which byte
  static Address parse(std::string_view text);

  /// Every interface of this machine: `0.0.0.0` or `::`.
  static Address any(Family family, std::uint16_t port) noexcept;

  /// From bytes in network order; IPv4 uses the first four.
  Address(Family family, const Bytes& bytes, std::uint16_t port, std::uint32_t scope = 0) noexcept
      : bytes_(bytes), scope_(scope), port_(port), family_(family) {}

  Family family() const noexcept { return family_; }
  const Bytes& bytes() const noexcept { return bytes_; }
  std::uint16_t port() const noexcept { return port_; }
  /// The number of the interface that a link-local IPv6 address belongs to, else 0.
  std::uint32_t scope() const noexcept { return scope_; }

  /// The host alone, without brackets: `::1`.
  std::string host() const;
  std::string toString() const;
  Address withPort(std::uint16_t port) const noexcept;

  friend auto operator<=>(const Address&, const Address&) noexcept = default;

 private:
  Bytes bytes_{};
  std::uint32_t scope_ = 0;
  std::uint16_t port_ = 0;
  Family family_ = Family::none;
};

/// Reads a port number, 0 to 65535: digits only, no sign, no spaces.
std::optional<std::uint16_t> parsePort(std::string_view text) noexcept;

}  // namespace hawser

template <>
struct std::hash<hawser::Address> {
  std::size_t operator()(const hawser::Address& address) const noexcept;
};
