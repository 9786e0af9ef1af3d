#pragma once

#include <string>

namespace hawser::detail {

/// A mutex between processes: a symbolic link that exists or not, and points to the process that
/// holds it, as Twisted's `FilesystemLock` has it, so that programs of both kinds respect each
/// other.
///
/// It is released by its destructor, in the process that took it only; a link that cannot be
/// removed is logged. A process that dies leaves the link; the next one to ask sees that nobody has
/// that number any more.
class FilesystemLock {
 public:
  /// Tries to take it; `held` tells.
  /// @throws std::system_error if the link can neither be made nor read
  explicit FilesystemLock(std::string path);
  FilesystemLock(const FilesystemLock&) = delete;
  FilesystemLock& operator=(const FilesystemLock&) = delete;
  ~FilesystemLock();

  /// Does a living process hold this lock? Looks, and takes nothing.
  static bool heldBySomebody(const std::string& path) noexcept;

  bool held() const noexcept { return held_; }
  /// Did the one before release it? Else he died.
  bool clean() const noexcept { return clean_; }

 private:
  std::string path_;
  bool held_ = false;
  bool clean_ = true;
  int process_ = 0;
};

/// Tells that a file which should have gone stays.
void logNotRemoved(const std::string& path, int error) noexcept;

}  // namespace hawser::detail
