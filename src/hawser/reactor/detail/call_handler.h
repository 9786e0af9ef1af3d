#pragma once

#include <hawser/defer/detail/handler_scope.h>

#include <cxxabi.h>

#include <source_location>

namespace hawser::detail {

/// Logs the exception that is being handled: `what` says during what it was thrown, `where` who
/// asked for the call.
void logHandlerFailure(const char* what, std::source_location where) noexcept;

/// Calls user code on behalf of the reactor: what it throws is logged, and what it abandons is
/// delivered when it has returned.
template <class F>
void callHandler(const char* what, F&& call,
                 std::source_location where = std::source_location::current()) {
  const HandlerScope scope;
  try {
    call();
  } catch (abi::__forced_unwind&) {
    throw;
  } catch (...) {
    logHandlerFailure(what, where);
  }
}

}  // namespace hawser::detail
