#include <poetry/output.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace poetry {

void writeOut(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return;
  throw std::system_error(errno, std::generic_category(), "cannot write to standard output");
}

void writeErr(std::string_view text) noexcept {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void complain(std::string_view name, std::string_view text) {
  writeErr(fmt::format("poetry {}: {}\n", name, text));
}

}  // namespace poetry
