#include <hawser/net/factory.h>

#include <stdexcept>

namespace hawser {

Factory::~Factory() = default;

void Factory::doStart() {
  if (users_ == 0) startFactory();
  ++users_;
}

void Factory::doStop() {
  if (users_ == 0) throw std::logic_error("Factory::doStop: nobody uses this factory");
  if (--users_ == 0) stopFactory();
}

void ClientFactory::startedConnecting(Connector&) {}
void ClientFactory::clientConnectionFailed(Connector&, const Failure&) {}
void ClientFactory::clientConnectionLost(Connector&, const Failure&) {}

}  // namespace hawser
