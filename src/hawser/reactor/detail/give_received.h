#pragma once

#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/operations.h>

#include <cxxabi.h>

#include <cstddef>
#include <span>

namespace hawser::detail {

/// Gives a handler what was received.
inline void giveReceived(ReceiveHandler& handler, std::span<const std::byte> bytes) {
  if (handlerMarks) [[unlikely]]
    return callHandler("while handling received data", [&] { handler.received(bytes); });
  const HandlerScope scope;
  try {
    handler.receivedUnwatched({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } catch (abi::__forced_unwind&) {
    throw;
  } catch (...) {
    handler.receivedThrew();
  }
}

}  // namespace hawser::detail
