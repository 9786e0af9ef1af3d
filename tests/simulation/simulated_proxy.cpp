// Runs the poetry proxy in a simulated network, once for each seed, and says for which seeds it did
// not keep its promises (proxy_run.h).
//
//     simulated_proxy [--seeds N] [--first S] [--trace] [--digest] [--flaw NAME]
//
// `--flaw` runs a proxy with a mistake in it (flawed_proxy.h) until a seed shows it. `--trace`
// writes down all that happens; `--digest` prints one number that stands for all of it. Exit
// status: 0 all held, 1 not all, 2 wrong usage.

#include "simulation/proxy_run.h"

#include <hawser/defer/registry.h>

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Options {
  std::uint64_t seeds = 1000;
  std::uint64_t first = 1;
  bool trace = false;
  bool digest = false;
  std::string_view flawName;
  std::optional<simulation::Flaw> flaw;
};

bool readNumber(const char* text, std::uint64_t& number) {
  if (!text) return false;
  const char* const end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, number);
  return error == std::errc() && rest == end;
}

bool readFlaw(std::string_view name, Options& options) {
  options.flawName = name;
  options.flaw = simulation::flawNamed(name);
  return options.flaw.has_value();
}

bool readOptions(char** arguments, Options& options) {
  while (const char* const argument = *++arguments) {
    const std::string_view name = argument;
    if (name == "--trace")
      options.trace = true;
    else if (name == "--digest")
      options.digest = true;
    else if (name == "--seeds" && readNumber(arguments[1], options.seeds))
      ++arguments;
    else if (name == "--first" && readNumber(arguments[1], options.first))
      ++arguments;
    else if (name == "--flaw" && arguments[1] && readFlaw(arguments[1], options))
      ++arguments;
    else
      return false;
  }
  return true;
}

void report(const simulation::Tally& tally, double took) {
  fmt::print("{} runs of {} clients: {} poems", tally.runs, simulation::ProxyRun::clients,
             tally.poems);
  for (const auto& [type, count] : tally.errors) fmt::print(", {} {}", count, type);
  fmt::print("\n{} fetches; {} events in {:.0f} h of simulated time, in {:.1f} s\n", tally.fetches,
             tally.events, tally.seconds / 3600, took);
}

}  // namespace

int main(int, char** arguments) {
  Options options;
  if (!readOptions(arguments, options)) {
    std::fputs(
        "usage: simulated_proxy [--seeds N] [--first S] [--trace] [--digest] [--flaw NAME]\n",
        stderr);
    return 2;
  }
  hawser::registry::enable();
  const auto began = std::chrono::steady_clock::now();
  simulation::Tally tally;
  std::uint64_t digest = 0;
  std::vector<std::uint64_t> failed;
  for (std::uint64_t seed = options.first; seed - options.first < options.seeds; ++seed) {
    simulation::ProxyRun run(seed, options.flaw);
    if (options.trace) run.watch([](const auto& event) { fmt::print("{}\n", event.toString()); });
    for (const std::string& fault : run.run(tally)) {
      if (failed.empty() || failed.back() != seed) failed.push_back(seed);
      fmt::print("seed {}: {}\n", seed, fault);
    }
    digest = digest * 31 + run.digest();
    if (options.flaw && !failed.empty()) break;
  }
  if (options.digest) {
    fmt::print("{:016x}\n", digest);
  } else {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    report(tally, took.count());
  }
  if (failed.empty()) return 0;
  fmt::print(
      "{} of {} seeds failed; the first again, with all that happens:\n"
      "  simulated_proxy --seeds 1 --first {} --trace{}{}\n",
      failed.size(), tally.runs, failed.front(), options.flaw ? " --flaw " : "", options.flawName);
  return 1;
}
