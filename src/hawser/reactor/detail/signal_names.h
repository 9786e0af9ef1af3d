#pragma once

#include <string_view>

namespace hawser::detail {

/// "TERM" or "SIGTERM" as a number.
/// @throws std::invalid_argument
int signalNumber(std::string_view name);

}  // namespace hawser::detail
