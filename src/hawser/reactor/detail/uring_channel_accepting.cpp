#include <hawser/reactor/detail/accepting.h>
#include <hawser/reactor/detail/uring_channel.h>
#include <hawser/reactor/uring_backend.h>

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <deque>
#include <memory>
#include <new>
#include <utility>

namespace hawser::detail {

std::error_code UringChannel::listen(int backlog) noexcept {
  is_.listening = true;
  return SocketChannel::listen(backlog);
}

void UringChannel::accept(AcceptHandler& handler) {
  if (begin(Incoming::accept)) accepter_ = &handler;
}

bool UringChannel::wantsToAccept() const noexcept {
  return !is_.paused && incomingError_ == 0 &&
         (!accepted_ || accepted_->size() < std::size_t{UringBackend::acceptsPerTurn});
}

void UringChannel::completeAccept(int result) noexcept {
  if (result >= 0) {
    FileDescriptor accepted(result);
    if (is_.closed) return;
    try {
      if (!accepted_) accepted_ = std::make_unique<std::deque<FileDescriptor>>();
      accepted_->push_back(std::move(accepted));
    } catch (const std::bad_alloc&) {
      incomingError_ = ENOMEM;
    }
    return;
  }
  if (result != -ECANCELED && result != -EAGAIN && !brokeBeforeAccept(-result))
    incomingError_ = -result;
}

void UringChannel::acceptSome() {
  for (int tries = 0; tries < UringBackend::acceptsPerTurn; ++tries) {
    if (!accepted_ || accepted_->empty()) break;
    FileDescriptor descriptor = std::move(accepted_->front());
    accepted_->pop_front();
    NativeAddress peer;
    peer.size = sizeof peer.storage;
    if (::getpeername(descriptor.get(), peer.get(), &peer.size) != 0) peer.size = 0;
    acceptOne(is_.paused, *accepter_, peer,
              [&] { return backend_->add(std::move(descriptor), kind_); });
    if (is_.incoming != Incoming::accept || is_.paused) return;
  }
  if (incomingError_ != 0 && (!accepted_ || accepted_->empty()))
    failAccept(is_.paused, *accepter_, std::exchange(incomingError_, 0));
}

}  // namespace hawser::detail
