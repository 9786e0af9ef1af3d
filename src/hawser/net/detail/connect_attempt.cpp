#include <hawser/net/detail/connect_attempt.h>

#include <hawser/net/detail/native.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/channel.h>
#include <hawser/reactor/reactor.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <utility>

namespace hawser::detail {

namespace {

/// An operation under way: it owns itself until it is over.
class ConnectAttempt final : private ConnectHandler, private Disconnectable {
 public:
  static Deferred<ChannelPtr> begin(Reactor& reactor, ChannelPtr channel, const Address& peer) {
    auto attempt = std::make_shared<ConnectAttempt>(std::move(channel), peer);
    auto [deferred, resolver] =
        makeDeferred<ChannelPtr>([weak = std::weak_ptr(attempt)](Resolver<ChannelPtr>& cancelled) {
          if (const auto found = weak.lock()) found->cancel(cancelled);
        });
    attempt->resolver_ = std::move(resolver);
    attempt->self_ = attempt;
    reactor.attach(*attempt);
    attempt->channel_->connect(toNative(peer), *attempt);
    return std::move(deferred);
  }

  ConnectAttempt(ChannelPtr channel, const Address& peer)
      : channel_(std::move(channel)), peer_(peer) {}

 private:
  void connected() override {
    const auto self = end();
    if (peer_.family() != Address::Family::local)
      static_cast<void>(channel_->setOption(IPPROTO_TCP, TCP_NODELAY, 1));
    resolver_.callback(std::move(channel_));
  }

  void connectFailed(std::error_code error) override {
    const auto self = end();
    channel_ = nullptr;
    resolver_.errback(connectFailure(peer_.toString(), error.value()));
  }

  void cancel(Resolver<ChannelPtr>& cancelled) {
    const auto self = end();
    channel_ = nullptr;
    cancelled.errback(ConnectingCancelledError(peer_.toString()));
  }

  void disconnect() override {
    const auto self = end();
    channel_ = nullptr;
  }

  /// From here on the caller holds what it returns, and nothing else does.
  std::shared_ptr<ConnectAttempt> end() {
    Disconnectable::detach();
    return std::exchange(self_, nullptr);
  }

  ChannelPtr channel_;
  Resolver<ChannelPtr> resolver_;
  std::shared_ptr<ConnectAttempt> self_;
  Address peer_;
};

}  // namespace

Deferred<ChannelPtr> connectChannel(Reactor& reactor, const Address& peer, const Address& local) {
  reactor.checkThread("connectTCP");
  try {
    ChannelPtr channel = reactor.backend().open(nativeFamily(peer), SOCK_STREAM);
    if (local.family() != Address::Family::none) {
      if (local.port() != 0) static_cast<void>(channel->setOption(SOL_SOCKET, SO_REUSEADDR, 1));
      if (const std::error_code error = channel->bind(toNative(local)))
        return Failure(ConnectBindError(peer.toString(), local.toString(), error.value()));
    }
    return ConnectAttempt::begin(reactor, std::move(channel), peer);
  } catch (const std::system_error& error) {
    return connectFailure(peer.toString(), error.code().value());
  }
}

}  // namespace hawser::detail
