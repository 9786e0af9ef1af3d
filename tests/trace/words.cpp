#include "trace/words.h"

#include <fmt/format.h>

#include <charconv>

namespace hawser::trace {

namespace {

// Far from the limits of the type, so that no number of `inc` gets there.
constexpr std::int64_t largestInteger = 1'000'000'000'000'000;
// Units are seconds, which the clock counts in nanoseconds.
constexpr std::int64_t mostUnits = 1'000'000;

std::int64_t integerIn(std::int64_t least, std::int64_t largest, std::string_view word) {
  std::string_view digits = word;
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  std::int64_t number = 0;
  const char* end = digits.data() + digits.size();
  auto [rest, error] = std::from_chars(digits.data(), end, number);
  if (error == std::errc::invalid_argument || rest != end)
    throw SyntaxError(fmt::format("expected an integer, got '{}'", word));
  if (error == std::errc::result_out_of_range || number > largest || number < least)
    throw SyntaxError(fmt::format("{} is not from {} to {}", word, least, largest));
  return number;
}

std::int64_t anyInteger(std::string_view word) {
  return integerIn(-largestInteger, largestInteger, word);
}

}  // namespace

void Words::expectEnd() const {
  if (!atEnd()) throw SyntaxError(fmt::format("one word too many: '{}'", peek()));
}

std::string_view Words::peek() const noexcept {
  return atEnd() ? std::string_view() : words_.front();
}

std::string_view Words::word(std::string_view expected) {
  if (atEnd()) throw SyntaxError(fmt::format("too few words: expected {}", expected));
  std::string_view first = words_.front();
  words_ = words_.subspan(1);
  return first;
}

std::int64_t Words::integer() { return anyInteger(word("an integer")); }

std::int64_t Words::units() { return integerIn(0, mostUnits, word("a number of time units")); }

Literal Words::literal() {
  std::string_view value = word("a value (an integer or none)");
  if (value == "none") return std::nullopt;
  return anyInteger(value);
}

ErrorLiteral::Kind Words::errorKind() {
  std::string_view kind = word("an error kind (A, B or C)");
  if (kind == "A") return ErrorLiteral::Kind::a;
  if (kind == "B") return ErrorLiteral::Kind::b;
  if (kind == "C") return ErrorLiteral::Kind::c;
  throw SyntaxError(fmt::format("unknown error kind '{}', there are A, B and C", kind));
}

ErrorLiteral Words::error() {
  ErrorLiteral::Kind kind = errorKind();
  return {kind, integer()};
}

std::optional<std::int64_t> Words::limit() {
  std::string_view size = word("a limit (an integer, or - for none)");
  if (size == "-") return std::nullopt;
  return anyInteger(size);
}

std::vector<Words> Words::split(std::string_view separator) {
  std::vector<Words> parts;
  std::size_t start = 0;
  for (std::size_t at = 0; at < words_.size(); ++at) {
    if (words_[at] != separator) continue;
    parts.emplace_back(words_.subspan(start, at - start));
    start = at + 1;
  }
  parts.emplace_back(words_.subspan(start));
  words_ = {};
  return parts;
}

std::string Words::text() const {
  return fmt::format("{}", fmt::join(words_.begin(), words_.end(), " "));
}

std::vector<std::string_view> wordsOf(std::string_view line) {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  std::vector<std::string_view> words;
  for (std::size_t start = line.find_first_not_of(blanks); start != line.npos;) {
    std::size_t end = std::min(line.find_first_of(blanks, start), line.size());
    words.push_back(line.substr(start, end - start));
    start = line.find_first_not_of(blanks, end);
  }
  return words;
}

}  // namespace hawser::trace
