#pragma once

#include "trace/program.h"
#include "trace/words.h"

namespace hawser::trace {

// The parts of operations. Each reads all the words that it is given.

/// `ID [action ;]... outcome`, of a handler that runs on chain `parent`.
Handler parseHandler(Words words, Number parent);
/// The steps of the coroutine whose result is `parent`.
std::vector<Step> parseSteps(Words words, Number parent);
/// `noop`, `cb V`, `eb E N`, `raise E N`, or nothing.
Canceller parseCanceller(Words words);
/// Members of the combination `parent`.
std::vector<Number> parseMembers(Words words, Number parent);

/// The operations that handlers and coroutines can do as well, except cb, eb and both, which are
/// parsed differently there.
/// @returns nothing if `name` is no such operation
std::optional<Operation> parseSimpleAction(std::string_view name, Words words);

/// The lane that `cb`, `eb` or `both` adds to.
std::optional<op::Lane> laneNamed(std::string_view name);

/// What is waited for needs a greater number than what waits, so that no chains wait in a circle.
void requireIncreasing(std::string_view what, Number inner, Number outer);

}  // namespace hawser::trace
