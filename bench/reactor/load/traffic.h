#pragma once

#include <netinet/in.h>
#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace load {

/// Ends the program with what went wrong: a generator that goes on after an error measures nothing.
[[noreturn]] void fail(const char* what);
/// The same, with what errno says.
[[noreturn]] void failErrno(const char* what);

/// Nanoseconds of the monotonic clock.
std::uint64_t now() noexcept;

/// A descriptor with one owner.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }
  int get() const noexcept { return number_; }
  void reset() noexcept;

 private:
  int number_ = -1;
};

/// A socket that connects, or has connected, to the server on this port of the loopback. Each call
/// comes from another address of 127.0.0.0/8, so that connections that linger in the kernel after
/// their end (TIME_WAIT) never use up the local ports.
Descriptor connectTo(std::uint16_t port);

/// What is sent: every message is another stretch of the same random bytes, so a server that mixes
/// up connections or repeats old bytes is found out, and no message has to be made.
class Pattern {
 public:
  explicit Pattern(std::size_t messageBytes);
  std::string_view message(std::uint64_t number) const noexcept {
    return {bytes_.data() + number * stride % shifts, messageBytes_};
  }

 private:
  static constexpr std::uint64_t stride = 61;
  static constexpr std::uint64_t shifts = 4096;
  std::vector<char> bytes_;
  std::size_t messageBytes_;
};

/// An epoll whose sockets are registered once, edge-triggered, for both directions.
class Waiting {
 public:
  Waiting();
  void add(int descriptor, std::uint32_t index);
  /// What is ready, within `milliseconds`.
  std::span<const epoll_event> wait(int milliseconds);

 private:
  Descriptor epoll_;
  std::array<epoll_event, 256> events_;
};

/// One message on its way to the server and back.
class Exchange {
 public:
  void begin(std::string_view message) noexcept {
    message_ = message;
    sent_ = received_ = 0;
  }
  /// Sends what is left and can be sent.
  void send(int descriptor);
  /// Reads and compares what is there. @returns whether the whole message has come back
  bool receive(int descriptor);

 private:
  std::string_view message_;
  std::size_t sent_ = 0;
  std::size_t received_ = 0;
};

}  // namespace load
