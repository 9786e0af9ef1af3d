#pragma once

#include <string>

namespace poetry {

/// The content of a file.
/// @throws std::system_error, std::length_error naming the file and what is wrong with it
std::string readPoemFile(const std::string& path);

}  // namespace poetry
