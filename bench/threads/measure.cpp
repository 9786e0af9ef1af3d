#include "measure.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace bench {

namespace {

constexpr Operation all[] = {
    {"post_1", 400'000, [](const Peer& peer, std::size_t times) { return peer.post(1, times); },
     [](const Peer& peer) { return peer.post != nullptr; }},
    {"post_4", 400'000, [](const Peer& peer, std::size_t times) { return peer.post(4, times); },
     [](const Peer& peer) { return peer.post != nullptr; }},
    {"round_trip", 5'000, [](const Peer& peer, std::size_t times) { return peer.roundTrip(times); },
     [](const Peer& peer) { return peer.roundTrip != nullptr; }},
    {"job_1", 5'000, [](const Peer& peer, std::size_t times) { return peer.pool(1, times); },
     [](const Peer& peer) { return peer.pool != nullptr; }},
    {"job_64", 50'000, [](const Peer& peer, std::size_t times) { return peer.pool(64, times); },
     [](const Peer& peer) { return peer.pool != nullptr; }},
};

}  // namespace

std::span<const Operation> operations() { return all; }

double nanosecondsEach(const Operation& operation, const Peer& peer, std::size_t times) {
  const auto before = std::chrono::steady_clock::now();
  const std::uint64_t sum = operation.run(peer, times);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - before;
  if (sum != std::uint64_t{times} * (times + 1) / 2) {
    std::fprintf(stderr, "%s, %s: the answers are wrong\n", peer.name, operation.name.data());
    std::exit(1);
  }
  return took.count() / static_cast<double>(times);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace bench
