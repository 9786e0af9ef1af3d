#pragma once

#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

// What every library in this comparison is asked to do across threads. Each has a file of its own
// here, which has one Peer.

namespace bench {

/// The threads of every pool.
constexpr std::size_t poolThreads = 4;

/// Each function does it so many times, with the numbers from 0 on, and returns the sum of
/// `answerTo` each of them as it came back, so that nobody leaves anything out. Null: the library
/// has no such thing.
struct Peer {
  const char* name;
  /// So many threads ask the loop for calls, without waiting; each for its share. Returns when all
  /// have been made.
  std::uint64_t (*post)(std::size_t threads, std::size_t calls);
  /// Another thread asks the loop for a call, and waits for its answer; then for the next.
  std::uint64_t (*roundTrip)(std::size_t calls);
  /// The loop gives jobs to a pool, so many at a time, and is told what each gave; then it gives
  /// the next.
  std::uint64_t (*pool)(std::size_t inFlight, std::size_t jobs);
  /// It makes one call of so many, since each takes so long.
  std::size_t oneOf = 1;
};

inline std::uint64_t answerTo(std::uint64_t number) { return number + 1; }

extern const Peer hawserPeer;
extern const Peer limitPeer;
extern const Peer asyncPeer;
extern const Peer asioPeer;
extern const Peer libuvPeer;
extern const Peer kjPeer;

/// Calls `ask(number)` with `calls` numbers in all, from so many threads.
class Askers {
 public:
  template <class F>
  Askers(std::size_t threads, std::size_t calls, F ask) {
    const std::size_t share = calls / threads;
    for (std::size_t t = 0; t < threads; ++t)
      threads_.emplace_back([ask, first = t * share, last = (t + 1) * share] {
        for (std::size_t number = first; number < last; ++number) ask(number);
      });
  }
  Askers(const Askers&) = delete;
  Askers& operator=(const Askers&) = delete;
  ~Askers() {
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::vector<std::thread> threads_;
};

}  // namespace bench
