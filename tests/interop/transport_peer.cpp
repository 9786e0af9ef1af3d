#include <hawser/hawser.h>

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

// The other end of the wire for real Twisted: one kind of transport for each first argument.

namespace {

using namespace hawser;

void announce(const std::string& where) {
  fmt::print("listening on {}\n", where);
  std::fflush(stdout);
}

/// Answers what arrives, bytes and the contents of descriptors, and sends a descriptor if asked to.
class Echo final : public Protocol, public FileDescriptorReceiver {
 public:
  void dataReceived(std::string_view bytes) override {
    if (bytes == "descriptor, please") {
      std::array<int, 2> ends{};
      if (::pipe(ends.data()) != 0) return transport().abortConnection();
      const FileDescriptor reading(ends[0]);
      const FileDescriptor writing(ends[1]);
      static_cast<void>(::write(writing.get(), "from Hawser", 11));
      transport().sendFileDescriptor(reading.get());
    }
    transport().write(bytes);
  }
  void fileDescriptorReceived(FileDescriptor descriptor) override {
    std::array<char, 100> text;
    const ssize_t size = ::read(descriptor.get(), text.data(), text.size());
    transport().write("<" + std::string(text.data(), static_cast<std::size_t>(size)) + ">");
  }
};

class DatagramEcho final : public DatagramProtocol {
 public:
  void datagramReceived(std::string_view datagram, const Address& from) override {
    transport().write(datagram, from);
  }
};

/// Says hello, and ends when it has the answer.
class Greeter final : public Protocol {
 public:
  explicit Greeter(Resolver<std::string> answer) : answer_(std::move(answer)) {}
  void connectionMade() override { transport().write("hello"); }
  void dataReceived(std::string_view bytes) override {
    received_ += bytes;
    if (received_.ends_with('.')) transport().loseConnection();
  }
  void connectionLost(const Failure&) override { answer_.callback(std::move(received_)); }

 private:
  std::string received_;
  Resolver<std::string> answer_;
};

/// Answers in brackets until its input ends.
class Bracketer final : public Protocol {
 public:
  explicit Bracketer(Resolver<int> end) : end_(std::move(end)) {}
  void dataReceived(std::string_view bytes) override {
    transport().write("[" + std::string(bytes) + "]");
  }
  void connectionLost(const Failure&) override { end_.callback(0); }

 private:
  Resolver<int> end_;
};

Deferred<int> serveForEver() {
  auto [never, resolver] = makeDeferred<int>();
  // Until a signal ends the reactor, and with it the Deferred.
  static Resolver<int> kept;
  kept = std::move(resolver);
  return std::move(never);
}

Deferred<int> serve(Reactor& reactor, std::string endpoint) {
  const auto port =
      co_await serverFromString(reactor, endpoint).listen(Factory::forProtocol<Echo>());
  announce(port->getHost().toString());
  co_return co_await serveForEver();
}

Deferred<int> serveDatagrams(Reactor& reactor) {
  const auto port =
      listenUDP(reactor, 0, std::make_shared<DatagramEcho>(), {.interface = "127.0.0.1"});
  announce(port->getHost().toString());
  co_return co_await serveForEver();
}

Deferred<int> greet(Reactor& reactor, std::string endpoint) {
  auto [answer, resolver] = makeDeferred<std::string>();
  auto greeter = std::make_shared<Greeter>(std::move(resolver));
  static_cast<void>(co_await connectProtocol(clientFromString(reactor, endpoint), greeter));
  fmt::print("{}\n", co_await std::move(answer));
  co_return 0;
}

Deferred<int> bracket(Reactor& reactor) {
  auto [end, resolver] = makeDeferred<int>();
  const StandardIO console(reactor, std::make_shared<Bracketer>(std::move(resolver)));
  co_return co_await std::move(end);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  const std::string where = argc > 2 ? argv[2] : "";
  return task::react([&](Reactor& reactor) -> Deferred<int> {
    if (what == "serve") return serve(reactor, where);
    if (what == "datagrams") return serveDatagrams(reactor);
    if (what == "greet") return greet(reactor, where);
    return bracket(reactor);
  });
}
