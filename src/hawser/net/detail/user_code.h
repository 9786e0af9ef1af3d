#pragma once

#include <hawser/base/failure.h>
#include <hawser/base/logging.h>
#include <hawser/defer/detail/handler_scope.h>

#include <string>

namespace hawser::detail {

/// Calls user code that has nobody to report to: what it throws is logged as `why()` says.
template <class Call, class Why>
void callUser(Call call, Why why) {
  HandlerScope scope;
  try {
    call();
  } catch (...) {
    const Failure thrown = Failure::current();
    logging::err(thrown, std::string(why()));
  }
}

}  // namespace hawser::detail
