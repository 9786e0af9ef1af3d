#include <hawser/reactor/backend.h>
#include <hawser/reactor/epoll_backend.h>

namespace hawser {

std::unique_ptr<Backend> makeDefaultBackend() { return std::make_unique<EpollBackend>(); }

}  // namespace hawser
