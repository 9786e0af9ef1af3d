#include <hawser/net/stdio.h>

#include <hawser/net/detail/pair_channel.h>
#include <hawser/net/detail/standard_descriptor.h>
#include <hawser/net/detail/stream_connection.h>
#include <hawser/net/detail/user_code.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/reactor.h>

#include <string>
#include <utility>

namespace hawser {

namespace {

/// Keeps the factory of a StandardIOEndpoint started while its protocol is connected.
class StandardSession final : public detail::ConnectionObserver {
 public:
  explicit StandardSession(std::shared_ptr<Factory> factory) : factory_(std::move(factory)) {
    factory_->doStart();
  }
  ~StandardSession() {
    detail::callUser(
        *factory_, "stopFactory", [&] { factory_->doStop(); }, [] { return "stopFactory threw"; });
  }
  StandardSession(const StandardSession&) = delete;
  StandardSession& operator=(const StandardSession&) = delete;

  Factory& factory() noexcept { return *factory_; }

 private:
  void connectionEnded(const Failure&) override {}

  std::shared_ptr<Factory> factory_;
};

/// @throws std::system_error, std::bad_alloc; then the descriptors are as they were
void connect(Reactor& reactor, std::shared_ptr<Protocol> protocol, int input, int output,
             std::shared_ptr<StandardSession> session) {
  ChannelPtr channel = detail::PairChannel::of(reactor.backend(), input, output);
  try {
    detail::StreamConnection::start(reactor, std::move(channel), Address(), std::move(protocol),
                                    detail::ObserverPtr(std::move(session)));
  } catch (...) {
    detail::PairChannel::undo(std::move(channel));
    throw;
  }
}

class StandardPort final : public Port {
 public:
  Address getHost() const override { return Address(); }
  Deferred<void> stopListening() override { return succeed(); }
  bool listening() const noexcept override { return false; }
};

class StandardServer final : public ServerEndpoint::Implementation {
 public:
  explicit StandardServer(Reactor& reactor) : reactor_(reactor) {}

  Deferred<std::shared_ptr<Port>> listen(std::shared_ptr<Factory> factory) const override {
    try {
      detail::checkUsable(reactor_, "ServerEndpoint::listen");
      auto session = std::make_shared<StandardSession>(
          detail::given(std::move(factory), "ServerEndpoint::listen: there is no factory"));
      std::shared_ptr<Protocol> protocol = session->factory().buildProtocol(Address());
      if (!protocol) return Failure(NoProtocol(toString()));
      const auto port = std::make_shared<StandardPort>();
      connect(reactor_, std::move(protocol), 0, 1, std::move(session));
      return std::shared_ptr<Port>(port);
    } catch (...) {
      return Failure::current();
    }
  }
  std::string toString() const override { return "stdio:"; }

 private:
  Reactor& reactor_;
};

}  // namespace

StandardIO::StandardIO(Reactor& reactor, std::shared_ptr<Protocol> protocol, int input,
                       int output) {
  detail::checkUsable(reactor, "StandardIO");
  protocol = detail::given(std::move(protocol), "StandardIO: there is no protocol");
  connect(reactor, protocol, input, output, nullptr);
  protocol_ = std::move(protocol);
}

Transport& StandardIO::transport() const noexcept { return protocol_->transport(); }

StandardIOEndpoint::StandardIOEndpoint(Reactor& reactor)
    : ServerEndpoint(std::make_shared<StandardServer>(reactor)) {}

}  // namespace hawser
