#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace poetry {

/// One character of a text that should be UTF-8 and may not be.
struct Utf8Char {
  std::string_view bytes;         ///< one byte if it begins no character; empty at the end
  std::optional<char32_t> point;  ///< nothing if the bytes are no UTF-8 (RFC 3629)
};

/// The first character of `text`.
Utf8Char firstChar(std::string_view text) noexcept;

void appendUtf8(std::string& text, char32_t point);

}  // namespace poetry
