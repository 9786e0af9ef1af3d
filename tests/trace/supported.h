#pragma once

#include "trace/program.h"

#include <concepts>

namespace hawser::trace {

template <class T, class... Ts>
concept OneOf = (std::same_as<T, Ts> || ...);

/// The operations that need classes that the library does not have. A program with one of them has
/// the trace `unsupported`.
template <class Op>
concept Unsupported = OneOf<Op, op::Race, op::Lock, op::Semaphore, op::Queue>;

/// The operations on what only an unsupported one makes: in the other programs they find nothing to
/// work on, and skip.
template <class Op>
concept NeedsUnsupported = OneOf<Op, op::Acquire, op::RunHolding, op::Release, op::ShowHeld,
                                 op::Put, op::Get, op::ShowQueue>;

/// Whether the driver can run the program.
inline bool supported(const Program& program) {
  for (const Operation& operation : program) {
    if (!std::visit([]<class Op>(const Op&) { return !Unsupported<Op>; }, operation.what))
      return false;
  }
  return true;
}

}  // namespace hawser::trace
