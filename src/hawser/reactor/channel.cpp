#include <hawser/reactor/channel.h>
#include <hawser/reactor/detail/call_handler.h>

#include <sys/ioctl.h>

#include <cerrno>
#include <stdexcept>

namespace hawser {

void Channel::receiveDatagrams(DatagramHandler&) {
  throw std::logic_error("this channel carries no datagrams");
}

std::error_code Channel::sendDatagram(std::span<const std::byte>, const NativeAddress&) noexcept {
  return std::make_error_code(std::errc::operation_not_supported);
}

void ReceiveHandler::receivedUnwatched(std::string_view bytes) {
  received(std::as_bytes(std::span(bytes)));
}

void ReceiveHandler::receivedThrew() noexcept {
  detail::logHandlerFailure("while handling received data", std::source_location::current());
}

void ReceiveHandler::descriptorsReceived(std::vector<FileDescriptor>) {}

bool Channel::sendWithDescriptors(SendQueue&, std::vector<FileDescriptor>, SendHandler&) {
  throw std::logic_error("this channel carries no descriptors");
}

bool Channel::sendFile(int, std::uint64_t, std::size_t, SendHandler&) { return false; }

std::error_code Channel::setPeer(const NativeAddress&) noexcept {
  return std::make_error_code(std::errc::operation_not_supported);
}

bool Channel::breaksStream(int error) noexcept {
  return error == ECONNRESET || error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH;
}

void Channel::refusedToSend() noexcept {
  if (breaksStream(errno)) socketToTry_ = -errno;
}

std::size_t Channel::unread() const noexcept {
  int bytes = 0;
  if (::ioctl(descriptor(), FIONREAD, &bytes) != 0 || bytes < 0) return 0;
  return static_cast<std::size_t>(bytes);
}

}  // namespace hawser
