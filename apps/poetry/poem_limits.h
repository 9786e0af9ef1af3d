#pragma once

#include <cstddef>

namespace poetry {

/// The longest poem that these programs serve, fetch or keep. It is also what a transport takes
/// into its write queue (`WriteLimits::hardCap`), so a poem can always be written in one go.
inline constexpr std::size_t maxPoemBytes = 16 * 1024 * 1024;

}  // namespace poetry
