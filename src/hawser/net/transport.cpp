#include <hawser/net/transport.h>

#include <hawser/net/detail/file_sending.h>
#include <hawser/net/errors.h>

#include <fcntl.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace hawser {

Transport::~Transport() = default;

void Transport::sendFileDescriptor(int) {
  throw std::logic_error("sendFileDescriptor: only UNIX connections carry descriptors");
}

Deferred<std::uint64_t> Transport::sendFile(FileDescriptor file, std::uint64_t offset,
                                            std::optional<std::uint64_t> count) {
  detail::FileSending sending;
  try {
    sending.left = count ? *count : detail::sizeFrom(file, offset);
    sending.file = std::move(file);
    sending.offset = offset;
    while (sending.left > 0) {
      const std::string bytes = detail::readSome(sending);
      if (bytes.empty()) return Failure(FileTooShortError(sending.sent, sending.left));
      write(bytes);
      sending.took(bytes.size());
    }
  } catch (...) {
    return Failure::current();
  }
  return sending.sent;
}

Deferred<std::uint64_t> Transport::sendFile(const std::string& path, std::uint64_t offset,
                                            std::optional<std::uint64_t> count) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return Failure(FileSendError(0, errno));
  return sendFile(std::move(file), offset, count);
}

void Transport::setSocketOption(const SocketOptionName& option, const SocketOptionValue&) {
  throw SocketOptionError(option.text, EOPNOTSUPP);
}

std::optional<SocketOptionValue> Transport::getSocketOption(const SocketOptionName& option) const {
  throw SocketOptionError(option.text, EOPNOTSUPP);
}

void Transport::writeSequence(std::span<const std::string_view> pieces) {
  for (std::string_view piece : pieces) write(piece);
}

}  // namespace hawser
