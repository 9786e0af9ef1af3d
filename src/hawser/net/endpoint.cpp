#include <hawser/net/endpoint.h>

#include <hawser/net/detail/client_session.h>
#include <hawser/net/detail/unix_dial.h>
#include <hawser/net/endpoint_parser.h>
#include <hawser/net/errors.h>
#include <hawser/net/stdio.h>
#include <hawser/net/unix.h>
#include <hawser/reactor/reactor.h>

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace hawser {

ClientEndpoint::Implementation::~Implementation() = default;
ServerEndpoint::Implementation::~Implementation() = default;

namespace {

// An IPv6 address is easier to read in brackets than with a backslash at each colon.
std::string hostText(const std::string& host) {
  if (host.find(':') != std::string::npos) return "[" + host + "]";
  return quoteEndpointArgument(host);
}

std::string unixText(const Address& address) {
  std::string path(address.path());
  if (path.starts_with('\0')) path.front() = '@';
  return "unix:" + quoteEndpointArgument(path);
}

std::chrono::nanoseconds timeoutArgument(const EndpointArguments& arguments) {
  const auto seconds = arguments.seconds("timeout");
  if (!seconds) return ConnectOptions().timeout;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(*seconds));
}

class TcpClient final : public ClientEndpoint::Implementation {
 public:
  TcpClient(Reactor& reactor, std::string host, std::uint16_t port, const ConnectOptions& options)
      : reactor_(reactor), host_(std::move(host)), options_(options), port_(port) {}

  Deferred<std::shared_ptr<Protocol>> connect(std::shared_ptr<Factory> factory) const override {
    return detail::connectClient(reactor_, detail::tcpDialler(reactor_, host_, port_, options_),
                                 std::move(factory));
  }
  std::string toString() const override { return fmt::format("tcp:{}:{}", hostText(host_), port_); }

 private:
  Reactor& reactor_;
  std::string host_;
  ConnectOptions options_;
  std::uint16_t port_;
};

class TcpServer final : public ServerEndpoint::Implementation {
 public:
  TcpServer(Reactor& reactor, const Address& address, int backlog, bool reusePort = false)
      : reactor_(reactor), address_(address), backlog_(backlog), reusePort_(reusePort) {}

  Deferred<std::shared_ptr<Port>> listen(std::shared_ptr<Factory> factory) const override {
    try {
      return listenTCP(
          reactor_, address_.port(), std::move(factory),
          ListenOptions{
              .backlog = backlog_, .interface = address_.host(), .reusePort = reusePort_});
    } catch (...) {
      return Failure::current();
    }
  }
  std::string toString() const override {
    const bool ipv6 = address_.family() == Address::Family::ipv6;
    return fmt::format("{}:{}:interface={}{}", ipv6 ? "tcp6" : "tcp", address_.port(),
                       hostText(address_.host()), reusePort_ ? ":reusePort=1" : "");
  }

 private:
  Reactor& reactor_;
  Address address_;
  int backlog_;
  bool reusePort_;
};

class UnixClient final : public ClientEndpoint::Implementation {
 public:
  UnixClient(Reactor& reactor, const std::string& path, std::chrono::nanoseconds timeout,
             bool checkPID)
      : reactor_(reactor),
        address_(Address::fromPath(path)),
        timeout_(timeout),
        checkPID_(checkPID) {}

  Deferred<std::shared_ptr<Protocol>> connect(std::shared_ptr<Factory> factory) const override {
    return detail::connectClient(
        reactor_, detail::unixDialler(reactor_, address_, timeout_, checkPID_), std::move(factory));
  }
  std::string toString() const override { return unixText(address_); }

 private:
  Reactor& reactor_;
  Address address_;
  std::chrono::nanoseconds timeout_;
  bool checkPID_;
};

class UnixServer final : public ServerEndpoint::Implementation {
 public:
  UnixServer(Reactor& reactor, const std::string& address, int backlog, unsigned mode, bool wantPID)
      : reactor_(reactor),
        address_(Address::fromPath(address)),
        backlog_(backlog),
        mode_(mode),
        wantPID_(wantPID) {}

  Deferred<std::shared_ptr<Port>> listen(std::shared_ptr<Factory> factory) const override {
    try {
      return listenUNIX(reactor_, std::string(address_.path()), std::move(factory), backlog_, mode_,
                        wantPID_);
    } catch (...) {
      return Failure::current();
    }
  }
  std::string toString() const override {
    return fmt::format("{}:mode={:o}:lockfile={}", unixText(address_), mode_, wantPID_ ? 1 : 0);
  }

 private:
  Reactor& reactor_;
  Address address_;
  int backlog_;
  unsigned mode_;
  bool wantPID_;
};

std::string pathArgument(const EndpointArguments& arguments, std::string_view name) {
  std::string path = arguments.required(name);
  if (path.front() == '@') path.front() = '\0';
  try {
    Address::fromPath(path);
  } catch (const BadAddressError& error) {
    arguments.reject(name, error.what());
  }
  return path;
}

ClientEndpoint unixClientFrom(Reactor& reactor, EndpointDescription description) {
  const EndpointArguments arguments(std::move(description), {"path"}, {"timeout", "lockfile"});
  const std::string path = pathArgument(arguments, "path");
  const bool checkPID = arguments.number("lockfile", 0, 1).value_or(0) != 0;
  return UNIXClientEndpoint(reactor, path, timeoutArgument(arguments), checkPID);
}

ServerEndpoint unixServerFrom(Reactor& reactor, EndpointDescription description) {
  const EndpointArguments arguments(std::move(description), {"address"},
                                    {"mode", "backlog", "lockfile"});
  const std::string path = pathArgument(arguments, "address");
  const long backlog = arguments.number("backlog", 1, 65535).value_or(defaultBacklog);
  const bool wantPID = arguments.number("lockfile", 0, 1).value_or(1) != 0;
  unsigned mode = 0666;
  if (const auto text = arguments.text("mode")) {
    const char* const end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, mode, 8);
    if (error != std::errc() || stop != end || mode > 07777)
      arguments.reject("mode", "\"mode\" must be permissions in octal, as in 660");
  }
  return UNIXServerEndpoint(reactor, path, static_cast<int>(backlog), mode, wantPID);
}

ServerEndpoint standardIOFrom(Reactor& reactor, EndpointDescription description) {
  // Behind the colon of `stdio:` stands an argument that is empty.
  auto& arguments = description.arguments;
  if (arguments.size() == 1 && arguments[0].name.empty() && arguments[0].value.empty())
    arguments.clear();
  const EndpointArguments none(std::move(description), {}, {});
  return StandardIOEndpoint(reactor);
}

Address numericAddress(const std::string& host, std::uint16_t port, Address::Family family) {
  const auto address = Address::fromNumericHost(host, port);
  if (address && address->family() == family) return *address;
  throw BadAddressError(host, 0,
                        family == Address::Family::ipv4 ? "expected a numeric IPv4 address"
                                                        : "expected a numeric IPv6 address");
}

std::shared_ptr<const ClientEndpoint::Implementation> numericClient(Reactor& reactor,
                                                                    const std::string& host,
                                                                    std::uint16_t port,
                                                                    const ConnectOptions& options,
                                                                    Address::Family family) {
  numericAddress(host, port, family);
  return std::make_shared<TcpClient>(reactor, host, port, options);
}

std::shared_ptr<const ServerEndpoint::Implementation> numericServer(Reactor& reactor,
                                                                    std::uint16_t port, int backlog,
                                                                    const std::string& interface,
                                                                    Address::Family family) {
  return std::make_shared<TcpServer>(reactor, numericAddress(interface, port, family), backlog);
}

Address addressArgument(const EndpointArguments& arguments, std::string_view name,
                        std::uint16_t port, const std::string& fallback) {
  const auto address = Address::fromNumericHost(arguments.text(name).value_or(fallback), port);
  if (!address) arguments.reject(name, fmt::format("\"{}\" must be a numeric address", name));
  return *address;
}

}  // namespace

HostnameEndpoint::HostnameEndpoint(Reactor& reactor, std::string host, std::uint16_t port,
                                   const ConnectOptions& options)
    : ClientEndpoint(std::make_shared<TcpClient>(reactor, std::move(host), port, options)) {}

TCP4ClientEndpoint::TCP4ClientEndpoint(Reactor& reactor, const std::string& host,
                                       std::uint16_t port, const ConnectOptions& options)
    : ClientEndpoint(numericClient(reactor, host, port, options, Address::Family::ipv4)) {}

TCP6ClientEndpoint::TCP6ClientEndpoint(Reactor& reactor, const std::string& host,
                                       std::uint16_t port, const ConnectOptions& options)
    : ClientEndpoint(numericClient(reactor, host, port, options, Address::Family::ipv6)) {}

TCP4ServerEndpoint::TCP4ServerEndpoint(Reactor& reactor, std::uint16_t port, int backlog,
                                       const std::string& interface)
    : ServerEndpoint(numericServer(reactor, port, backlog, interface, Address::Family::ipv4)) {}

TCP6ServerEndpoint::TCP6ServerEndpoint(Reactor& reactor, std::uint16_t port, int backlog,
                                       const std::string& interface)
    : ServerEndpoint(numericServer(reactor, port, backlog, interface, Address::Family::ipv6)) {}

UNIXClientEndpoint::UNIXClientEndpoint(Reactor& reactor, const std::string& path,
                                       std::chrono::nanoseconds timeout, bool checkPID)
    : ClientEndpoint(std::make_shared<UnixClient>(reactor, path, timeout, checkPID)) {}

UNIXServerEndpoint::UNIXServerEndpoint(Reactor& reactor, const std::string& address, int backlog,
                                       unsigned mode, bool wantPID)
    : ServerEndpoint(std::make_shared<UnixServer>(reactor, address, backlog, mode, wantPID)) {}

ClientEndpoint clientFromString(Reactor& reactor, std::string_view text) {
  EndpointDescription description = parseEndpointDescription(text);
  if (description.type == "unix") return unixClientFrom(reactor, std::move(description));
  if (description.type != "tcp")
    throw BadEndpointError(text, 0, "unknown type of client endpoint; there are tcp and unix");
  const EndpointArguments arguments(std::move(description), {"host", "port"},
                                    {"timeout", "bindAddress"});
  std::string host = arguments.required("host");
  arguments.required("port");
  const auto port = static_cast<std::uint16_t>(*arguments.number("port", 1, 65535));
  ConnectOptions options;
  options.timeout = timeoutArgument(arguments);
  if (arguments.text("bindAddress"))
    options.bindAddress = addressArgument(arguments, "bindAddress", 0, {});
  return HostnameEndpoint(reactor, std::move(host), port, options);
}

ServerEndpoint serverFromString(Reactor& reactor, std::string_view text) {
  EndpointDescription description = parseEndpointDescription(text);
  if (description.type == "unix") return unixServerFrom(reactor, std::move(description));
  if (description.type == "stdio") return standardIOFrom(reactor, std::move(description));
  if (description.type != "tcp" && description.type != "tcp6")
    throw BadEndpointError(text, 0,
                           "unknown type of server endpoint; there are tcp, tcp6, unix and stdio");
  const std::string everywhere = description.type == "tcp6" ? "::" : "0.0.0.0";
  const EndpointArguments arguments(std::move(description), {"port"},
                                    {"interface", "backlog", "reusePort"});
  arguments.required("port");
  const auto port = static_cast<std::uint16_t>(*arguments.number("port", 0, 65535));
  const Address address = addressArgument(arguments, "interface", port, everywhere);
  const long backlog = arguments.number("backlog", 1, 65535).value_or(defaultBacklog);
  const bool reusePort = arguments.number("reusePort", 0, 1).value_or(0) != 0;
  return ServerEndpoint(
      std::make_shared<TcpServer>(reactor, address, static_cast<int>(backlog), reusePort));
}

}  // namespace hawser
