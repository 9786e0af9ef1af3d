// A million timers of every peer in one run: what scheduling, cancelling and firing one costs in
// CPU.

#include "peer.h"

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace bench;
using namespace std::chrono_literals;

constexpr std::size_t count = 1'000'000;
constexpr Nanoseconds span = 1s;
constexpr Nanoseconds step = 1ms;

struct Work {
  std::vector<Nanoseconds> delays;
  std::vector<std::uint32_t> inOrder;
  std::vector<std::uint32_t> inAnyOrder;

  Work() : inOrder(count) {
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i < count; ++i)
      delays.emplace_back(
          static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span.count())));
    std::iota(inOrder.begin(), inOrder.end(), 0U);
    inAnyOrder = inOrder;
    std::shuffle(inAnyOrder.begin(), inAnyOrder.end(), random);
  }
};

void fireAll(Timers& timers) {
  for (Nanoseconds time{0}; time <= span + step; time += step) timers.advance(step);
}

/// One round: everything is prepared, then `measured` is timed, then all is undone.
template <class Prepare, class Measured>
void measure(benchmark::State& state, const Peer& peer, Prepare prepare, Measured measured) {
  const auto timers = peer.make(count);
  for (auto unused : state) {
    static_cast<void>(unused);
    state.PauseTiming();
    prepare(*timers);
    state.ResumeTiming();
    measured(*timers);
  }
  state.counters["items"] = static_cast<double>(count);
}

void registerPeer(const Peer& peer, const Work& work) {
  const auto add = [&peer](const char* operation, auto prepare, auto measured) {
    benchmark::RegisterBenchmark(
        (std::string(peer.name) + '/' + operation).c_str(),
        [=, &peer](benchmark::State& state) { measure(state, peer, prepare, measured); })
        ->Iterations(1);
  };
  const auto schedule = [&work](Timers& timers) { timers.schedule(0, work.delays); };
  const auto cancel = [&work](Timers& timers) { timers.cancel(work.inOrder); };
  // Once before, so that the memory has been touched.
  add("schedule", [=](Timers& timers) { schedule(timers), cancel(timers); }, schedule);
  add("cancel", schedule, cancel);
  add("cancel_any", schedule, [&work](Timers& timers) { timers.cancel(work.inAnyOrder); });
  add(
      "fire", [=](Timers& timers) { schedule(timers), timers.forget(); },
      [](Timers& timers) {
        fireAll(timers);
        if (timers.fired != count) std::abort();
      });
  benchmark::AddCustomContext(std::string("version ") + peer.name, peer.version);
  benchmark::AddCustomContext(std::string("remark ") + peer.name, peer.remark);
}

}  // namespace

int main(int argc, char** argv) {
  // The heap keeps what it has, so that nobody is charged for pages that the system clears.
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  const Work work;
  for (const Entry* entry = Entry::first; entry; entry = entry->next)
    registerPeer(entry->peer, work);
  benchmark::AddCustomContext("compiler", "g++ " __VERSION__);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
