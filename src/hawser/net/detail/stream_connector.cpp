#include <hawser/net/detail/stream_connector.h>

#include <hawser/net/detail/user_code.h>
#include <hawser/net/errors.h>
#include <hawser/net/protocol.h>
#include <hawser/reactor/detail/handler_mark.h>
#include <hawser/reactor/reactor.h>

#include <fmt/format.h>

#include <new>
#include <stdexcept>
#include <utility>

namespace hawser::detail {

StreamConnector::StreamConnector(Reactor& reactor, Dialler dialler,
                                 std::shared_ptr<ClientFactory> factory)
    : reactor_(reactor), dialler_(std::move(dialler)), factory_(std::move(factory)) {}

StreamConnector::~StreamConnector() = default;

void StreamConnector::connect() {
  if (state_ != State::disconnected)
    throw std::logic_error("Connector::connect: it is connecting or connected already");
  // A factory that connects again at once goes on without an end and a new start.
  if (!factoryStarted_) factory_->doStart();
  factoryStarted_ = true;
  state_ = State::connecting;
  // The factory is never called back from inside `connect`, even if all is known at once.
  start_ =
      reactor_.callLater(Clock::Duration::zero(), [self = shared_from_this()] { self->begin(); });
  tellFactory("startedConnecting", [&] { factory_->startedConnecting(*this); });
}

void StreamConnector::begin() {
  const auto self = shared_from_this();
  try {
    Deferred<Dialled> connection = dialler_.dial();
    attempt_ = connection.cancelHandle();
    std::move(connection)
        .addCallbacks([self](Dialled made) { self->dialled(std::move(made)); },
                      [self](const Failure& reason) { self->failed(reason); });
  } catch (const std::bad_alloc&) {
    failed(Failure::current());
  }
}

void StreamConnector::dialled(Dialled connection) {
  std::shared_ptr<Protocol> protocol;
  try {
    const HandlerMark mark("buildProtocol", *factory_);
    protocol = factory_->buildProtocol(connection.peer);
  } catch (...) {
    return failed(Failure::current());
  }
  if (!protocol) return failed(Failure(NoProtocol(getDestination())));
  state_ = State::connected;
  protocol_ = protocol;
  StreamConnection::start(reactor_, std::move(connection.channel), connection.peer,
                          std::move(protocol), ObserverPtr(shared_from_this()));
}

void StreamConnector::failed(const Failure& reason) {
  state_ = State::disconnected;
  tellFactory("clientConnectionFailed", [&] { factory_->clientConnectionFailed(*this, reason); });
  stopUnlessConnecting();
}

void StreamConnector::connectionEnded(const Failure& reason) {
  state_ = State::disconnected;
  tellFactory("clientConnectionLost", [&] { factory_->clientConnectionLost(*this, reason); });
  stopUnlessConnecting();
}

void StreamConnector::stopUnlessConnecting() {
  if (state_ != State::disconnected || !std::exchange(factoryStarted_, false)) return;
  tellFactory("stopFactory", [&] { factory_->doStop(); });
}

void StreamConnector::stopConnecting() {
  if (state_ != State::connecting) throw NotConnectingError();
  const auto self = shared_from_this();
  if (start_.active()) {
    start_.cancel();
    failed(Failure(ConnectingCancelledError(getDestination())));
  } else {
    attempt_.cancel();
  }
}

void StreamConnector::disconnect() {
  if (state_ == State::connecting)
    stopConnecting();
  else if (const auto protocol = protocol_.lock(); protocol && state_ == State::connected)
    protocol->transport().loseConnection();
}

template <class Event>
void StreamConnector::tellFactory(const char* name, Event event) {
  callUser(*factory_, name, std::move(event), [&] {
    return fmt::format("{} threw, in the factory of the connector to {}", name, getDestination());
  });
}

}  // namespace hawser::detail
