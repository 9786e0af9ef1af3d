#include <hawser/net/detail/stream_connection.h>
#include <hawser/net/errors.h>
#include <hawser/net/socket_options.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <optional>
#include <span>
#include <system_error>

namespace hawser::detail {

void StreamConnection::setTcpNoDelay(bool on) {
  if (channel_) static_cast<void>(channel_->setOption(IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0));
}
bool StreamConnection::getTcpNoDelay() const { return option(IPPROTO_TCP, TCP_NODELAY); }
void StreamConnection::setTcpKeepAlive(bool on) {
  if (channel_) static_cast<void>(channel_->setOption(SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0));
}
bool StreamConnection::getTcpKeepAlive() const { return option(SOL_SOCKET, SO_KEEPALIVE); }

void StreamConnection::setSocketOption(const SocketOptionName& option,
                                       const SocketOptionValue& value) {
  if (!channel_) return;
  const auto bytes = std::as_bytes(std::span(value)).first(option.size);
  if (const std::error_code error = channel_->setOption(option.level, option.name, bytes))
    throw SocketOptionError(option.text, error.value());
}

std::optional<SocketOptionValue> StreamConnection::getSocketOption(
    const SocketOptionName& option) const {
  if (!channel_) return std::nullopt;
  SocketOptionValue value{};
  std::size_t size = 0;
  const auto bytes = std::as_writable_bytes(std::span(value)).first(option.size);
  if (const std::error_code error = channel_->getOption(option.level, option.name, bytes, size))
    throw SocketOptionError(option.text, error.value());
  return value;
}

bool StreamConnection::option(int level, int name) const {
  int value = 0;
  std::size_t size = 0;
  if (channel_)
    static_cast<void>(
        channel_->getOption(level, name, std::as_writable_bytes(std::span(&value, 1)), size));
  return value != 0;
}

}  // namespace hawser::detail
