#pragma once

#include "trace/program.h"

#include <string>
#include <vector>

namespace hawser::trace {

/// Ways to run a program that must all give the same trace.
struct Switches {
  /// Each `cancel` goes through a CancelHandle that was taken when the chain was defined.
  bool viaHandle = false;
};

/// Runs a program with values that are small enough to lie in a ready Deferred.
namespace unboxed {
std::vector<std::string> run(const Program& program, Switches switches);
}

/// Runs it with values that are too large for that: each ready Deferred holds a block.
namespace boxed {
std::vector<std::string> run(const Program& program, Switches switches);
}

}  // namespace hawser::trace
