// Calls across threads, of every peer in one run.
//
//   threads [ROUNDS]                  prints one object of JSON: the nanoseconds of each round
//   threads PEER OPERATION TIMES      does that alone, for callgrind and strace
//
// In each round they take turns, in another order each time.

#include "measure.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>

namespace {

using namespace bench;

const Peer* const peers[] = {
    &limitPeer, &hawserPeer,
#ifdef BENCH_BOOST_ASIO
    &asioPeer,
#endif
#ifdef BENCH_LIBUV
    &libuvPeer,
#endif
#ifdef BENCH_KJ
    &kjPeer,
#endif
    &asyncPeer,
};

int runOne(std::string_view peerName, std::string_view operationName, std::size_t times) {
  for (const Operation& operation : operations())
    for (const Peer* const peer : peers)
      if (operation.name == operationName && peer->name == peerName && operation.possible(*peer)) {
        std::printf("%.0f ns each\n", nanosecondsEach(operation, *peer, times));
        return 0;
      }
  std::fprintf(stderr, "there is no such peer or operation\n");
  return 2;
}

void print(const Operation& operation, const std::vector<std::vector<double>>& times, bool first) {
  std::printf("%s\n \"%s\": {", first ? "" : ",", operation.name.data());
  bool firstPeer = true;
  for (std::size_t i = 0; i < std::size(peers); ++i) {
    if (times[i].empty()) continue;
    std::printf("%s\n  \"%s\": [", firstPeer ? "" : ",", peers[i]->name);
    firstPeer = false;
    for (std::size_t round = 0; round < times[i].size(); ++round)
      std::printf("%s%.1f", round == 0 ? "" : ", ", times[i][round]);
    std::printf("]");
    std::fprintf(stderr, "%-12s %-12s %10.0f ns\n", operation.name.data(), peers[i]->name,
                 median(times[i]));
  }
  std::printf("}");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4) return runOne(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10));
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 11;
  std::mt19937 random(std::random_device{}());
  std::printf("{");
  bool first = true;
  for (const Operation& operation : operations()) {
    std::vector<std::vector<double>> times(std::size(peers));
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < std::size(peers); ++i)
      if (operation.possible(*peers[i])) order.push_back(i);
    for (int round = 0; round < rounds; ++round) {
      std::shuffle(order.begin(), order.end(), random);
      for (const std::size_t i : order)
        times[i].push_back(
            nanosecondsEach(operation, *peers[i], operation.times / peers[i]->oneOf));
    }
    print(operation, times, first);
    first = false;
  }
  std::printf("\n}\n");
}
