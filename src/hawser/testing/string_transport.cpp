#include <hawser/testing/string_transport.h>

#include <hawser/net/errors.h>

#include <stdexcept>

namespace hawser::testing {

StringTransport::StringTransport(Address host, Address peer) : host_(host), peer_(peer) {}
StringTransport::~StringTransport() = default;

bool StringTransport::hold() noexcept {
  if (!self_) self_ = std::enable_shared_from_this<StringTransport>::weak_from_this().lock();
  if (self_) ++holders_;
  return self_ != nullptr;
}

void StringTransport::letGo() noexcept {
  if (--holders_ != 0) return;
  const auto last = std::exchange(self_, nullptr);
}

Address StringTransport::defaultHost() { return Address::parse("tcp:10.0.0.1:12345"); }
Address StringTransport::defaultPeer() { return Address::parse("tcp:192.168.1.1:54321"); }

std::string StringTransport::take() { return std::exchange(written_, {}); }

void StringTransport::write(std::string_view bytes) {
  const bool closing = disconnecting_ && !producer_;
  if (closing || aborted_ || writeDisconnected_) return;
  written_ += bytes;
}

void StringTransport::loseConnection() { disconnecting_ = true; }

void StringTransport::abortConnection() {
  aborted_ = true;
  disconnecting_ = true;
}

void StringTransport::loseWriteConnection() { writeDisconnected_ = true; }

void StringTransport::setSocketOption(const SocketOptionName& option,
                                      const SocketOptionValue& value) {
  options_[{option.level, option.name}] = value;
}

std::optional<SocketOptionValue> StringTransport::getSocketOption(
    const SocketOptionName& option) const {
  const auto found = options_.find({option.level, option.name});
  return found == options_.end() ? SocketOptionValue{} : found->second;
}

Reactor& StringTransport::reactor() const {
  if (!reactor_) throw std::logic_error("StringTransport::reactor: call setReactor first");
  return *reactor_;
}

void StringTransport::registerProducer(std::shared_ptr<Producer> producer, bool streaming) {
  if (producer_) throw std::logic_error("registerProducer: a producer is registered already");
  producer_ = std::move(producer);
  streaming_ = streaming;
}

void StringTransport::unregisterProducer() {
  producer_ = nullptr;
  streaming_ = false;
}

void StringTransport::pauseProducing() {
  if (producerState_ == ProducerState::stopped)
    throw std::logic_error("pauseProducing: the transport was stopped");
  producerState_ = ProducerState::paused;
}

void StringTransport::resumeProducing() {
  if (disconnecting_) throw std::logic_error("resumeProducing: called after loseConnection");
  if (producerState_ == ProducerState::stopped)
    throw std::logic_error("resumeProducing: the transport was stopped");
  producerState_ = ProducerState::producing;
}

void StringTransport::stopProducing() { producerState_ = ProducerState::stopped; }

StringTransportWithDisconnection::~StringTransportWithDisconnection() = default;

void StringTransportWithDisconnection::loseConnection() {
  StringTransport::loseConnection();
  disconnect(Failure(ConnectionDone(getPeer().toString())));
}

void StringTransportWithDisconnection::abortConnection() {
  StringTransport::abortConnection();
  disconnect(Failure(ConnectionAborted(getPeer().toString())));
}

void StringTransportWithDisconnection::disconnect(const Failure& reason) {
  if (!std::exchange(connected_, false)) return;
  if (const auto protocol = std::exchange(protocol_, nullptr)) protocol->connectionLost(reason);
}

}  // namespace hawser::testing
