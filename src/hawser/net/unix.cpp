#include <hawser/net/unix.h>

#include <hawser/net/detail/datagram_port.h>
#include <hawser/net/detail/native.h>
#include <hawser/net/detail/stream_connector.h>
#include <hawser/net/detail/stream_listener.h>
#include <hawser/net/detail/unix_dial.h>
#include <hawser/net/detail/unix_socket_file.h>
#include <hawser/net/detail/user_code.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/reactor.h>

#include <sys/socket.h>

#include <system_error>
#include <utility>

namespace hawser {

std::shared_ptr<Port> listenUNIX(Reactor& reactor, const std::string& address,
                                 std::shared_ptr<Factory> factory, int backlog, unsigned mode,
                                 bool wantPID) {
  detail::checkUsable(reactor, "listenUNIX");
  factory = detail::given(std::move(factory), "listenUNIX: there is no factory");
  const Address wanted = Address::fromPath(address);
  ChannelPtr channel;
  try {
    channel = reactor.backend().open(AF_UNIX, SOCK_STREAM);
  } catch (const std::system_error& error) {
    throw CannotListenError(wanted.toString(), error.code().value());
  }
  auto file = std::make_unique<detail::UnixSocketFile>(*channel, wanted, mode, wantPID);
  if (const std::error_code error = channel->listen(backlog))
    throw CannotListenError(wanted.toString(), error.value());
  const Address host = detail::addressOf(*channel, wanted);
  return detail::StreamListener::listenOn(reactor, std::move(channel), host, std::move(factory),
                                          std::move(file));
}

std::shared_ptr<Connector> connectUNIX(Reactor& reactor, const std::string& address,
                                       std::shared_ptr<ClientFactory> factory,
                                       std::chrono::nanoseconds timeout, bool checkPID) {
  detail::checkUsable(reactor, "connectUNIX");
  factory = detail::given(std::move(factory), "connectUNIX: there is no factory");
  auto connector = std::make_shared<detail::StreamConnector>(
      reactor, detail::unixDialler(reactor, Address::fromPath(address), timeout, checkPID),
      std::move(factory));
  connector->connect();
  return connector;
}

std::shared_ptr<DatagramTransport> listenUNIXDatagram(Reactor& reactor, const std::string& address,
                                                      std::shared_ptr<DatagramProtocol> protocol,
                                                      std::size_t maxPacketSize, unsigned mode) {
  detail::checkUsable(reactor, "listenUNIXDatagram");
  protocol = detail::given(std::move(protocol), "listenUNIXDatagram: there is no protocol");
  return detail::DatagramPort::openUnix(reactor, Address::fromPath(address), Address(),
                                        std::move(protocol), maxPacketSize, mode);
}

std::shared_ptr<DatagramTransport> connectUNIXDatagram(Reactor& reactor, const std::string& address,
                                                       std::shared_ptr<DatagramProtocol> protocol,
                                                       std::size_t maxPacketSize, unsigned mode,
                                                       const std::string& bindAddress) {
  detail::checkUsable(reactor, "connectUNIXDatagram");
  protocol = detail::given(std::move(protocol), "connectUNIXDatagram: there is no protocol");
  return detail::DatagramPort::openUnix(reactor, Address::fromPath(bindAddress),
                                        Address::fromPath(address), std::move(protocol),
                                        maxPacketSize, mode);
}

}  // namespace hawser
