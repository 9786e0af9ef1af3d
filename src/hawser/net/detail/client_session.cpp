#include <hawser/net/detail/client_session.h>

#include <hawser/net/detail/stream_connection.h>
#include <hawser/net/detail/user_code.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/detail/handler_mark.h>
#include <hawser/reactor/reactor.h>

#include <utility>

namespace hawser::detail {

namespace {

/// Keeps a factory started, and alive, for as long as an attempt or the connection it made lives.
class ClientSession final : public ConnectionObserver {
 public:
  explicit ClientSession(std::shared_ptr<Factory> factory) : factory_(std::move(factory)) {
    factory_->doStart();
  }
  ~ClientSession() {
    callUser(
        *factory_, "stopFactory", [&] { factory_->doStop(); }, [] { return "stopFactory threw"; });
  }
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  Factory& factory() noexcept { return *factory_; }

 private:
  void connectionEnded(const Failure&) override {}

  std::shared_ptr<Factory> factory_;
};

}  // namespace

Deferred<std::shared_ptr<Protocol>> connectClient(Reactor& reactor, Dialler dialler,
                                                  std::shared_ptr<Factory> factory) {
  checkUsable(reactor, "ClientEndpoint::connect");
  factory = given(std::move(factory), "ClientEndpoint::connect: there is no factory");
  std::shared_ptr<ClientSession> session;
  try {
    session = std::make_shared<ClientSession>(std::move(factory));
  } catch (...) {
    return Failure::current();
  }
  return dialler.dial().addCallback(
      [&reactor, where = dialler.destination, session = std::move(session)](
          Dialled connection) mutable -> Result<std::shared_ptr<Protocol>> {
        std::shared_ptr<Protocol> protocol;
        {
          const HandlerMark mark("buildProtocol", session->factory());
          protocol = session->factory().buildProtocol(connection.peer);
        }
        if (!protocol) return Failure(NoProtocol(where));
        StreamConnection::start(reactor, std::move(connection.channel), connection.peer, protocol,
                                ObserverPtr(std::move(session)));
        return protocol;
      });
}

}  // namespace hawser::detail
