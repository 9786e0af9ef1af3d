// A server that sends back whatever it is sent.
//
//   echo_server [--port N] [--reactor NAME] [--streams]
//
// It listens on this machine's loopback, on a free port unless it is told one; its first line of
// output is `listening on tcp:HOST:PORT`. --reactor chooses what waits for the kernel: epoll, poll
// or io_uring. With --streams each connection is served by a coroutine. SIGINT and SIGTERM end it.

#include <hawser/net/errors.h>
#include <hawser/net/factory.h>
#include <hawser/net/protocol.h>
#include <hawser/net/stream.h>
#include <hawser/net/stream_protocol.h>
#include <hawser/net/tcp.h>
#include <hawser/net/transport.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/reactor.h>

#include <fmt/core.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace hawser;

class EchoProtocol : public Protocol {
 public:
  void dataReceived(std::string_view bytes) override { transport().write(bytes); }
};

Deferred<void> echo(Stream stream) {
  while (auto bytes = co_await stream.read()) co_await stream.write(*bytes);
}

class EchoStream : public StreamProtocol {
 public:
  void connectionMade() override {
    echo(Stream(shared(this))).addErrback([](const ConnectionClosed&) {});
  }
};

struct Options {
  std::uint16_t port = 0;
  std::string reactor;
  bool streams = false;
};

Options parseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--streams") {
      options.streams = true;
      continue;
    }
    if (name != "--port" && name != "--reactor")
      throw std::invalid_argument(fmt::format("there is no option {}", name));
    if (++i == argc) throw std::invalid_argument(fmt::format("{} needs a value", name));
    const std::string_view value = argv[i];
    if (name == "--reactor")
      options.reactor = value;
    else if (const auto port = parsePort(value))
      options.port = *port;
    else
      throw std::invalid_argument(fmt::format("{} is no port", value));
  }
  return options;
}

int main(int argc, char** argv) {
  try {
    const Options options = parseOptions(argc, argv);
    Reactor reactor(options.reactor.empty() ? nullptr : makeBackend(options.reactor));
    const auto factory =
        options.streams ? Factory::forProtocol<EchoStream>() : Factory::forProtocol<EchoProtocol>();
    const auto port = listenTCP(reactor, options.port, factory, defaultBacklog, "127.0.0.1");
    fmt::print("listening on {}\n", port->getHost().toString());
    std::fflush(stdout);
    reactor.run();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "echo_server: {}\n", error.what());
    return 2;
  }
}
