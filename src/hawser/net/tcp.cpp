#include <hawser/net/tcp.h>

#include <hawser/net/detail/dial.h>
#include <hawser/net/detail/stream_connector.h>
#include <hawser/net/detail/stream_listener.h>
#include <hawser/net/detail/user_code.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/reactor.h>

#include <utility>

namespace hawser {

std::shared_ptr<Port> listenTCP(Reactor& reactor, std::uint16_t port,
                                std::shared_ptr<Factory> factory, int backlog,
                                const std::string& interface) {
  return listenTCP(reactor, port, std::move(factory),
                   ListenOptions{.backlog = backlog, .interface = interface});
}

std::shared_ptr<Port> listenTCP(Reactor& reactor, std::uint16_t port,
                                std::shared_ptr<Factory> factory, const ListenOptions& options) {
  detail::checkUsable(reactor, "listenTCP");
  factory = detail::given(std::move(factory), "listenTCP: there is no factory");
  const auto address = options.interface.empty()
                           ? Address::any(Address::Family::ipv4, port)
                           : Address::fromNumericHost(options.interface, port);
  if (!address)
    throw CannotListenError(detail::destination(options.interface, port),
                            "an interface is given by its numeric address");
  return detail::StreamListener::listen(reactor, *address, std::move(factory), options);
}

std::shared_ptr<Connector> connectTCP(Reactor& reactor, std::string host, std::uint16_t port,
                                      std::shared_ptr<ClientFactory> factory,
                                      const ConnectOptions& options) {
  detail::checkUsable(reactor, "connectTCP");
  factory = detail::given(std::move(factory), "connectTCP: there is no factory");
  auto connector = std::make_shared<detail::StreamConnector>(
      reactor, detail::tcpDialler(reactor, std::move(host), port, options), std::move(factory));
  connector->connect();
  return connector;
}

}  // namespace hawser
