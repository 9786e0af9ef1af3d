#pragma once

#include <hawser/reactor/backend.h>

#include <span>
#include <string_view>

namespace hawser::detail {

/// Makes the first of these backends that the kernel permits; of those before it one line is
/// logged. For when nobody asked for one by name.
/// @throws ReactorNotAvailable if none is
/// @throws std::system_error
std::unique_ptr<Backend> makeFirstAvailable(std::span<const std::string_view> names);

}  // namespace hawser::detail
