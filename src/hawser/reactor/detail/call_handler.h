#pragma once

#include <hawser/defer/detail/handler_scope.h>
#include <hawser/reactor/detail/handler_mark.h>

#include <cxxabi.h>

#include <source_location>
#include <type_traits>
#include <utility>

namespace hawser::detail {

/// Logs the exception that is being handled: `what` says during what it was thrown, `where` is the
/// place that called.
void logHandlerFailure(const char* what, std::source_location where) noexcept;
/// The same for a call that somebody asked for at `where`: the traceback leads there.
void logCallFailure(const char* what, std::source_location where) noexcept;

using LogThrown = void(const char* what, std::source_location where) noexcept;
template <class Asker>
inline constexpr LogThrown* logThrownFor =
    std::is_same_v<Asker, std::source_location> ? logCallFailure : logHandlerFailure;

/// Calls user code on behalf of the reactor: what it throws is logged, and what it abandons is
/// delivered when it has returned. `asker` is the object that is called, or the place that asked.
template <class F, class Asker>
[[gnu::always_inline]] inline void callHandlerFor(
    const Asker& asker, const char* what, F&& call,
    std::source_location where = std::source_location::current(),
    LogThrown* log = logThrownFor<Asker>) {
  const HandlerScope scope;
  const HandlerMark mark(what, asker);
  try {
    call();
  } catch (abi::__forced_unwind&) {
    throw;
  } catch (...) {
    log(what, where);
  }
}

/// The same for many handlers, one after the other, with less to do for each.
class HandlerRow {
 public:
  HandlerRow() noexcept : watched_(handlerMarks != nullptr) { ++runState.depth; }
  HandlerRow(const HandlerRow&) = delete;
  HandlerRow& operator=(const HandlerRow&) = delete;
  ~HandlerRow() {
    --runState.depth;
    returned();
  }

  /// @param call captures by value: what is not in memory need not be put there
  template <class Object, class F>
  [[gnu::always_inline]] void callFor(
      const Object& object, const char* what, F call,
      std::source_location where = std::source_location::current()) {
    if (watched_) [[unlikely]]
      return callWatched(object, what, call, where);
    callUnwatched(call, [=] { logThrownFor<Object>(what, where); });
  }
  bool watched() const noexcept { return watched_; }
  /// For when nobody watches. `threw` is called in the handler for what `call` threw.
  template <class F, class Threw>
  [[gnu::always_inline]] void callUnwatched(F call, Threw threw) {
    try {
      call();
    } catch (abi::__forced_unwind&) {
      throw;
    } catch (...) {
      threw();
    }
    if (runState.firstAbandoned) [[unlikely]]
      apart([] {});
  }
  /// Does something that calls handlers by itself.
  template <class F>
  void apart(F&& call) {
    struct Apart {
      Apart() noexcept { --runState.depth; }
      ~Apart() { ++runState.depth; }
    } const apart;
    returned();
    call();
  }

 private:
  template <class Object, class F>
  [[gnu::noinline]] void callWatched(const Object& object, const char* what, F call,
                                     std::source_location where) {
    apart([&] { callHandlerFor(object, what, call, where); });
  }
  static void returned() noexcept {
    if (runState.firstAbandoned && runState.depth == 0) [[unlikely]]
      deliverAbandoned();
  }

  const bool watched_;
};

/// For whom nothing is known of but this place.
template <class F>
[[gnu::always_inline]] inline void callHandler(
    const char* what, F&& call, std::source_location where = std::source_location::current()) {
  callHandlerFor(std::source_location(), what, std::forward<F>(call), where, logHandlerFailure);
}

}  // namespace hawser::detail
