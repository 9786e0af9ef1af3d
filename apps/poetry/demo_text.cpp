#include <poetry/demo_text.h>
#include <poetry/utf8.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace poetry {

namespace {

constexpr std::size_t barColumns = 16;
constexpr std::size_t wordsColumns = 44;
constexpr std::size_t excerptLines = 4;
constexpr std::size_t excerptColumns = 80;
constexpr std::size_t longestLine = 1000;  // bytes to look back at
constexpr std::string_view margin = "           │ ";

/// At most so many characters, and none that a terminal would take for a command. What is no text
/// is left out.
std::string shown(std::string_view text, std::size_t columns) {
  std::string out;
  while (!text.empty() && columns-- > 0) {
    const Utf8Char next = firstChar(text);
    text.remove_prefix(next.bytes.size());
    const bool control =
        next.point && (*next.point < 0x20 || (*next.point >= 0x7f && *next.point < 0xa0));
    if (next.point) out += control ? "?" : next.bytes;
  }
  if (!text.empty()) out += "…";
  return out;
}

std::vector<std::string_view> linesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::string bar(std::size_t done, std::size_t total) {
  const std::size_t cells = total == 0 ? barColumns : std::min(done, total) * barColumns / total;
  std::string text;
  for (std::size_t i = 0; i < barColumns; ++i) text += i < cells ? "█" : "·";
  return text;
}

std::string lastWords(std::string_view text) {
  text.remove_prefix(text.size() - std::min(text.size(), longestLine));
  // The end may be in the middle of a character; a line that has ended is not.
  const std::size_t end = text.find_last_not_of('\n');
  if (end == std::string_view::npos) return {};
  std::vector<std::string_view> lines = linesOf(text.substr(0, end + 1));
  const bool lineEnded = end + 1 < text.size();
  if (!lineEnded && lines.size() > 1) lines.pop_back();
  while (lines.size() > 1 && lines.back().empty()) lines.pop_back();
  return shown(lines.back(), wordsColumns);
}

std::string excerpt(std::string_view poem) {
  const std::vector<std::string_view> all = linesOf(poem);
  const std::size_t count = std::min(all.size(), excerptLines);
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += fmt::format("{}{}\n", margin, shown(all[i], excerptColumns));
  if (count < all.size())
    text += fmt::format("{}… and {} lines more\n", margin, all.size() - count);
  return text;
}

}  // namespace poetry
