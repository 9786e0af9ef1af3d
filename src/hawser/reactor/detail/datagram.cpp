#include <hawser/reactor/detail/datagram.h>

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

namespace hawser::detail {

namespace {

// What the network answered to a datagram that was sent before, or want of memory.
bool passes(int error) noexcept {
  switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENONET:
    case ENOPROTOOPT:
    case EPROTO:
    case EOPNOTSUPP:
    case EACCES:
    case EPERM:
    case EMSGSIZE:
    case ETIMEDOUT:
    case ENOMEM:
    case ENOBUFS:
      return true;
    default:
      return false;
  }
}

}  // namespace

Datagram Datagram::receive(int descriptor, std::span<std::byte> buffer) noexcept {
  Datagram datagram{Outcome::none};
  iovec piece{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = datagram.from.get();
  message.msg_namelen = sizeof datagram.from.storage;
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  ssize_t count = 0;
  do {
    count = ::recvmsg(descriptor, &message, MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) {
    datagram.outcome = Outcome::received;
    datagram.truncated = (message.msg_flags & MSG_TRUNC) != 0;
    datagram.bytes = buffer.first(static_cast<std::size_t>(count));
    datagram.from.size = message.msg_namelen;
  } else if (errno != EAGAIN) {
    datagram.error = errno;
    datagram.outcome = passes(errno) ? Outcome::failed : Outcome::ended;
  }
  return datagram;
}

}  // namespace hawser::detail
