#pragma once

#include <hawser/base/failure.h>
#include <hawser/base/logging.h>
#include <hawser/defer/detail/handler_scope.h>
#include <hawser/reactor/detail/handler_mark.h>

#include <string>

namespace hawser::detail {

/// Calls the function `name` of `object`, user code that has nobody to report to: what it throws is
/// logged as `why()` says.
template <class Object, class Call, class Why>
void callUser(const Object& object, const char* name, Call call, Why why) {
  const HandlerScope scope;
  const HandlerMark mark(name, object);
  try {
    call();
  } catch (...) {
    const Failure thrown = Failure::current();
    logging::err(thrown, std::string(why()));
  }
}

}  // namespace hawser::detail
