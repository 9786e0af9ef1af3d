#include <hawser/testing/detail/simulated_datagram_channel.h>

#include <hawser/net/detail/native.h>
#include <hawser/reactor/detail/call_handler.h>

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace hawser::testing::simulated {

namespace {

using hawser::detail::callHandler;
using hawser::detail::fromNative;
using hawser::detail::toNative;
using Kind = NetworkEvent::Kind;

constexpr int datagramsPerTurn = 64;
// The kernel's own bookkeeping, so that empty datagrams fill a buffer too.
constexpr std::size_t eachCounts = 256;

bool isAny(const Address& address) noexcept { return address.bytes() == Address::Bytes{}; }

bool isMulticast(const Address& address) noexcept {
  if (address.family() == Address::Family::ipv6) return address.bytes()[0] == 0xff;
  return (address.bytes()[0] & 0xf0) == 0xe0;
}

/// The group of a request to join or leave one; none if it is something else.
Address groupOf(int level, int name, std::span<const std::byte> value) noexcept {
  Address::Bytes bytes{};
  if (level == IPPROTO_IP && (name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP) &&
      value.size() >= sizeof(in_addr)) {
    std::memcpy(bytes.data(), value.data(), sizeof(in_addr));
    return Address(Address::Family::ipv4, bytes, 0);
  }
  if (level == IPPROTO_IPV6 && (name == IPV6_JOIN_GROUP || name == IPV6_LEAVE_GROUP) &&
      value.size() >= sizeof(in6_addr)) {
    std::memcpy(bytes.data(), value.data(), sizeof(in6_addr));
    return Address(Address::Family::ipv6, bytes, 0);
  }
  return Address();
}

}  // namespace

SimulatedDatagramChannel::SimulatedDatagramChannel(SimulatedKernel& kernel, Address::Family family)
    : kernel_(&kernel),
      capacity_(kernel.random().between(kernel.network.minBuffer, kernel.network.maxBuffer)),
      alive_(std::make_shared<SimulatedDatagramChannel*>(this)),
      family_(family) {
  kernel.add(*this);
}

void SimulatedDatagramChannel::refuseStreams() {
  throw std::logic_error("this channel carries datagrams");
}

void SimulatedDatagramChannel::note(Kind kind, const Address& peer, std::size_t bytes, int error) {
  kernel_->note(kind, local_, peer, bytes, failed(error));
}

// Receiving.

void SimulatedDatagramChannel::receiveDatagrams(DatagramHandler& handler) {
  if (!kernel_) return;
  if (handler_) throw std::logic_error("this channel receives already");
  handler_ = &handler;
  paused_ = false;
  notify();
}

void SimulatedDatagramChannel::resumeReceiving() {
  paused_ = false;
  notify();
}

void SimulatedDatagramChannel::notify() {
  if (kernel_ && handler_ && !paused_ && !inbox_.empty()) kernel_->schedule(*this);
}

void SimulatedDatagramChannel::work() {
  for (int tries = 0; tries < datagramsPerTurn; ++tries) {
    if (!kernel_ || !handler_ || paused_ || inbox_.empty()) return;
    // A letter that dies with this call: whoever keeps the span is caught by AddressSanitizer.
    const Letter letter = std::move(inbox_.front());
    inbox_.pop_front();
    unread_ -= letter.bytes.size() + eachCounts;
    DatagramHandler& handler = *handler_;
    if (letter.error != 0) {
      callHandler("while handling the failure of a datagram",
                  [&] { handler.datagramFailed(failed(letter.error)); });
      continue;
    }
    note(Kind::received, letter.from, letter.bytes.size());
    const auto bytes = std::as_bytes(std::span(letter.bytes));
    const bool truncated = bytes.size() > readBufferBytes;
    const NativeAddress from = toNative(letter.from);
    callHandler("while handling a datagram", [&] {
      handler.datagramReceived(bytes.first(std::min(bytes.size(), readBufferBytes)), from,
                               truncated);
    });
  }
  notify();
}

bool SimulatedDatagramChannel::hears(const Address& to) const noexcept {
  if (local_.port() != to.port() || local_.family() != to.family()) return false;
  if (!isMulticast(to)) return isAny(local_) || local_ == to;
  return std::find(groups_.begin(), groups_.end(), to.withPort(0)) != groups_.end();
}

void SimulatedDatagramChannel::arrive(std::string bytes, const Address& from) {
  if (peer_.family() != Address::Family::none && from != peer_) return;
  if (unread_ + bytes.size() + eachCounts > capacity_) return note(Kind::lost, from, bytes.size());
  note(Kind::arrived, from, bytes.size());
  put({std::move(bytes), from});
}

void SimulatedDatagramChannel::put(Letter letter) {
  unread_ += letter.bytes.size() + eachCounts;
  inbox_.push_back(std::move(letter));
  notify();
}

// Sending.

std::error_code SimulatedDatagramChannel::sendDatagram(std::span<const std::byte> bytes,
                                                       const NativeAddress& to) noexcept {
  if (!kernel_) return failed(EBADF);
  const Address receiver = to.size == 0 ? peer_ : fromNative(to);
  if (receiver.family() == Address::Family::none) return failed(EDESTADDRREQ);
  if (receiver.family() != family_) return failed(EAFNOSUPPORT);
  if (bytes.size() > (family_ == Address::Family::ipv4 ? 65'507u : 65'527u))
    return failed(EMSGSIZE);
  if (kernel_->random().chance(kernel_->kernel.sendErrors)) return failed(ENOBUFS);
  if (local_.port() == 0) {
    const Address any = Address::any(family_, 0);
    local_ = any.withPort(kernel_->freeDatagramPort(any));
  }
  const Address from =
      isAny(local_) ? kernel_->defaultHost(family_).withPort(local_.port()) : local_;
  note(Kind::sent, receiver, bytes.size());
  post(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), from, receiver);
  return {};
}

void SimulatedDatagramChannel::post(std::string bytes, const Address& from, const Address& to) {
  if (!isMulticast(to)) return travel(std::move(bytes), from, to, to);
  for (const Address& host : kernel_->hostsHearing(to)) travel(bytes, from, to, host);
}

void SimulatedDatagramChannel::travel(std::string bytes, const Address& from, const Address& to,
                                      const Address& receiver) {
  SimulatedKernel& kernel = *kernel_;
  const SimulatedRoute& route = kernel.route(from, receiver);
  const NetworkConditions& conditions = kernel.conditionsOf(route);
  const int copies = kernel.random().chance(conditions.duplicating) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    if (!route.passable() || kernel.random().chance(conditions.losing)) {
      kernel.note(Kind::lost, receiver, from, bytes.size());
      continue;
    }
    kernel.after(kernel.latency(route),
                 [&kernel, &route, bytes, from, to, receiver, sender = std::weak_ptr(alive_)] {
                   if (!route.passable())
                     return kernel.note(Kind::lost, receiver, from, bytes.size());
                   if (kernel.deliverDatagram(bytes, from, to, receiver)) return;
                   kernel.note(Kind::refused, from, receiver);
                   kernel.after(kernel.latency(route), [sender, to] {
                     const auto alive = sender.lock();
                     // Only who is connected is told.
                     if (alive && *alive && (*alive)->peer_ == to)
                       (*alive)->put({{}, to, ECONNREFUSED});
                   });
                 });
  }
}

std::error_code SimulatedDatagramChannel::setPeer(const NativeAddress& peer) noexcept {
  if (!kernel_) return failed(EBADF);
  const Address wanted = fromNative(peer);
  if (wanted.family() != family_) return failed(EAFNOSUPPORT);
  peer_ = wanted;
  const Address host = isAny(local_) ? kernel_->defaultHost(family_) : local_;
  local_ = host.withPort(local_.port() != 0 ? local_.port() : kernel_->freeDatagramPort(host));
  return {};
}

// What completes at once.

std::error_code SimulatedDatagramChannel::bind(const NativeAddress& address) noexcept {
  if (!kernel_) return failed(EBADF);
  const Address wanted = fromNative(address);
  if (wanted.family() != family_ || local_.port() != 0) return failed(EINVAL);
  if (wanted.port() != 0 && !kernel_->datagramPortFree(wanted, shares())) return failed(EADDRINUSE);
  local_ = wanted.port() != 0 ? wanted : wanted.withPort(kernel_->freeDatagramPort(wanted));
  return {};
}

bool SimulatedDatagramChannel::shares() const noexcept {
  int value = 0;
  std::size_t size = 0;
  options_.get(SOL_SOCKET, SO_REUSEADDR, std::as_writable_bytes(std::span(&value, 1)), size);
  return value != 0;
}

std::error_code SimulatedDatagramChannel::setOption(int level, int name,
                                                    std::span<const std::byte> value) noexcept {
  if (!kernel_) return failed(EBADF);
  const Address group = groupOf(level, name, value);
  if (group.family() == Address::Family::none) return failed(options_.set(level, name, value));
  if (!isMulticast(group)) return failed(EINVAL);
  const auto found = std::find(groups_.begin(), groups_.end(), group);
  const bool member = found != groups_.end();
  if (name == IP_ADD_MEMBERSHIP || name == IPV6_JOIN_GROUP) {
    if (member) return failed(EADDRINUSE);
    groups_.push_back(group);
  } else {
    if (!member) return failed(EADDRNOTAVAIL);
    groups_.erase(found);
  }
  return {};
}

std::error_code SimulatedDatagramChannel::getOption(int level, int name, std::span<std::byte> value,
                                                    std::size_t& size) const noexcept {
  size = 0;
  return failed(kernel_ ? options_.get(level, name, value, size) : EBADF);
}

NativeAddress SimulatedDatagramChannel::localAddress() const noexcept {
  if (!kernel_) return {};
  return toNative(local_.family() == Address::Family::none ? Address::any(family_, 0) : local_);
}

NativeAddress SimulatedDatagramChannel::peerAddress() const noexcept { return toNative(peer_); }

std::error_code SimulatedDatagramChannel::shutdownSend() noexcept { return failed(EOPNOTSUPP); }
std::error_code SimulatedDatagramChannel::listen(int) noexcept { return failed(EOPNOTSUPP); }

// The end.

void SimulatedDatagramChannel::close() noexcept {
  SimulatedKernel* const kernel = kernel_;
  if (!kernel) {
    delete this;
    return;
  }
  note(Kind::closed, peer_);
  detach();
  kernel->bury(*this);
}

void SimulatedDatagramChannel::detach() noexcept {
  kernel_ = nullptr;
  handler_ = nullptr;
  *alive_ = nullptr;
  inbox_.clear();
  groups_.clear();
  unlink();
}

std::string SimulatedDatagramChannel::describe() const {
  std::string text = "datagrams of " + local_.toString();
  if (peer_.family() != Address::Family::none) text += " with " + peer_.toString();
  if (handler_) return text + (paused_ ? " receives, but pauses" : " receives");
  return text + " is idle";
}

}  // namespace hawser::testing::simulated
