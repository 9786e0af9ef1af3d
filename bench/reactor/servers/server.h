#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace server {

/// What is received at once, at most; everybody's buffers have this size.
constexpr std::size_t bufferBytes = 64 * 1024;
constexpr int backlog = 512;

/// The command line that all servers have: `[--port N] [--reactor NAME]`.
struct Options {
  std::uint16_t port = 0;
  std::string_view reactor;
};
Options parseOptions(int argc, char** argv);

/// What Hawser does by itself: SIGPIPE is ignored, and SIGTERM ends the program in order.
void prepareSignals();
/// A socket that listens on the loopback and does not block; accepted ones inherit TCP_NODELAY.
int listenOn(std::uint16_t port);
/// Prints where the socket listens.
void announce(int listening);
void announce(std::uint16_t port);
void setNoDelay(int socket);
[[noreturn]] void fail(const char* what);

}  // namespace server
