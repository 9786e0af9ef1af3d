#include <hawser/testing/memory_reactor.h>

namespace hawser::testing {

MemoryReactor::MemoryReactor() : network_(0, {.hanging = 1}), reactor_(network_.makeBackend()) {
  network_.onEvent([this](const NetworkEvent& event) { see(event); });
}

void MemoryReactor::see(const NetworkEvent& event) {
  if (event.kind == NetworkEvent::Kind::listening)
    servers_.push_back({event.host, event.bytes});
  else if (event.kind == NetworkEvent::Kind::connecting)
    clients_.push_back({event.peer, event.host});
}

void MemoryReactor::advance(Reactor::Duration amount) {
  const auto end = reactor_.now() + amount;
  while (reactor_.now() < end) reactor_.iterate(end - reactor_.now());
  reactor_.iterate();
}

}  // namespace hawser::testing
