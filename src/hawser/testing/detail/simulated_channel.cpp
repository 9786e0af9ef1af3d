#include <hawser/testing/detail/simulated_channel.h>

#include <hawser/net/detail/native.h>
#include <hawser/reactor/detail/call_handler.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace hawser::testing::simulated {

namespace {

using hawser::detail::callHandler;
using Kind = NetworkEvent::Kind;

constexpr int receivesPerTurn = 4;
constexpr int acceptsPerTurn = 64;

bool isLoopback(const Address& address) noexcept {
  if (address.family() == Address::Family::ipv4) return address.bytes()[0] == 127;
  Address::Bytes ipv6{};
  ipv6.back() = 1;
  return address.bytes() == ipv6;
}

}  // namespace

SimulatedChannel::SimulatedChannel(SimulatedKernel& kernel, Address::Family family)
    : kernel_(&kernel), family_(family) {
  kernel.add(*this);
}

SimulatedChannel::SimulatedChannel(SimulatedKernel& kernel,
                                   std::shared_ptr<SimulatedConnection> connection)
    : kernel_(&kernel),
      connection_(std::move(connection)),
      end_(SimulatedConnection::listener),
      family_(connection_->address(SimulatedConnection::listener).family()) {
  local_ = connection_->address(SimulatedConnection::listener);
  peer_ = connection_->address(SimulatedConnection::caller);
  connection_->attach(*this);
  kernel.add(*this);
}

void SimulatedChannel::note(Kind kind, std::size_t bytes, int error) {
  kernel_->note(kind, local_, peer_, bytes, failed(error));
}

// Starting, pausing, cancelling.

bool SimulatedChannel::begin(Incoming operation) {
  if (!kernel_) return false;
  if (incoming_ != Incoming::none)
    throw std::logic_error("this channel accepts or receives already");
  incoming_ = operation;
  paused_ = false;
  return true;
}

bool SimulatedChannel::begin(Outgoing operation) {
  if (!kernel_) return false;
  if (outgoing_ != Outgoing::none) throw std::logic_error("this channel connects or sends already");
  outgoing_ = operation;
  return true;
}

void SimulatedChannel::accept(AcceptHandler& handler) {
  if (!begin(Incoming::accept)) return;
  accepter_ = &handler;
  notify();
}

void SimulatedChannel::receive(ReceiveHandler& handler) {
  if (!begin(Incoming::receive)) return;
  receiver_ = &handler;
  notify();
}

void SimulatedChannel::resume() {
  if (std::exchange(paused_, false)) notify();
}

void SimulatedChannel::cancelIncoming(Incoming operation) noexcept {
  if (incoming_ == operation) incoming_ = Incoming::none;
}

void SimulatedChannel::connect(const NativeAddress& address, ConnectHandler& handler) {
  if (!begin(Outgoing::connect)) return;
  connecter_ = &handler;
  peer_ = hawser::detail::fromNative(address);
  if (peer_.family() != family_) connectError_ = EAFNOSUPPORT;
  if (connection_ || listening_) connectError_ = EISCONN;
  if (connectError_ != 0) return notify();
  if (local_.port() == 0) {
    const bool anywhere = local_.bytes() == Address::Bytes{};
    const Address host = isLoopback(peer_) ? peer_
                         : anywhere        ? kernel_->defaultHost(family_)
                                           : local_;
    local_ = host.withPort(kernel_->freePort(host));
  }
  connection_ = std::make_shared<SimulatedConnection>(*kernel_, local_, peer_);
  connection_->call(*this);
}

void SimulatedChannel::cancelConnect() noexcept {
  if (outgoing_ == Outgoing::connect) outgoing_ = Outgoing::none;
}

bool SimulatedChannel::send(SendQueue& data, SendHandler& handler) {
  if (!begin(Outgoing::send)) {
    data.clear();
    return false;
  }
  if (sendError() == 0 && !kernel_->random().chance(kernel_->kernel.lateSends)) {
    transmit(data);
    if (data.empty()) {
      outgoing_ = Outgoing::none;
      return true;
    }
  }
  sender_ = &handler;
  sending_ = std::move(data);
  notify();
  return false;
}

void SimulatedChannel::cancelSend() noexcept {
  if (outgoing_ != Outgoing::send) return;
  outgoing_ = Outgoing::none;
  sending_.clear();
}

std::error_code SimulatedChannel::shutdownSend() noexcept {
  if (!connection_ || sendError() != 0) return failed(ENOTCONN);
  connection_->finish(end_);
  return {};
}

std::size_t SimulatedChannel::unread() const noexcept {
  return connection_ ? connection_->unread(end_).size() : 0;
}

void SimulatedChannel::close() noexcept {
  SimulatedKernel* const kernel = kernel_;
  if (!kernel) {
    delete this;
    return;
  }
  note(Kind::closed);
  if (listening_) kernel->release(local_, *this);
  dropConnections();
  detach();
  kernel->bury(*this);
}

void SimulatedChannel::dropConnections() {
  for (const auto& connection : std::exchange(waiting_, {}))
    connection->close(SimulatedConnection::listener, true);
  if (const auto connection = std::exchange(connection_, nullptr))
    connection->close(end_, options_.resetOnClose());
}

void SimulatedChannel::detach() noexcept {
  kernel_ = nullptr;
  connection_ = nullptr;
  waiting_.clear();
  incoming_ = Incoming::none;
  outgoing_ = Outgoing::none;
  sending_.clear();
  unlink();
}

// Working. After each call of a handler everything may have changed.

bool SimulatedChannel::canConnect() const noexcept {
  return outgoing_ == Outgoing::connect &&
         (connectError_ != 0 || connection_->established() || connection_->error(end_) != 0);
}

bool SimulatedChannel::canReceive() const noexcept {
  if (incoming_ != Incoming::receive || paused_) return false;
  return !connection_ || !connection_->unread(end_).empty() || connection_->ended(end_) ||
         connection_->error(end_) != 0;
}

bool SimulatedChannel::canAccept() const noexcept {
  return incoming_ == Incoming::accept && !paused_ && (!listening_ || !waiting_.empty());
}

bool SimulatedChannel::canSend() const noexcept {
  return outgoing_ == Outgoing::send && (sendError() != 0 || connection_->sendRoom(end_) > 0);
}

int SimulatedChannel::sendError() const noexcept {
  if (!connection_ || connection_->finishing(end_)) return EPIPE;
  const int error = connection_->error(end_);
  return error == ECONNRESET && incoming_ != Incoming::receive ? EPIPE : error;
}

void SimulatedChannel::notify() {
  if (kernel_ && (canConnect() || canReceive() || canAccept() || canSend()))
    kernel_->schedule(*this);
}

void SimulatedChannel::work() {
  if (canConnect()) finishConnect();
  // What the peer sent before the connection broke is delivered before a send fails by that.
  if (canReceive()) receiveSome();
  if (canAccept()) acceptSome();
  if (canSend() && (sendError() == 0 || !canReceive())) sendMore();
  notify();
}

void SimulatedChannel::finishConnect() {
  const int error = connectError_ != 0           ? connectError_
                    : connection_->established() ? 0
                                                 : connection_->error(end_);
  outgoing_ = Outgoing::none;
  note(error == 0 ? Kind::connected : Kind::connectFailed, 0, error);
  ConnectHandler& handler = *connecter_;
  callHandler("while telling the outcome of a connect", [&] {
    if (error == 0)
      handler.connected();
    else
      handler.connectFailed(failed(error));
  });
}

void SimulatedChannel::receiveSome() {
  if (!connection_) return endReceive(ENOTCONN);
  for (int tries = 0; tries < receivesPerTurn && canReceive(); ++tries) {
    const std::string_view unread = connection_->unread(end_);
    if (unread.empty()) {
      const bool orderly = connection_->ended(end_);
      return endReceive(orderly ? 0 : connection_->error(end_));
    }
    std::size_t size = std::min(unread.size(), readBufferBytes);
    if (kernel_->random().chance(kernel_->kernel.shortReads))
      size = kernel_->random().between(1, size);
    // A copy that dies with this call: whoever keeps the span is caught by AddressSanitizer.
    const std::string bytes(unread.substr(0, size));
    connection_->consume(end_, size);
    note(Kind::received, size);
    ReceiveHandler& handler = *receiver_;
    callHandler("while handling received data",
                [&] { handler.received(std::as_bytes(std::span(bytes))); });
  }
}

void SimulatedChannel::endReceive(int error) {
  incoming_ = Incoming::none;
  note(Kind::receiveEnded, 0, error);
  ReceiveHandler& handler = *receiver_;
  callHandler("while handling the end of a stream", [&] { handler.receiveEnded(failed(error)); });
}

void SimulatedChannel::acceptSome() {
  if (!listening_) return failAccept(EINVAL);
  for (int tries = 0; tries < acceptsPerTurn && canAccept(); ++tries) {
    if (kernel_->full() || kernel_->random().chance(kernel_->kernel.acceptErrors))
      return failAccept(EMFILE);
    const auto connection = std::move(waiting_.front());
    waiting_.pop_front();
    // Some kernels give what has broken meanwhile, others pass over it.
    if (connection->error(SimulatedConnection::listener) != 0 && kernel_->random().chance(0.5))
      continue;
    acceptOne(connection);
  }
}

void SimulatedChannel::acceptOne(std::shared_ptr<SimulatedConnection> connection) {
  auto* const accepted = new SimulatedChannel(*kernel_, std::move(connection));
  ChannelPtr channel(accepted);
  accepted->options_ = options_;
  accepted->note(Kind::accepted);
  const NativeAddress peer = accepted->peerAddress();
  AcceptHandler& handler = *accepter_;
  callHandler("while handling a new connection",
              [&] { handler.accepted(std::move(channel), peer); });
}

void SimulatedChannel::failAccept(int error) {
  paused_ = true;
  note(Kind::acceptFailed, 0, error);
  AcceptHandler& handler = *accepter_;
  callHandler("while handling a failed accept", [&] { handler.acceptFailed(failed(error)); });
}

std::size_t SimulatedChannel::transmit(SendQueue& data) {
  std::size_t bytes = std::min(data.size(), connection_->sendRoom(end_));
  if (bytes == 0) return 0;
  if (kernel_->random().chance(kernel_->kernel.shortWrites))
    bytes = kernel_->random().between(1, bytes);
  connection_->send(end_, data, bytes);
  return bytes;
}

void SimulatedChannel::sendMore() {
  SendHandler& handler = *sender_;
  if (const int error = sendError(); error != 0) {
    outgoing_ = Outgoing::none;
    sending_.clear();
    note(Kind::sendFailed, 0, error);
    callHandler("while handling a failed send", [&] { handler.sendFailed(failed(error)); });
    return;
  }
  const std::size_t taken = transmit(sending_);
  const std::size_t left = sending_.size();
  if (left == 0) outgoing_ = Outgoing::none;
  callHandler("while handling a completed send", [&] { handler.sent(taken, left); });
}

// What completes at once.

std::error_code SimulatedChannel::bind(const NativeAddress& address) noexcept {
  if (!kernel_) return failed(EBADF);
  const Address wanted = hawser::detail::fromNative(address);
  if (wanted.family() != family_ || local_.port() != 0) return failed(EINVAL);
  if (wanted.port() != 0 && kernel_->listenerAt(wanted)) return failed(EADDRINUSE);
  local_ = wanted.port() != 0 ? wanted : wanted.withPort(kernel_->freePort(wanted));
  return {};
}

std::error_code SimulatedChannel::listen(int backlog) noexcept {
  if (!kernel_) return failed(EBADF);
  if (connection_) return failed(EINVAL);
  if (local_.port() == 0) {
    const Address any = Address::any(family_, 0);
    local_ = any.withPort(kernel_->freePort(any));
  }
  if (!listening_ && !kernel_->claim(local_, *this)) return failed(EADDRINUSE);
  listening_ = true;
  backlog_ = static_cast<std::size_t>(std::max(backlog, 0)) + 1;
  note(Kind::listening, static_cast<std::size_t>(std::max(backlog, 0)));
  return {};
}

void SimulatedChannel::queue(std::shared_ptr<SimulatedConnection> connection) {
  waiting_.push_back(std::move(connection));
  notify();
}

std::error_code SimulatedChannel::setOption(int level, int name,
                                            std::span<const std::byte> value) noexcept {
  return failed(kernel_ ? options_.set(level, name, value) : EBADF);
}

std::error_code SimulatedChannel::getOption(int level, int name, std::span<std::byte> value,
                                            std::size_t& size) const noexcept {
  size = 0;
  return failed(kernel_ ? options_.get(level, name, value, size) : EBADF);
}

NativeAddress SimulatedChannel::localAddress() const noexcept {
  if (!kernel_) return {};
  return hawser::detail::toNative(
      local_.family() == Address::Family::none ? Address::any(family_, 0) : local_);
}

NativeAddress SimulatedChannel::peerAddress() const noexcept {
  if (!connection_) return {};
  return hawser::detail::toNative(peer_);
}

std::string SimulatedChannel::describe() const {
  std::string text = local_.toString();
  if (peer_.family() != Address::Family::none) text += " with " + peer_.toString();
  if (listening_) text += fmt::format(" listens, {} in its queue;", waiting_.size());
  if (outgoing_ == Outgoing::connect) text += " connects;";
  if (outgoing_ == Outgoing::send) text += fmt::format(" sends, {} bytes left;", sending_.size());
  if (incoming_ == Incoming::accept) text += paused_ ? " accepts, but pauses;" : " accepts;";
  if (incoming_ == Incoming::receive) text += paused_ ? " receives, but pauses;" : " receives;";
  if (text.back() == ';')
    text.pop_back();
  else
    text += " is idle";
  return text;
}

}  // namespace hawser::testing::simulated
