#include <hawser/net/detail/filesystem_lock.h>

#include <hawser/base/logging.h>
#include <hawser/net/errors.h>

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

namespace hawser::detail {

namespace {

[[noreturn]] void fail(const std::string& path) {
  throw std::system_error(errno, std::generic_category(), path);
}

/// The process that the link names; 0 if it names none; -1, and errno, if there is no link.
int holder(const std::string& path) noexcept {
  std::array<char, 32> text{};
  const ssize_t size = ::readlink(path.c_str(), text.data(), text.size());
  if (size < 0) return -1;
  int number = 0;
  std::from_chars(text.data(), text.data() + size, number);
  return number > 0 ? number : 0;
}

// A process of somebody else is alive, too.
bool alive(int process) noexcept { return ::kill(process, 0) == 0 || errno != ESRCH; }

}  // namespace

FilesystemLock::FilesystemLock(std::string path) : path_(std::move(path)), process_(::getpid()) {
  while (::symlink(std::to_string(process_).c_str(), path_.c_str()) != 0) {
    if (errno != EEXIST) fail(path_);
    const int number = holder(path_);
    if (number < 0 && errno != ENOENT) fail(path_);
    if (number < 0) continue;
    // What names no process was not made by a lock: it stays.
    if (number == 0 || alive(number)) return;
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT) fail(path_);
    clean_ = false;
  }
  held_ = true;
}

FilesystemLock::~FilesystemLock() {
  if (!held_ || process_ != ::getpid()) return;
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) logNotRemoved(path_, errno);
}

bool FilesystemLock::heldBySomebody(const std::string& path) noexcept {
  const int number = holder(path);
  return number > 0 && alive(number);
}

void logNotRemoved(const std::string& path, int error) noexcept {
  std::string text;
  try {
    text = fmt::format("{} cannot be removed: {}", path, errorText(error));
  } catch (...) {
    return logging::warn("the file of a UNIX socket, or its lock, cannot be removed");
  }
  logging::warn(text);
}

}  // namespace hawser::detail
