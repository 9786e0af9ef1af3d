#include <hawser/net/protocol.h>

#include <hawser/net/transport.h>

#include <stdexcept>

namespace hawser {

Protocol::~Protocol() = default;

void Protocol::makeConnection(Transport& transport) {
  transport_ = transport.weak_from_this().lock();
  if (!transport_) transport_ = std::shared_ptr<Transport>(std::shared_ptr<void>(), &transport);
  connectionMade();
}

void Protocol::readConnectionLost() { transport().loseConnection(); }

void Protocol::throwNotConnected() {
  throw std::logic_error("Protocol::transport: the protocol is not connected yet");
}

bool Protocol::connected() const noexcept { return transport_ && transport_->connected(); }

}  // namespace hawser
