#include <poetry/poem_file.h>
#include <poetry/poem_limits.h>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace poetry {

namespace {

struct Close {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

[[noreturn]] void cannotRead(const std::string& path) {
  throw std::system_error(errno, std::generic_category(), "cannot read the poem " + path);
}

}  // namespace

std::string readPoemFile(const std::string& path) {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) cannotRead(path);
  std::string poem;
  std::array<char, 64 * 1024> piece;
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file.get())) {
    poem.append(piece.data(), count);
    if (poem.size() > maxPoemBytes)
      throw std::length_error(
          fmt::format("the poem {} is too long: more than {} bytes", path, maxPoemBytes));
  }
  if (std::ferror(file.get())) cannotRead(path);
  return poem;
}

}  // namespace poetry
