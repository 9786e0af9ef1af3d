#include <hawser/net/protocol.h>

#include <hawser/net/transport.h>

#include <stdexcept>
#include <utility>

namespace hawser {

Protocol::~Protocol() {
  if (holding_) transport_->letGo();
}

void Protocol::makeConnection(Transport& transport) {
  const bool held = transport.hold();
  Transport* const before = std::exchange(transport_, &transport);
  if (std::exchange(holding_, held)) before->letGo();
  connectionMade();
}

void Protocol::readConnectionLost() { transport().loseConnection(); }

void Protocol::throwNotConnected() {
  throw std::logic_error("Protocol::transport: the protocol is not connected yet");
}

bool Protocol::connected() const noexcept { return transport_ && transport_->connected(); }

}  // namespace hawser
