#include <poetry/utf8.h>

#include <cstddef>

namespace poetry {

namespace {

/// What the first byte of a character tells: how many bytes it has, and the bits it begins with.
struct Lead {
  std::size_t length;
  char32_t bits;
  char32_t least;  // a smaller code point would have needed fewer bytes
};

Lead leadOf(unsigned char byte) noexcept {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xc2 && byte < 0xe0) return {2, byte & 0x1fu, 0x80};
  if (byte >= 0xe0 && byte < 0xf0) return {3, byte & 0x0fu, 0x800};
  if (byte >= 0xf0 && byte < 0xf5) return {4, byte & 0x07u, 0x10000};
  return {0, 0, 0};
}

bool isCharacter(char32_t point) noexcept {
  return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

}  // namespace

Utf8Char firstChar(std::string_view text) noexcept {
  if (text.empty()) return {};
  const Lead lead = leadOf(static_cast<unsigned char>(text.front()));
  const Utf8Char wrong{text.substr(0, 1), std::nullopt};
  if (lead.length == 0 || lead.length > text.size()) return wrong;
  char32_t point = lead.bits;
  for (const char follower : text.substr(1, lead.length - 1)) {
    const auto byte = static_cast<unsigned char>(follower);
    if ((byte & 0xc0) != 0x80) return wrong;
    point = (point << 6) | (byte & 0x3fu);
  }
  if (point < lead.least || !isCharacter(point)) return wrong;
  return {text.substr(0, lead.length), point};
}

void appendUtf8(std::string& text, char32_t point) {
  const auto follower = [&](int shift) {
    text += static_cast<char>(0x80 | ((point >> shift) & 0x3f));
  };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xc0 | (point >> 6));
    follower(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xe0 | (point >> 12));
    follower(6);
    follower(0);
  } else {
    text += static_cast<char>(0xf0 | (point >> 18));
    follower(12);
    follower(6);
    follower(0);
  }
}

}  // namespace poetry
