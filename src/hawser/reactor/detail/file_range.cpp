#include <hawser/reactor/detail/file_range.h>

#include <sys/sendfile.h>
#include <sys/types.h>

#include <cerrno>

namespace hawser::detail {

namespace {

// The kernel does not say which of the two descriptors an error comes from.
bool isOfTheFile(int error) noexcept {
  switch (error) {
    case EBADF:
    case EFAULT:
    case EINVAL:
    case EIO:
    case EISDIR:
    case ENOMEM:
    case ENOSYS:
    case EOVERFLOW:
    case ESPIPE:
      return true;
    default:
      return false;
  }
}

}  // namespace

int FileRange::sendTo(int socket, std::size_t& taken) const noexcept {
  for (;;) {
    off_t position = static_cast<off_t>(offset);
    const ssize_t sent = ::sendfile(socket, file, &position, count);
    if (sent >= 0) {
      taken = static_cast<std::size_t>(sent);
      return 0;
    }
    if (errno == EINTR) continue;
    return isOfTheFile(errno) ? 0 : errno;
  }
}

}  // namespace hawser::detail
