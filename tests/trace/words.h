#pragma once

#include "trace/program.h"

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::trace {

/// The program is not well-formed; the message says what is wrong.
class SyntaxError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The words of a line (or a part of it), read from left to right. What is read wrongly throws
/// SyntaxError.
class Words {
 public:
  explicit Words(std::span<const std::string_view> words) noexcept : words_(words) {}

  bool atEnd() const noexcept { return words_.empty(); }
  /// Complains if there are more words.
  void expectEnd() const;
  /// The next word without reading it; empty at the end.
  std::string_view peek() const noexcept;

  std::string_view word(std::string_view expected);
  std::int64_t integer();
  /// A number of units of time: not negative, and smaller than other integers may be.
  std::int64_t units();
  Literal literal();
  ErrorLiteral::Kind errorKind();
  ErrorLiteral error();
  /// An integer, or `-` for none.
  std::optional<std::int64_t> limit();

  /// What is left, cut at each `separator`; this one is at its end afterwards. Never empty.
  std::vector<Words> split(std::string_view separator);
  /// What is left, as text.
  std::string text() const;

 private:
  std::span<const std::string_view> words_;
};

/// Cuts a line at its blanks.
std::vector<std::string_view> wordsOf(std::string_view line);

}  // namespace hawser::trace
