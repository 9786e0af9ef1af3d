#pragma once

#include "trace/program.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::trace {

/// A line of the input and its number in it, from 1.
struct Line {
  std::size_t number;
  std::string_view text;
};

std::vector<Line> linesOf(std::string_view input);

/// Blank lines and comments are left out.
/// @throws SyntaxError naming the line and what is wrong with it
Program parseProgram(const std::vector<Line>& lines);

/// One program of a container. Its lines point into the container's text.
struct NamedProgram {
  std::string name;
  std::vector<Line> lines;
};

/// The programs of a container; expected traces in it are left out.
/// @throws SyntaxError if there is something before the first name
std::vector<NamedProgram> programsOf(std::string_view container);

}  // namespace hawser::trace
