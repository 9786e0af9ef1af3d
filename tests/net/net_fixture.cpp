#include "net/net_fixture.h"

#include <hawser/net/detail/native.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace hawser::nettest {

namespace {

void check(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

std::string shortType(const Failure& failure) {
  const std::string name = failure.typeName();
  const auto colon = name.rfind("::");
  return colon == std::string::npos ? name : name.substr(colon + 2);
}

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

std::string Peer::lostWith() const { return reason ? shortType(*reason) : "nothing"; }

std::shared_ptr<Protocol> PeerFactory::buildProtocol(const Address& address) {
  auto peer = std::make_shared<Peer>();
  if (prepare) prepare(*peer);
  if (keep) peers.push_back(peer);
  addresses.push_back(address);
  return peer;
}

LogWatch::LogWatch()
    : quiet_(logging::silenceStderr()),
      observation_(logging::addObserver([this](const logging::Event& event) {
        if (event.level < logging::Level::warn) return;
        logged_ += event.message;
        if (event.failure) logged_ += ": " + event.failure->getErrorMessage();
        logged_ += '\n';
      })) {}

LogWatch::~LogWatch() { EXPECT_EQ(logged_, "") << "was logged"; }

bool TestNetwork::simulated() {
  const char* const name = std::getenv("HAWSER_TEST_NETWORK");
  if (!name) return false;
  if (name != std::string_view("simulated"))
    throw std::runtime_error("HAWSER_TEST_NETWORK: there is \"simulated\"");
  return true;
}

TestNetwork::TestNetwork() {
  if (!simulated()) return;
  const testing::NetworkConditions loopback{
      .minLatency = 100us, .maxLatency = 500us, .maxGap = 0ns, .cutting = 0};
  const testing::KernelConditions obliging{
      .shortReads = 0, .shortWrites = 0, .lateSends = 0, .destructiveResets = 0};
  network_.emplace(1, loopback, obliging);
}

bool TestNetwork::run(Reactor& reactor, const std::function<bool()>& done) {
  const auto start = reactor.now();
  while (!done()) {
    if (reactor.now() > start + 10s) return false;
    reactor.iterate(100ms);
  }
  return true;
}

void NetTest::until(const std::function<bool()>& done) {
  if (!network.run(reactor, done)) ADD_FAILURE() << "nothing happened in time";
}

void NetTest::settle() {
  for (int turn = 0; turn < 10; ++turn)
    reactor.iterate(TestNetwork::simulated() ? Reactor::Duration(5ms) : Reactor::Duration(0));
}

void TcpTest::SetUp() { port = listenTCP(reactor, 0, peers, defaultBacklog, GetParam()); }

ClientEndpoint TcpTest::endpoint() const {
  const Address address = port->getHost();
  return HostnameEndpoint(const_cast<Reactor&>(reactor), address.host(), address.port());
}

TcpTest::Pair TcpTest::connect(const std::function<void(Peer&)>& prepare) {
  auto client = std::make_shared<Peer>();
  if (prepare) prepare(*client);
  const std::size_t before = peers->peers.size();
  valueOf(connectProtocol(endpoint(), client));
  until([&] { return peers->peers.size() > before; });
  return {client, peers->peers.back()};
}

RawSocket RawSocket::connectedTo(const Address& address) {
  RawSocket socket(::socket(detail::nativeFamily(address), SOCK_STREAM | SOCK_CLOEXEC, 0));
  check(socket.get(), "socket");
  const NativeAddress native = detail::toNative(address);
  check(::connect(socket.get(), native.get(), native.size), "connect");
  return socket;
}

void RawSocket::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    check(static_cast<int>(sent), "send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string RawSocket::receiveAll() const {
  std::string bytes;
  char buffer[4096];
  for (;;) {
    const ssize_t received = ::recv(descriptor_, buffer, sizeof buffer, 0);
    check(static_cast<int>(received), "recv");
    if (received == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(received));
  }
}

void RawSocket::reset() {
  const linger reset{1, 0};
  check(::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), "setsockopt");
  close();
}

void RawSocket::close() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

SilentServer::SilentServer(TestNetwork& network) {
  if (auto* const simulation = network.simulation()) {
    address_ = Address::parse("10.0.0.9:9");
    simulation->setConditions("10.0.0.1", "10.0.0.9", {.hanging = 1});
  } else {
    listen();
  }
}

void SilentServer::listen() {
  listening_ = RawSocket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const NativeAddress loopback = detail::toNative(Address::parse("127.0.0.1:0"));
  check(::bind(listening_.get(), loopback.get(), loopback.size), "bind");
  check(::listen(listening_.get(), 0), "listen");
  NativeAddress native = loopback;
  check(::getsockname(listening_.get(), native.get(), &native.size), "getsockname");
  address_ = detail::fromNative(native);
  // Connections that nobody accepts, until the queue is full: from then on the kernel lets
  // newcomers wait.
  for (int filler = 0; filler < 16; ++filler) {
    fillers_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (::connect(fillers_.back().get(), native.get(), native.size) == 0) continue;
    pollfd waiting{fillers_.back().get(), POLLOUT, 0};
    if (::poll(&waiting, 1, 20) == 0) return;
  }
  throw std::runtime_error("this kernel's listen queue is never full");
}

}  // namespace hawser::nettest
