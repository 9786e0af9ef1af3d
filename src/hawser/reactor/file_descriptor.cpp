#include <hawser/reactor/file_descriptor.h>

#include <unistd.h>

#include <cerrno>

namespace hawser {

void FileDescriptor::reset() noexcept {
  const int descriptor = release();
  if (descriptor < 0) return;
  const int kept = errno;
  ::close(descriptor);  // Linux frees the number even if it reports an error.
  errno = kept;
}

}  // namespace hawser
