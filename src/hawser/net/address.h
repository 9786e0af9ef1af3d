#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hawser {

/// One end of a connection, or where datagrams come from: a numeric IPv4 or IPv6 address and a
/// port, or the path of a UNIX socket. (Twisted's `IPv4Address`, `IPv6Address` and `UNIXAddress`.)
///
/// A small value: copy it, compare it, use it as a key; any thread may hold a copy. It never holds
/// a name; turning names into addresses takes time and is `lookupHost`'s work (host_lookup.h).
///
/// Its text is `tcp:127.0.0.1:10000`, `tcp:[::1]:10000` or `unix:/run/poetry.sock`, and `parse`
/// reads what `toString` wrote. An IPv6 address of one link carries its interface:
/// `tcp:[fe80::1%eth0]:10000`. An abstract UNIX address, which is no file, begins with a byte 0 and
/// is written with an @ in its place, as elsewhere on Linux: `unix:@poetry`.
class Address {
 public:
  enum class Family : std::uint8_t { none, ipv4, ipv6, local };
  using Bytes = std::array<std::uint8_t, 16>;

  /// No address: what `getPeer` of something unconnected gives. Prints as `none`.
  Address() noexcept {}
  Address(const Address& other) noexcept
      : scope_(other.scope_), port_(other.port_), family_(other.family_) {
    if (family_ == Family::local)
      std::construct_at(&path_, other.path_);
    else
      bytes_ = other.bytes_;
  }
  Address& operator=(const Address& other) noexcept {
    if (this != &other) {
      std::destroy_at(this);
      std::construct_at(this, other);
    }
    return *this;
  }
  ~Address() {
    if (family_ == Family::local) std::destroy_at(&path_);
  }

  /// The address that `host` spells in numbers, without brackets, or nothing if it spells none.
  static std::optional<Address> fromNumericHost(std::string_view host, std::uint16_t port);

  /// A UNIX socket: a path, or a byte 0 and an abstract name; empty is a socket without a name.
  /// @throws BadAddressError if it is longer than sockets allow (107 bytes), or has a byte 0 inside
  static Address fromPath(std::string_view path);

  /// Reads `HOST:PORT`, `tcp:HOST:PORT` or `unix:PATH`; HOST is numeric, IPv6 in brackets.
  /// @throws BadAddressError saying what is wrong and at which byte
  static Address parse(std::string_view text);

  /// Every interface of this machine: `0.0.0.0` or `::`.
  static Address any(Family family, std::uint16_t port) noexcept;

  /// From bytes in network order; IPv4 uses the first four. For the families that have bytes.
  Address(Family family, const Bytes& bytes, std::uint16_t port, std::uint32_t scope = 0) noexcept
      : bytes_(bytes), scope_(scope), port_(port), family_(family) {}

  Family family() const noexcept { return family_; }
  /// All zero for a UNIX socket.
  const Bytes& bytes() const noexcept { return family_ == Family::local ? noBytes : bytes_; }
  std::uint16_t port() const noexcept { return port_; }
  /// The number of the interface that a link-local IPv6 address belongs to, else 0.
  std::uint32_t scope() const noexcept { return scope_; }
  /// Of a UNIX socket, as `fromPath` took it; else empty.
  std::string_view path() const noexcept {
    return family_ == Family::local ? std::string_view(*path_) : std::string_view();
  }

  /// The host alone, without brackets: `::1`.
  std::string host() const;
  std::string toString() const;
  /// The same host at another port; a UNIX socket stays as it is.
  Address withPort(std::uint16_t port) const noexcept;

  friend bool operator==(const Address& one, const Address& other) noexcept {
    return (one <=> other) == 0;
  }
  friend std::strong_ordering operator<=>(const Address& one, const Address& other) noexcept;

 private:
  explicit Address(std::shared_ptr<const std::string> path) noexcept
      : path_(std::move(path)), family_(Family::local) {}

  static constexpr Bytes noBytes{};

  union {
    Bytes bytes_{};                            // unless family_ is local
    std::shared_ptr<const std::string> path_;  // while it is, and never null
  };
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
