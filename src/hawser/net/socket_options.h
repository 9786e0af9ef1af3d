#pragma once

#include <hawser/base/durations.h>
#include <hawser/net/address.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>

namespace hawser {

// The options of a connection that are worth setting, each a type of its own, so that no unit and
// no number can be mistaken:
//
//     transport().setOption(KeepAlive{true});
//     transport().setOption(KeepAliveIdle{60s});
//     const int bytes = transport().getOption<SendBufferSize>()->bytes;
//
// What Linux calls them is in the comments. Times are cut to the unit that the kernel has.

/// How the kernel is asked for an option.
struct SocketOptionName {
  int level;
  int name;
  const char* text;      ///< for messages: `TCP_NODELAY`
  std::size_t size = 4;  ///< of the value, in bytes
};
/// What the kernel keeps of it: one number, or two.
using SocketOptionValue = std::array<int, 2>;

/// TCP_NODELAY: small pieces leave at once instead of waiting for more for a round trip.
struct NoDelay {
  bool on = true;

  static SocketOptionName option(Address::Family family) noexcept;
  SocketOptionValue value() const noexcept { return {on ? 1 : 0}; }
  static NoDelay from(const SocketOptionValue& value) noexcept { return {value[0] != 0}; }
};

/// SO_KEEPALIVE: the kernel asks a silent peer whether it is still there, as often as the next
/// three say, and breaks the connection (ETIMEDOUT) if it is not.
struct KeepAlive {
  bool on = true;

  static SocketOptionName option(Address::Family family) noexcept;
  SocketOptionValue value() const noexcept { return {on ? 1 : 0}; }
  static KeepAlive from(const SocketOptionValue& value) noexcept { return {value[0] != 0}; }
};

/// TCP_KEEPIDLE: after how much silence the first question is sent. Two hours by default.
struct KeepAliveIdle {
  std::chrono::seconds time;

  static SocketOptionName option(Address::Family family) noexcept;
  SocketOptionValue value() const noexcept { return {static_cast<int>(time.count())}; }
  static KeepAliveIdle from(const SocketOptionValue& value) noexcept {
    return {std::chrono::seconds(value[0])};
  }
};

/// TCP_KEEPINTVL: how much later the next one. 75 s by default.
struct KeepAliveInterval {
  std::chrono::seconds time;

  static SocketOptionName option(Address::Family family) noexcept;
  SocketOptionValue value() const noexcept { return {static_cast<int>(time.count())}; }
  static KeepAliveInterval from(const SocketOptionValue& value) noexcept {
    return {std::chrono::seconds(value[0])};
  }
};

/// TCP_KEEPCNT: how many questions without an answer break the connection. 9 by default.
struct KeepAliveProbes {
  int count;

  static SocketOptionName option(Address::Family family) noexcept;
  SocketOptionValue value() const noexcept { return {count}; }
  static KeepAliveProbes from(const SocketOptionValue& value) noexcept { return {value[0]}; }
};

/// TCP_USER_TIMEOUT: how long bytes may wait for the peer's acknowledgement before the connection
/// breaks (ETIMEDOUT). 0 is the kernel's own patience, a quarter of an hour or so.
struct UserTimeout {
  std::chrono::milliseconds time;

  static SocketOptionName option(Address::Family family) noexcept;
  SocketOptionValue value() const noexcept { return {static_cast<int>(time.count())}; }
  static UserTimeout from(const SocketOptionValue& value) noexcept {
    return {std::chrono::milliseconds(value[0])};
  }
};

/// SO_SNDBUF: how much the kernel takes before a send has to wait. Linux doubles the number, for
/// its own bookkeeping, and tells the doubled one; it limits it (net.core.wmem_max), and stops
/// choosing by itself once it is told.
struct SendBufferSize {
  int bytes;

  static SocketOptionName option(Address::Family family) noexcept;
  SocketOptionValue value() const noexcept { return {bytes}; }
  static SendBufferSize from(const SocketOptionValue& value) noexcept { return {value[0]}; }
};

/// SO_RCVBUF: how much the kernel keeps that this program has not read. Doubled and limited
/// likewise (net.core.rmem_max).
struct ReceiveBufferSize {
  int bytes;

  static SocketOptionName option(Address::Family family) noexcept;
  SocketOptionValue value() const noexcept { return {bytes}; }
  static ReceiveBufferSize from(const SocketOptionValue& value) noexcept { return {value[0]}; }
};

/// IP_TTL, IPV6_UNICAST_HOPS: how many networks a packet may cross, 1 to 255.
struct TimeToLive {
  int hops;

  static SocketOptionName option(Address::Family family) noexcept;
  SocketOptionValue value() const noexcept { return {hops}; }
  static TimeToLive from(const SocketOptionValue& value) noexcept { return {value[0]}; }
};

/// IP_TOS, IPV6_TCLASS: the byte in each packet by which routers prefer some to others.
struct TypeOfService {
  int byte;

  static SocketOptionName option(Address::Family family) noexcept;
  SocketOptionValue value() const noexcept { return {byte}; }
  static TypeOfService from(const SocketOptionValue& value) noexcept { return {value[0]}; }
};

/// SO_LINGER: what the kernel does with unsent bytes when the connection is closed. Nothing given:
/// it goes on sending them, as it does by default. A time of 0: it throws them away and resets the
/// connection, even at the end of `loseConnection`. With another time closing **blocks the
/// reactor** for so long.
struct Linger {
  std::optional<std::chrono::seconds> time;

  static SocketOptionName option(Address::Family family) noexcept;
  SocketOptionValue value() const noexcept {
    return {time ? 1 : 0, time ? static_cast<int>(time->count()) : 0};
  }
  static Linger from(const SocketOptionValue& value) noexcept {
    if (value[0] == 0) return {};
    return {std::chrono::seconds(value[1])};
  }
};

/// One of the types above, or of yours that looks like them.
template <class O>
concept SocketOption = requires(const O& option, Address::Family family) {
  { O::option(family) } -> std::same_as<SocketOptionName>;
  { option.value() } -> std::same_as<SocketOptionValue>;
  { O::from(option.value()) } -> std::same_as<O>;
};

}  // namespace hawser
