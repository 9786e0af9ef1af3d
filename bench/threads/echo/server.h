#pragma once

#include <cstdint>

namespace echo {

/// An echo server in one thread: listens on the loopback and the port, which others may share (0: a
/// free one), calls `listening` with the port, and serves for ever.
using Serve = void (*)(std::uint16_t port, void (*listening)(std::uint16_t port));

void serveByHawser(std::uint16_t port, void (*listening)(std::uint16_t port));
/// On epoll by hand, for messages that leave in one piece.
void serveByHand(std::uint16_t port, void (*listening)(std::uint16_t port));

}  // namespace echo
