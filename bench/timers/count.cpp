// Runs one operation of one peer so many times, for a tool that counts instructions: a thousand
// timers a time, beside 100,000 that stay pending.
//
//   timers-count                 lists peer/operation and how many items it consists of
//   timers-count hawser/fired 3

#include "peer.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace bench;
using namespace std::chrono_literals;

constexpr std::size_t staying = 100'000;
constexpr std::size_t coming = 1'000;

std::vector<Nanoseconds> delays(std::size_t count, Nanoseconds from, Nanoseconds span) {
  std::mt19937_64 random(1);
  std::vector<Nanoseconds> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(from + Nanoseconds(static_cast<std::int64_t>(
                             random() % static_cast<std::uint64_t>(span.count()))));
  return all;
}

/// Scheduled among the others, then cancelled.
void cancelled(Timers& timers, std::uint64_t times) {
  const auto some = delays(coming, 30s, 1s);
  std::vector<std::uint32_t> numbers(coming);
  std::iota(numbers.begin(), numbers.end(), static_cast<std::uint32_t>(staying));
  for (; times != 0; --times) {
    timers.schedule(staying, some);
    timers.cancel(numbers);
  }
}

/// Scheduled before the others, then fired, a hundred a millisecond.
void fired(Timers& timers, std::uint64_t times) {
  const auto some = delays(coming, 0s, 10ms);
  const std::uint64_t all = times * coming;
  for (; times != 0; --times) {
    timers.schedule(staying, some);
    for (int i = 0; i < 12; ++i) timers.advance(1ms);
  }
  if (timers.fired != all) std::abort();
}

struct Operation {
  const char* name;
  void (*run)(Timers&, std::uint64_t times);
};
constexpr Operation operations[] = {{"cancelled", cancelled}, {"fired", fired}};

bool run(std::string_view which, std::uint64_t times) {
  for (const Entry* entry = Entry::first; entry; entry = entry->next)
    for (const Operation& operation : operations) {
      if (which != std::string(entry->peer.name) + '/' + operation.name) continue;
      const auto timers = entry->peer.make(staying + coming);
      timers->schedule(0, delays(staying, 30s, 1s));
      operation.run(*timers, times);
      return true;
    }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    for (const Entry* entry = Entry::first; entry; entry = entry->next)
      for (const Operation& operation : operations)
        std::printf("%s/%s %zu\n", entry->peer.name, operation.name, coming);
    return 0;
  }
  if (argc == 3 && run(argv[1], std::strtoull(argv[2], nullptr, 10))) return 0;
  std::fprintf(stderr, "usage: %s [PEER/OPERATION TIMES]\n", argv[0]);
  return 2;
}
