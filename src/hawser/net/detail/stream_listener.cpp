#include <hawser/net/detail/stream_listener.h>

#include <hawser/base/logging.h>
#include <hawser/net/detail/native.h>
#include <hawser/net/detail/user_code.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/reactor.h>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <new>
#include <utility>

namespace hawser::detail {

namespace {

using namespace std::chrono_literals;

// How soon to try again after running out of descriptors: soon for people, seldom for a processor.
constexpr auto retryDelay = 200ms;

ChannelPtr openListening(Reactor& reactor, const Address& address, const ListenOptions& options) {
  const auto check = [&](std::error_code error) {
    if (error) throw CannotListenError(address.toString(), error.value());
  };
  try {
    ChannelPtr channel = reactor.backend().open(nativeFamily(address), SOCK_STREAM);
    // Without this a server could not start again while its old connections fade away.
    check(channel->setOption(SOL_SOCKET, SO_REUSEADDR, 1));
    if (options.reusePort) check(channel->setOption(SOL_SOCKET, SO_REUSEPORT, 1));
    // On Linux, accepted sockets inherit it: no call for each connection.
    check(channel->setOption(IPPROTO_TCP, TCP_NODELAY, 1));
    check(channel->bind(toNative(address)));
    check(channel->listen(options.backlog));
    return channel;
  } catch (const std::system_error& error) {
    throw CannotListenError(address.toString(), error.code().value());
  }
}

// Every address of this machine, or of a family.
bool isAny(const Address& host) noexcept {
  if (host.family() == Address::Family::local) return false;
  const Address::Bytes& bytes = host.bytes();
  // The last four bytes, since `::ffff:0.0.0.0` is every address, too.
  const auto last = host.family() == Address::Family::ipv6 ? bytes.end() - 4 : bytes.begin();
  return std::all_of(last, bytes.end(), [](auto byte) { return byte == 0; });
}

}  // namespace

std::shared_ptr<StreamListener> StreamListener::listen(Reactor& reactor, const Address& address,
                                                       std::shared_ptr<Factory> factory,
                                                       const ListenOptions& options) {
  ChannelPtr channel = openListening(reactor, address, options);
  const Address host = fromNative(channel->localAddress());
  if (host.family() == Address::Family::none)
    throw CannotListenError(address.toString(), "the system does not tell its address");
  return listenOn(reactor, std::move(channel), host, std::move(factory), nullptr);
}

std::shared_ptr<StreamListener> StreamListener::listenOn(Reactor& reactor, ChannelPtr channel,
                                                         const Address& host,
                                                         std::shared_ptr<Factory> factory,
                                                         std::unique_ptr<UnixSocketFile> file) {
  auto port = std::make_shared<StreamListener>(reactor, std::move(channel), host,
                                               std::move(factory), std::move(file));
  port->factory_->doStart();
  port->self_ = port;
  reactor.attach(*port);
  port->channel_->accept(*port);
  return port;
}

StreamListener::StreamListener(Reactor& reactor, ChannelPtr channel, const Address& host,
                               std::shared_ptr<Factory> factory,
                               std::unique_ptr<UnixSocketFile> file)
    : reactor_(reactor),
      channel_(std::move(channel)),
      factory_(std::move(factory)),
      file_(std::move(file)),
      host_(host),
      commonHost_(isAny(host) ? nullptr : &host_) {}

StreamListener::~StreamListener() = default;

void StreamListener::accepted(ChannelPtr channel, const NativeAddress& peer) {
  ObserverPtr self(*this, [this] { return shared_from_this(); });  // the factory may stop the port
  complained_ = false;
  const Address from = fromNative(peer);
  std::shared_ptr<Protocol> protocol;
  callUser(
      *factory_, "buildProtocol", [&] { protocol = factory_->buildProtocol(from); },
      [&] {
        return fmt::format("buildProtocol threw; closing the connection of {}", from.toString());
      });
  if (!protocol) return;
  StreamConnection::start(reactor_, std::move(channel), from, std::move(protocol), std::move(self));
}

void StreamListener::acceptFailed(std::error_code error) {
  switch (error.value()) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:  // of epoll: no more descriptors can be watched
      // Without memory for a timer it tries again in every turn.
      try {
        retry_ = reactor_.callLater(retryDelay, [this] { retry(); });
      } catch (const std::bad_alloc&) {
        retry();
      }
      if (!std::exchange(complained_, true)) complain("cannot accept connections for now", error);
      return;
    default:
      const auto self = shared_from_this();
      close();
      complain("accepting failed, the port is closed", error);
  }
}

void StreamListener::complain(const char* what, std::error_code error) const noexcept {
  try {
    logging::error(fmt::format("{}: {}: {}", host_.toString(), what, errorText(error.value())));
  } catch (const std::bad_alloc&) {
    logging::error(what);
  }
}

void StreamListener::retry() {
  if (!paused_) channel_->resumeAccepting();
}

void StreamListener::pauseAccepting() {
  if (channel_ && !std::exchange(paused_, true)) channel_->pauseAccepting();
}

void StreamListener::resumeAccepting() {
  // While descriptors are short the timer resumes.
  if (channel_ && std::exchange(paused_, false) && !retry_.active()) channel_->resumeAccepting();
}

Deferred<void> StreamListener::stopListening() {
  close();
  return succeed();
}

void StreamListener::close() {
  if (!channel_) return;
  channel_ = nullptr;
  file_ = nullptr;
  Disconnectable::detach();
  if (retry_.active()) retry_.cancel();
  const auto self = std::exchange(self_, nullptr);
  callUser(
      *factory_, "stopFactory", [&] { factory_->doStop(); },
      [&] { return fmt::format("stopFactory threw, after {}", host_.toString()); });
}

}  // namespace hawser::detail
