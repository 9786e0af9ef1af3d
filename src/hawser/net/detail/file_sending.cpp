#include <hawser/net/detail/file_sending.h>

#include <hawser/net/errors.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace hawser::detail {

std::string readSome(const FileSending& sending) {
  std::string bytes(
      static_cast<std::size_t>(std::min<std::uint64_t>(sending.left, FileSending::mostToRead)),
      '\0');
  for (;;) {
    const ssize_t count =
        ::pread(sending.file.get(), bytes.data(), bytes.size(), static_cast<off_t>(sending.offset));
    if (count >= 0) {
      bytes.resize(static_cast<std::size_t>(count));
      return bytes;
    }
    if (errno != EINTR) throw FileSendError(sending.sent, errno);
  }
}

std::uint64_t sizeFrom(const FileDescriptor& file, std::uint64_t offset) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) throw FileSendError(0, errno);
  if (!S_ISREG(status.st_mode)) throw FileSendError(0, ESPIPE);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  return size - std::min(size, offset);
}

}  // namespace hawser::detail
