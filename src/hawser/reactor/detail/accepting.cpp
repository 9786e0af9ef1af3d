#include <hawser/reactor/detail/accepting.h>
#include <hawser/reactor/detail/socket_channel.h>

namespace hawser::detail {

bool brokeBeforeAccept(int error) noexcept {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case EHOSTDOWN:
    case EHOSTUNREACH:
      return true;
    default:
      return false;
  }
}

void failAccept(bool& paused, AcceptHandler& handler, int error) {
  paused = true;
  callHandler("while handling a failed accept", [&] { handler.acceptFailed(systemError(error)); });
}

}  // namespace hawser::detail
