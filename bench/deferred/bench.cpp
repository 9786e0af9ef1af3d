// Every operation of every peer in one run, so that they share the machine's mood.

#include "operations.h"

#include <benchmark/benchmark.h>

#include <string>

namespace {

using namespace bench;

/// How many repeats go into one batch: enough that the clock is read seldom.
std::uint64_t batchOf(const Operation& operation) {
  if (operation.name == std::string("loop") || operation.name == std::string("loop_await"))
    return loopSteps;
  return operation.items == 1 ? 100 : 1;
}

void registerAll() {
  for (const Entry* entry = Entry::first; entry; entry = entry->next) {
    const Peer& peer = entry->peer;
    for (const Operation& operation : operations) {
      const Repeat repeat = peer.*operation.repeat;
      if (!repeat) continue;
      const auto measure = [&peer, &operation, repeat](benchmark::State& state) {
        const std::uint64_t batch = batchOf(operation);
        if (peer.enter) peer.enter();
        while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(batch))) repeat(batch);
        if (peer.leave) peer.leave();
        state.counters["items"] = static_cast<double>(operation.items);
      };
      benchmark::RegisterBenchmark((std::string(peer.name) + '/' + operation.name).c_str(),
                                   measure);
    }
    benchmark::AddCustomContext(std::string("version ") + peer.name, peer.version);
    benchmark::AddCustomContext(std::string("without ") + peer.name, peer.without);
  }
}

}  // namespace

int main(int argc, char** argv) {
  registerAll();
  benchmark::AddCustomContext("compiler", "g++ " __VERSION__);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
