// Runs programs of the oracle (tests/oracle/FORMAT.md) on Hawser's Deferreds and prints their
// traces. tests/oracle/check.py compares them with the traces that Twisted gives.

#include "trace/machine.h"
#include "trace/parser.h"
#include "trace/supported.h"
#include "trace/words.h"

#include <hawser/base/logging.h>

#include <fmt/format.h>

#include <exception>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

using namespace hawser;

constexpr std::string_view usage =
    "usage: deferred-trace < PROGRAM             print the trace of one program\n"
    "       deferred-trace --batch < CONTAINER   print the traces of many\n";

void printTrace(const std::vector<trace::Line>& lines) {
  trace::Program program = trace::parseProgram(lines);
  if (!trace::supported(program)) {
    std::cout << "unsupported\n";
    return;
  }
  for (const std::string& line : trace::Machine(program).run()) std::cout << line << '\n';
}

void printBatch(std::string_view container) {
  for (const trace::NamedProgram& named : trace::programsOf(container)) {
    std::cout << "=== " << named.name << '\n';
    try {
      printTrace(named.lines);
    } catch (const trace::SyntaxError& error) {
      throw trace::SyntaxError(fmt::format("program '{}', {}", named.name, error.what()));
    }
    std::cout << ".\n" << std::flush;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool batch = argc == 2 && std::string_view(argv[1]) == "--batch";
  if (argc > 1 && !batch) {
    std::cerr << usage;
    return 2;
  }
  std::string input(std::istreambuf_iterator<char>(std::cin), {});
  auto quiet = logging::silenceStderr();
  try {
    if (batch)
      printBatch(input);
    else
      printTrace(trace::linesOf(input));
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
