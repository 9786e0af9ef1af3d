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
    : address_(address), process_(::getpid()) {
  const std::string path(address.path());
  const bool file = !path.empty() && path.front() != '\0';
  if (file && lock) {
    try {
      lock_ = std::make_unique<FilesystemLock>(path + ".lock");
    } catch (const std::system_error& error) {
      throw CannotListenError(address.toString(), error.code().value());
    }
    if (!lock_->held())
      throw CannotListenError(address.toString(), "another process holds the lock beside it");
    struct stat status{};
    if (!lock_->clean() && ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode))
      ::unlink(path.c_str());
  }
  // The file is made with the permissions of the socket, less those of the umask; what that has
  // taken is added below. The other way round it would be open to everybody for a moment.
  if (file) ::fchmod(channel.descriptor(), mode);
  if (const std::error_code error = channel.bind(toNative(address)))
    throw CannotListenError(address.toString(), error.value());
  if (!file) return;
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) {
    device_ = status.st_dev;
    number_ = status.st_ino;
  }
  if (::chmod(path.c_str(), mode) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    throw CannotListenError(address.toString(), error);
  }
}

UnixSocketFile::~UnixSocketFile() {
  if (number_ == 0 || process_ != ::getpid()) return;
  const std::string path(address_.path());
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == number_)
    ::unlink(path.c_str());
}

}  // namespace hawser::detail
