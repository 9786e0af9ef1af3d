#include <hawser/reactor/process_protocol.h>

#include <hawser/reactor/process_transport.h>

#include <stdexcept>

namespace hawser {

ProcessProtocol::~ProcessProtocol() = default;

void ProcessProtocol::makeConnection(ProcessTransport& transport) {
  transport_ = transport.weak_from_this().lock();
  if (!transport_)
    transport_ = std::shared_ptr<ProcessTransport>(std::shared_ptr<void>(), &transport);
  connectionMade();
}

void ProcessProtocol::childDataReceived(int childFD, std::string_view bytes) {
  if (childFD == 1)
    outReceived(bytes);
  else if (childFD == 2)
    errReceived(bytes);
}

void ProcessProtocol::childConnectionLost(int childFD) {
  if (childFD == 0)
    inConnectionLost();
  else if (childFD == 1)
    outConnectionLost();
  else if (childFD == 2)
    errConnectionLost();
}

void ProcessProtocol::throwNotConnected() {
  throw std::logic_error("ProcessProtocol::transport: there is no process yet");
}

}  // namespace hawser
