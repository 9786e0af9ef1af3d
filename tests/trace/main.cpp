// Runs programs of the oracle (tests/oracle/FORMAT.md) on Hawser's Deferreds and prints their
// traces. tests/oracle/check.py compares them with the traces that Twisted gives.

#include "trace/parser.h"
#include "trace/run.h"
#include "trace/words.h"

#include <hawser/base/logging.h>

#include <fmt/format.h>

#include <exception>
#include <iostream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace {

using namespace hawser;

constexpr std::string_view usage =
    "usage: deferred-trace [SWITCH...] < PROGRAM             print the trace of one program\n"
    "       deferred-trace [SWITCH...] --batch < CONTAINER   print the traces of many\n"
    "The switches change how the program is run, and must not change its trace:\n"
    "  --via-handle   cancel through handles that were taken when the chains were defined\n"
    "  --boxed        use values that are too large to lie in a Deferred\n";

struct Arguments {
  bool batch = false;
  bool boxed = false;
  trace::Switches switches;
};

/// Nothing if they are not understood.
std::optional<Arguments> argumentsOf(std::span<char*> words) {
  Arguments arguments;
  for (std::string_view word : words) {
    if (word == "--batch")
      arguments.batch = true;
    else if (word == "--boxed")
      arguments.boxed = true;
    else if (word == "--via-handle")
      arguments.switches.viaHandle = true;
    else
      return std::nullopt;
  }
  return arguments;
}

void printTrace(const std::vector<trace::Line>& lines, const Arguments& arguments) {
  trace::Program program = trace::parseProgram(lines);
  auto* run = arguments.boxed ? trace::boxed::run : trace::unboxed::run;
  for (const std::string& line : run(program, arguments.switches)) std::cout << line << '\n';
}

void printBatch(std::string_view container, const Arguments& arguments) {
  for (const trace::NamedProgram& named : trace::programsOf(container)) {
    std::cout << "=== " << named.name << '\n';
    try {
      printTrace(named.lines, arguments);
    } catch (const trace::SyntaxError& error) {
      throw trace::SyntaxError(fmt::format("program '{}', {}", named.name, error.what()));
    }
    std::cout << ".\n" << std::flush;
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto arguments = argumentsOf(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  if (!arguments) {
    std::cerr << usage;
    return 2;
  }
  std::string input(std::istreambuf_iterator<char>(std::cin), {});
  auto quiet = logging::silenceStderr();
  try {
    if (arguments->batch)
      printBatch(input, *arguments);
    else
      printTrace(trace::linesOf(input), *arguments);
  } catch (const trace::SyntaxError& error) {
    std::cout << std::flush;
    std::cerr << "syntax error: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cout << std::flush;
    std::cerr << "deferred-trace: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
