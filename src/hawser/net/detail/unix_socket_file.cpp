#include <hawser/net/detail/unix_socket_file.h>

#include <hawser/net/detail/native.h>
#include <hawser/net/errors.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace hawser::detail {

UnixSocketFile::UnixSocketFile(Channel& channel, const Address& address, mode_t mode, bool lock)
    : path_(address.path()), process_(::getpid()) {
  const auto check = [&](bool done) {
    const int error = errno;
    if (!done) throw CannotListenError(address.toString(), error);
  };
  const bool file = !path_.empty() && path_.front() != '\0';
  if (file && lock) {
    try {
      lock_ = std::make_unique<FilesystemLock>(path_ + ".lock");
    } catch (const std::system_error& error) {
      throw CannotListenError(address.toString(), error.code().value());
    }
    if (!lock_->held())
      throw CannotListenError(address.toString(), "another process holds the lock beside it");
    struct stat status{};
    if (!lock_->clean() && ::lstat(path_.c_str(), &status) == 0 && S_ISSOCK(status.st_mode))
      check(::unlink(path_.c_str()) == 0 || errno == ENOENT);
  }
  // The file is made with the permissions of the socket, less those of the umask; what that has
  // taken is added below. The other way round it would be open to everybody for a moment.
  if (file) check(::fchmod(channel.descriptor(), mode) == 0);
  if (const std::error_code error = channel.bind(toNative(address)))
    throw CannotListenError(address.toString(), error.value());
  if (!file) return;
  struct stat status{};
  if (::lstat(path_.c_str(), &status) != 0 || ::chmod(path_.c_str(), mode) != 0) {
    const int error = errno;
    remove();
    throw CannotListenError(address.toString(), error);
  }
  device_ = status.st_dev;
  number_ = status.st_ino;
}

UnixSocketFile::~UnixSocketFile() {
  if (number_ == 0 || process_ != ::getpid()) return;
  struct stat status{};
  if (::lstat(path_.c_str(), &status) != 0) {
    if (errno != ENOENT) logNotRemoved(path_, errno);
  } else if (status.st_dev == device_ && status.st_ino == number_) {
    remove();
  }
}

void UnixSocketFile::remove() const noexcept {
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) logNotRemoved(path_, errno);
}

}  // namespace hawser::detail
