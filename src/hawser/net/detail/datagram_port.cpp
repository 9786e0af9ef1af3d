#include <hawser/net/detail/datagram_port.h>

#include <hawser/net/detail/datagram_text.h>
#include <hawser/net/detail/multicast.h>
#include <hawser/net/detail/native.h>
#include <hawser/net/detail/option_number.h>
#include <hawser/net/detail/user_code.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/reactor.h>

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>

namespace hawser::detail {

namespace {

using namespace std::chrono_literals;

// How soon to try again to send: in this time no network sends what a socket's buffer holds.
constexpr auto sendAgainDelay = 1ms;

// How soon to try again to receive where the kernel lacks memory to wait with.
constexpr auto receiveAgainDelay = 200ms;

bool noRoom(std::error_code error) noexcept {
  return error.value() == EAGAIN || error.value() == ENOBUFS;
}

// What UDP's header and the one below it leave of 65,535.
std::size_t longestFor(const Address& address) noexcept {
  switch (address.family()) {
    case Address::Family::ipv4:
      return 65'507;
    case Address::Family::ipv6:
      return 65'527;
    default:
      return SIZE_MAX;
  }
}

ChannelPtr openChannel(Reactor& reactor, const Address& address, const DatagramOptions& options) {
  const auto check = [&](std::error_code error) {
    if (error) throw CannotListenError(datagramText(address), error.value());
  };
  try {
    ChannelPtr channel = reactor.backend().open(nativeFamily(address), SOCK_DGRAM);
    if (options.listenMultiple) {
      check(channel->setOption(SOL_SOCKET, SO_REUSEADDR, 1));
      check(channel->setOption(SOL_SOCKET, SO_REUSEPORT, 1));
    }
    // Else a port gets what is sent to groups that others on this machine have joined. Not every
    // kernel has the option.
    if (address.family() == Address::Family::ipv4)
      static_cast<void>(channel->setOption(IPPROTO_IP, IP_MULTICAST_ALL, 0));
    else
      static_cast<void>(channel->setOption(IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0));
    check(channel->bind(toNative(address)));
    return channel;
  } catch (const std::system_error& error) {
    throw CannotListenError(datagramText(address), error.code().value());
  }
}

}  // namespace

template <class Event>
void DatagramPort::notify(const char* name, const DatagramProtocol& protocol, Event event) {
  callUser(protocol, name, std::move(event),
           [&] { return fmt::format("{} threw, on the port {}", name, datagramText(host_)); });
}

std::shared_ptr<DatagramPort> DatagramPort::open(Reactor& reactor, const Address& address,
                                                 std::shared_ptr<DatagramProtocol> protocol,
                                                 const DatagramOptions& options) {
  ChannelPtr channel = openChannel(reactor, address, options);
  const Address host = fromNative(channel->localAddress());
  if (host.family() == Address::Family::none)
    throw CannotListenError(datagramText(address), "the system does not tell its address");
  auto port = std::make_shared<DatagramPort>(reactor, std::move(channel), host, std::move(protocol),
                                             options.maxPacketSize, nullptr);
  start(port);
  return port;
}

std::shared_ptr<DatagramPort> DatagramPort::openUnix(Reactor& reactor, const Address& address,
                                                     const Address& peer,
                                                     std::shared_ptr<DatagramProtocol> protocol,
                                                     std::size_t maxPacketSize, unsigned mode) {
  ChannelPtr channel;
  try {
    channel = reactor.backend().open(AF_UNIX, SOCK_DGRAM);
  } catch (const std::system_error& error) {
    throw CannotListenError(address.toString(), error.code().value());
  }
  std::unique_ptr<UnixSocketFile> file;
  if (!address.path().empty())
    file = std::make_unique<UnixSocketFile>(*channel, address, mode, false);
  const Address host = addressOf(*channel, address);
  auto port = std::make_shared<DatagramPort>(reactor, std::move(channel), host, std::move(protocol),
                                             maxPacketSize, std::move(file));
  if (peer.family() != Address::Family::none) port->connect(peer);
  start(port);
  return port;
}

void DatagramPort::start(const std::shared_ptr<DatagramPort>& port) {
  port->self_ = port;
  port->reactor_.attach(*port);
  try {
    port->protocol_->makeConnection(*port);
  } catch (...) {
    port->Disconnectable::detach();
    port->close();
    port->AfterTurn::withdraw();
    port->protocol_ = nullptr;
    port->self_ = nullptr;
    throw;
  }
  if (port->channel_) port->channel_->receiveDatagrams(*port);
}

DatagramPort::DatagramPort(Reactor& reactor, ChannelPtr channel, const Address& host,
                           std::shared_ptr<DatagramProtocol> protocol, std::size_t maxPacketSize,
                           std::unique_ptr<UnixSocketFile> file)
    : reactor_(reactor),
      channel_(std::move(channel)),
      file_(std::move(file)),
      protocol_(std::move(protocol)),
      host_(host),
      maxPacketSize_(maxPacketSize) {}

DatagramPort::~DatagramPort() = default;

// Sending.

void DatagramPort::write(std::string_view datagram, const Address& to) {
  if (peer_.family() == Address::Family::none) return writeTo(datagram, to);
  if (to != peer_)
    throw std::logic_error(fmt::format("write: this port is connected to {}, and cannot send to {}",
                                       datagramText(peer_), datagramText(to)));
  writeTo(datagram, Address());
}

void DatagramPort::write(std::string_view datagram) {
  if (peer_.family() == Address::Family::none)
    throw std::logic_error("write: this port is not connected, so it must be told where to send");
  writeTo(datagram, Address());
}

void DatagramPort::writeTo(std::string_view datagram, const Address& to) {
  if (!channel_) return;
  const Address& receiver = to.family() == Address::Family::none ? peer_ : to;
  if (datagram.size() > longestFor(receiver))
    throw MessageLengthError(datagramText(receiver), datagram.size());
  std::error_code error = std::make_error_code(std::errc::resource_unavailable_try_again);
  if (waiting_.empty()) error = send(datagram, to);
  if (!error) return;
  if (error.value() == EMSGSIZE) throw MessageLengthError(datagramText(receiver), datagram.size());
  if (!noRoom(error)) throw DatagramError(datagramText(receiver), error.value());
  const std::size_t counts = datagram.size() + eachCounts;
  if (queuedBytes_ + counts > queueLimit)
    throw DatagramQueueFullError(datagramText(receiver), queueLimit);
  waiting_.push_back({std::string(datagram), to});
  queuedBytes_ += counts;
  sendLater();
}

// Without memory for a timer it tries again in the next turn.
void DatagramPort::sendLater() noexcept {
  if (retry_.active()) return;
  try {
    retry_ = reactor_.callLater(sendAgainDelay, [this] { sendWaiting(); });
  } catch (...) {
    reactor_.afterTurn(*this);
  }
}

std::error_code DatagramPort::send(std::string_view datagram, const Address& to) {
  const auto bytes = std::as_bytes(std::span(datagram));
  const NativeAddress address = toNative(to);
  std::error_code error = channel_->sendDatagram(bytes, address);
  if (!saysNobodyListens(error)) return error;
  refused_ = true;
  reactor_.afterTurn(*this);
  if (peer_.family() == Address::Family::local) return {};
  // That was the answer to an earlier datagram; this one has not been sent yet.
  error = channel_->sendDatagram(bytes, address);
  return error.value() == ECONNREFUSED ? std::error_code() : error;
}

bool DatagramPort::saysNobodyListens(std::error_code error) const noexcept {
  if (peer_.family() == Address::Family::none) return false;
  // Of a UNIX peer that is gone the kernel says so once, and then that there is none.
  const bool gone = error.value() == ENOTCONN || error.value() == ECONNRESET;
  return error.value() == ECONNREFUSED || (gone && peer_.family() == Address::Family::local);
}

void DatagramPort::sendWaiting() {
  while (!waiting_.empty()) {
    const Waiting& first = waiting_.front();
    const std::error_code error = send(first.bytes, first.to);
    if (noRoom(error)) return sendLater();
    queuedBytes_ -= first.bytes.size() + eachCounts;
    waiting_.pop_front();
    if (error) complain(logging::Level::warn, "a datagram that had to wait was dropped", error);
  }
}

void DatagramPort::complain(logging::Level level, const char* what,
                            std::error_code error) const noexcept {
  const auto log = level == logging::Level::error ? logging::error : logging::warn;
  std::string text;
  try {
    text = fmt::format("{}: {}: {}", datagramText(host_), what, errorText(error.value()));
  } catch (...) {
    return log(what, std::source_location::current());
  }
  log(text, std::source_location::current());
}

void DatagramPort::connect(const Address& peer) {
  if (peer_.family() != Address::Family::none)
    throw std::logic_error(
        fmt::format("connect: this port is connected to {} already", datagramText(peer_)));
  if (!channel_) return;
  if (const std::error_code error = channel_->setPeer(toNative(peer)))
    throw DatagramError(datagramText(peer), error.value());
  peer_ = peer;
  host_ = addressOf(*channel_, host_);
}

// Receiving.

void DatagramPort::datagramReceived(std::span<const std::byte> bytes, const NativeAddress& from,
                                    bool truncated) {
  complainedOf_ = 0;
  const Address sender = fromNative(from);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto protocol = protocol_;
  if (truncated || text.size() > maxPacketSize_)
    notify("datagramTruncated", *protocol,
           [&] { protocol->datagramTruncated(text.substr(0, maxPacketSize_), sender); });
  else
    notify("datagramReceived", *protocol, [&] { protocol->datagramReceived(text, sender); });
}

void DatagramPort::datagramFailed(std::error_code error) {
  if (saysNobodyListens(error)) {
    const auto protocol = protocol_;
    notify("connectionRefused", *protocol, [&] { protocol->connectionRefused(); });
  } else if (std::exchange(complainedOf_, error.value()) != error.value()) {
    complain(logging::Level::warn, "the system reports", error);
  }
}

void DatagramPort::datagramsEnded(std::error_code error) {
  if (error.value() == ENOMEM || error.value() == ENOSPC) {
    if (std::exchange(complainedOf_, error.value()) != error.value())
      complain(logging::Level::warn, "cannot receive for now", error);
    return receiveLater();
  }
  complain(logging::Level::error, "receiving failed, the port is closed", error);
  close();
  stop();
}

// Without memory for a timer it tries again in the next turn.
void DatagramPort::receiveLater() noexcept {
  try {
    receiveAgain_ =
        reactor_.callLater(receiveAgainDelay, [this] { channel_->receiveDatagrams(*this); });
  } catch (...) {
    receiveNext_ = true;
    reactor_.afterTurn(*this);
  }
}

// The end.

Deferred<void> DatagramPort::stopListening() {
  if (!protocol_) return succeed();
  auto [stopped, resolver] = makeDeferred<void>();
  stopped_.push_back(std::move(resolver));
  close();
  return std::move(stopped);
}

void DatagramPort::close() {
  if (!channel_) return;
  channel_ = nullptr;
  file_ = nullptr;
  if (retry_.active()) retry_.cancel();
  if (receiveAgain_.active()) receiveAgain_.cancel();
  waiting_.clear();
  queuedBytes_ = 0;
  refused_ = false;
  reactor_.afterTurn(*this);
}

void DatagramPort::afterTurn() {
  if (!channel_) return stop();
  if (std::exchange(receiveNext_, false)) channel_->receiveDatagrams(*this);
  if (!waiting_.empty() && !retry_.active()) sendWaiting();
  if (!std::exchange(refused_, false)) return;
  const auto protocol = protocol_;
  notify("connectionRefused", *protocol, [&] { protocol->connectionRefused(); });
}

void DatagramPort::disconnect() {
  close();
  stop();
}

void DatagramPort::stop() {
  AfterTurn::withdraw();
  Disconnectable::detach();
  const auto self = std::exchange(self_, nullptr);
  if (const auto protocol = std::exchange(protocol_, nullptr))
    notify("stopProtocol", *protocol, [&] { protocol->stopProtocol(); });
  for (Resolver<void>& resolver : std::exchange(stopped_, {})) resolver.callback();
}

// Options.

void DatagramPort::setBroadcastAllowed(bool allowed) {
  if (channel_) setNumber(*channel_, {SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST"}, allowed ? 1 : 0);
}
bool DatagramPort::getBroadcastAllowed() const {
  return getNumber(channel_.get(), {SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST"}) != 0;
}

Deferred<void> DatagramPort::joinGroup(const std::string& group, const std::string& interface) {
  return channel_ ? changeMembership(*channel_, Membership::join, host_, group, interface)
                  : succeed();
}
Deferred<void> DatagramPort::leaveGroup(const std::string& group, const std::string& interface) {
  return channel_ ? changeMembership(*channel_, Membership::leave, host_, group, interface)
                  : succeed();
}
Deferred<void> DatagramPort::setOutgoingInterface(const std::string& interface) {
  if (!channel_) return succeed();
  return setMulticastInterface(*channel_, host_, interface).addCallback([this, interface] {
    outgoingInterface_ = interface;
  });
}
std::string DatagramPort::getOutgoingInterface() const { return outgoingInterface_; }

void DatagramPort::setLoopbackMode(bool on) {
  if (channel_) setNumber(*channel_, multicastLoop(host_), on ? 1 : 0);
}
bool DatagramPort::getLoopbackMode() const {
  return getNumber(channel_.get(), multicastLoop(host_)) != 0;
}
void DatagramPort::setTTL(int networks) {
  if (channel_) setNumber(*channel_, multicastHops(host_), networks);
}
int DatagramPort::getTTL() const { return getNumber(channel_.get(), multicastHops(host_)); }

}  // namespace hawser::detail
