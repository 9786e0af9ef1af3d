#pragma once

#include <string_view>

namespace poetry {

/// Writes to standard output at once, so that a program that reads it does not wait for us.
/// @throws std::system_error "cannot write to standard output: ..."
void writeOut(std::string_view text);

/// Writes to standard error. That nobody reads it is no reason to stop.
void writeErr(std::string_view text) noexcept;

/// A text on a line of its own, on standard error, as `poetry NAME: text`.
void complain(std::string_view name, std::string_view text);

}  // namespace poetry
