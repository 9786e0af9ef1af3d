#include <hawser/reactor/detail/accepting.h>
#include <hawser/reactor/detail/readiness_backend.h>
#include <hawser/reactor/detail/readiness_channel.h>

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace hawser::detail {

void ReadinessChannel::accept(AcceptHandler& handler) {
  if (!begin(Incoming::accept)) return;
  accepter_ = &handler;
  awaitIncoming();
}

void ReadinessChannel::acceptSome() {
  if (incomingError_ != 0)
    return failAccept(state_.paused, *accepter_, std::exchange(incomingError_, 0));
  for (int tries = 0; tries < ReadinessBackend::acceptsPerTurn; ++tries) {
    NativeAddress peer;
    peer.size = sizeof peer.storage;
    const int accepted =
        ::accept4(descriptor_.get(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      FileDescriptor descriptor(accepted);
      acceptOne(state_.paused, *accepter_, peer,
                [&] { return backend_->add(std::move(descriptor), state_.kind); });
      if (!backend_ || state_.incoming != Incoming::accept || state_.paused) return;
    } else if (errno == EAGAIN) {
      state_.readable = false;
      return;
    } else if (!brokeBeforeAccept(errno)) {
      return failAccept(state_.paused, *accepter_, errno);
    }
  }
  backend_->schedule(*this);
}

}  // namespace hawser::detail
