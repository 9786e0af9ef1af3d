#pragma once

#include <hawser/base/failure.h>
#include <hawser/base/logging.h>
#include <hawser/defer/detail/handler_scope.h>
#include <hawser/reactor/detail/handler_mark.h>
#include <hawser/reactor/reactor.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace hawser::detail {

/// @throws WrongThreadError, ReactorNotRunning naming `function`, if this is not the reactor's
/// thread, or nothing can be asked of it any more
inline void checkUsable(const Reactor& reactor, const char* function) {
  reactor.checkThread(function);
  if (reactor.ended()) throw ReactorNotRunning(std::string(function) + ": the reactor has ended");
}

/// What a function of the API was given to call, if it was given anything.
/// @throws std::invalid_argument with `why` if it is null
template <class Pointer>
Pointer given(Pointer pointer, const char* why) {
  if (!pointer) throw std::invalid_argument(why);
  return pointer;
}

/// What `make` makes, or why it could not: whoever is told of an end must be told, with memory or
/// without.
template <class Make>
Failure failureOr(Make make) noexcept {
  try {
    return make();
  } catch (...) {
    return Failure::current();
  }
}

/// Logs what user code has thrown, as `why()` says, or without memory for that by its name.
template <class Why>
void logThrown(const Failure& thrown, const char* name, Why why) noexcept {
  std::string text;
  try {
    text = why();
  } catch (...) {
    return logging::err(thrown, name);
  }
  logging::err(thrown, text);
}

/// Calls the function `name` of `object`, user code that has nobody to report to: what it throws is
/// logged as `why()` says.
template <class Object, class Call, class Why>
void callUser(const Object& object, const char* name, Call call, Why why) {
  const HandlerScope scope;
  const HandlerMark mark(name, object);
  try {
    call();
  } catch (...) {
    logThrown(Failure::current(), name, why);
  }
}

}  // namespace hawser::detail
