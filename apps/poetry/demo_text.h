#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace poetry {

/// How much of something is done, as a bar of a fixed width.
std::string bar(std::size_t done, std::size_t total);

/// The last line of a text that has arrived so far, shortened to fit; without what would disturb a
/// terminal.
std::string lastWords(std::string_view text);

/// The beginning of a poem, indented, with a word on how much is left out.
std::string excerpt(std::string_view poem);

}  // namespace poetry
