#include <hawser/reactor/detail/socket_channel.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace hawser::detail {

namespace {

std::error_code outcome(int returned) noexcept {
  return returned == 0 ? std::error_code{} : systemError(errno);
}

NativeAddress ask(int (*function)(int, sockaddr*, socklen_t*), int descriptor) noexcept {
  NativeAddress address;
  address.size = sizeof address.storage;
  if (function(descriptor, address.get(), &address.size) != 0) address.size = 0;
  return address;
}

}  // namespace

SocketChannel::Kind SocketChannel::kindOfSocket(int type) noexcept {
  return type == SOCK_STREAM ? Kind::streamSocket : Kind::otherSocket;
}

SocketChannel::Kind SocketChannel::kindOf(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) throw std::system_error(systemError(errno), "fstat");
  if (!S_ISSOCK(status.st_mode)) return Kind::file;
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
    throw std::system_error(systemError(errno), "getsockopt");
  return kindOfSocket(type);
}

void SocketChannel::takeUrgentDataForOrdinaryData(int descriptor, Kind kind) noexcept {
  if (kind != Kind::streamSocket) return;
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
}

std::error_code SocketChannel::shutdownSend() noexcept {
  return outcome(::shutdown(descriptor_.get(), SHUT_WR));
}

std::error_code SocketChannel::sendDatagram(std::span<const std::byte> bytes,
                                            const NativeAddress& to) noexcept {
  const sockaddr* const address = to.size == 0 ? nullptr : to.get();
  for (;;) {
    if (::sendto(descriptor_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                 address, to.size) >= 0)
      return {};
    if (errno != EINTR) return systemError(errno);
  }
}

std::error_code SocketChannel::setPeer(const NativeAddress& peer) noexcept {
  return outcome(::connect(descriptor_.get(), peer.get(), peer.size));
}

std::error_code SocketChannel::bind(const NativeAddress& address) noexcept {
  return outcome(::bind(descriptor_.get(), address.get(), address.size));
}

std::error_code SocketChannel::listen(int backlog) noexcept {
  return outcome(::listen(descriptor_.get(), backlog));
}

std::error_code SocketChannel::setOption(int level, int name,
                                         std::span<const std::byte> value) noexcept {
  return outcome(::setsockopt(descriptor_.get(), level, name, value.data(),
                              static_cast<socklen_t>(value.size())));
}

std::error_code SocketChannel::getOption(int level, int name, std::span<std::byte> value,
                                         std::size_t& size) const noexcept {
  socklen_t length = static_cast<socklen_t>(value.size());
  const std::error_code error =
      outcome(::getsockopt(descriptor_.get(), level, name, value.data(), &length));
  size = error ? 0 : length;
  return error;
}

NativeAddress SocketChannel::localAddress() const noexcept {
  return ask(&::getsockname, descriptor_.get());
}

NativeAddress SocketChannel::peerAddress() const noexcept {
  return ask(&::getpeername, descriptor_.get());
}

}  // namespace hawser::detail
