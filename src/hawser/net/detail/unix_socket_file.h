#pragma once

#include <hawser/net/address.h>
#include <hawser/net/detail/filesystem_lock.h>
#include <hawser/reactor/channel.h>

#include <sys/types.h>

#include <memory>
#include <string>

namespace hawser::detail {

/// The file that a UNIX socket has in the filesystem, and the lock beside it: made by `bind`,
/// removed by the destructor.
///
/// It is removed only if it is still the one that was made, and only by the process that made it.
/// One that cannot be removed is logged. An abstract address has neither file nor lock: the kernel
/// frees it by itself.
class UnixSocketFile {
 public:
  /// Binds `channel` to `address`. The file has the permissions `mode`, and never more than that.
  ///
  /// With `lock` the lock file `PATH.lock` is taken first, and a socket that a dead server left is
  /// removed.
  ///
  /// @throws CannotListenError
  UnixSocketFile(Channel& channel, const Address& address, mode_t mode, bool lock);
  UnixSocketFile(const UnixSocketFile&) = delete;
  UnixSocketFile& operator=(const UnixSocketFile&) = delete;
  ~UnixSocketFile();

 private:
  void remove() const noexcept;

  std::string path_;
  std::unique_ptr<FilesystemLock> lock_;
  dev_t device_ = 0;
  ino_t number_ = 0;  // 0: there is no file
  pid_t process_;
};

}  // namespace hawser::detail
