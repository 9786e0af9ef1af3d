#include "server.h"

#include <hawser/hawser.h>

namespace echo {

namespace {

class EchoProtocol : public hawser::Protocol {
 public:
  void dataReceived(std::string_view bytes) override { transport().write(bytes); }
};

}  // namespace

void serveByHawser(std::uint16_t port, void (*listening)(std::uint16_t port)) {
  hawser::Reactor reactor;
  const auto shared =
      hawser::listenTCP(reactor, port, hawser::Factory::forProtocol<EchoProtocol>(),
                        hawser::ListenOptions{.interface = "127.0.0.1", .reusePort = true});
  reactor.callWhenRunning([&] { listening(shared->getHost().port()); });
  reactor.run({.handleSignals = false});
}

}  // namespace echo
