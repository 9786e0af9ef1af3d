#pragma once

#include <cstddef>

// What every library in this comparison is asked to do across threads. Each has a file of its own
// here, which has one Peer.

namespace bench {

/// The threads of every pool.
constexpr std::size_t poolThreads = 4;
/// Jobs that are in a pool at one time.
constexpr std::size_t inFlight = 64;

/// Each function does it so many times; null: the library has no such thing.
struct Peer {
  const char* name;
  /// Another thread asks the loop for calls, without waiting. Returns when all have been made.
  void (*post)(std::size_t calls);
  /// Another thread asks the loop for a call, and waits until it has been made; then for the next.
  void (*roundTrip)(std::size_t calls);
  /// The loop gives jobs to a pool, and is told of the end of each; then it gives the next.
  void (*pool)(std::size_t jobs);
};

extern const Peer hawserPeer;
extern const Peer limitPeer;
extern const Peer asyncPeer;
extern const Peer asioPeer;
extern const Peer libuvPeer;

}  // namespace bench
