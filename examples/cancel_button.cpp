// A cancel button on an attempt to connect.
//
// Who shows the button does not own the Deferred: that one was returned to somebody else. The
// button has a CancelHandle, which may be used at any time and any number of times. While the
// connection is being made, it gives up, and the chain fails with a CancelledError; afterwards it
// does nothing.

#include <hawser/defer/cancel_handle.h>
#include <hawser/defer/deferred.h>
#include <hawser/net/endpoint.h>
#include <hawser/net/errors.h>
#include <hawser/net/protocol.h>
#include <hawser/reactor/task.h>

#include <fmt/core.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

using namespace hawser;
using namespace std::chrono_literals;

class Silent : public Protocol {
 public:
  void dataReceived(std::string_view) override {}
};

class Window {
 public:
  Deferred<void> open(const ClientEndpoint& server) {
    fmt::print("  window: connecting\n");
    auto connecting = server.connect(Factory::forProtocol<Silent>());
    attempt_ = connecting.cancelHandle();
    return std::move(connecting)
        .addCallback([](const std::shared_ptr<Protocol>&) { fmt::print("  window: connected\n"); })
        .addErrback([](const CancelledError&) { fmt::print("  window: given up\n"); })
        .addErrback([](const ConnectError& error) { fmt::print("  window: {}\n", error.what()); });
  }

  void pressCancel() {
    fmt::print("  somebody presses the button\n");
    attempt_.cancel();
  }

 private:
  CancelHandle attempt_;
};

// A server that never gets round to its callers: the only place in its queue is taken, and the
// kernel lets everybody else wait.
class BusyServer {
 public:
  BusyServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const there = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (bind(listening_, there, size) != 0 || listen(listening_, 0) != 0 ||
        getsockname(listening_, there, &size) != 0 || connect(inQueue_, there, size) != 0)
      throw std::system_error(errno, std::generic_category(), "BusyServer");
    port_ = ntohs(address.sin_port);
  }
  BusyServer(const BusyServer&) = delete;
  BusyServer& operator=(const BusyServer&) = delete;
  ~BusyServer() {
    close(inQueue_);
    close(listening_);
  }

  std::uint16_t port() const { return port_; }

 private:
  int listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int inQueue_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
};

Deferred<void> program(Reactor& reactor) {
  Window window;

  fmt::print("A server that does not answer:\n");
  const BusyServer busy;
  const TCP4ClientEndpoint nobody(reactor, "127.0.0.1", busy.port());
  reactor.callLater(50ms, [&window] { window.pressCancel(); });
  co_await window.open(nobody);
  window.pressCancel();

  fmt::print("A server that does:\n");
  const TCP4ServerEndpoint anyPort(reactor, 0, defaultBacklog, "127.0.0.1");
  const std::shared_ptr<Port> port = co_await anyPort.listen(Factory::forProtocol<Silent>());
  const TCP4ClientEndpoint somebody(reactor, "127.0.0.1", port->getHost().port());
  co_await window.open(somebody);
  window.pressCancel();
}

int main() { return task::react(program); }
