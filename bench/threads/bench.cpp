// Calls across threads, of every peer in one run: the median of some rounds, in which they take
// turns.

#include "peer.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using namespace bench;

const Peer* const peers[] = {
    &limitPeer, &hawserPeer,
#ifdef BENCH_ASIO
    &asioPeer,
#endif
#ifdef BENCH_LIBUV
    &libuvPeer,
#endif
    &asyncPeer,
};

struct Operation {
  const char* name;
  void (*Peer::*function)(std::size_t);
  std::size_t times;
};
const Operation operations[] = {
    {"a posted call", &Peer::post, 1'000'000},
    {"a round trip", &Peer::roundTrip, 20'000},
    {"a job, 64 in flight", &Peer::pool, 100'000},
};

double nanosecondsEach(void (*function)(std::size_t), std::size_t times) {
  const auto before = std::chrono::steady_clock::now();
  function(times);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - before;
  return took.count() / static_cast<double>(times);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  for (const Operation& operation : operations) {
    std::vector<std::vector<double>> times(std::size(peers));
    for (int round = 0; round < rounds; ++round)
      for (std::size_t i = 0; i < std::size(peers); ++i)
        if (auto* const function = peers[i]->*operation.function)
          times[i].push_back(nanosecondsEach(function, operation.times));
    double limit = 0;
    for (std::size_t i = 0; i < std::size(peers); ++i) {
      if (times[i].empty()) continue;
      const double time = median(times[i]);
      if (i == 0) limit = time;
      std::printf("%-20s %-12s %10.0f ns   %6.2f times the limit\n", operation.name, peers[i]->name,
                  time, time / limit);
    }
  }
}
