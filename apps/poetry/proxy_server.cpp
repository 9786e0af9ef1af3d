#include <poetry/proxy_server.h>

#include <hawser/base/logging.h>
#include <hawser/defer/bind_weak.h>
#include <hawser/net/errors.h>
#include <hawser/net/transport.h>

#include <fmt/format.h>

#include <utility>

namespace poetry {

using namespace hawser;

std::shared_ptr<Protocol> ProxyFactory::buildProtocol(const Address&) {
  return std::make_shared<ProxyServer>(shared_from_this());
}

void ProxyFactory::stopFactory() { unfinished_.abortAll(); }

void ProxyServer::connectionMade() {
  factory_->unfinished().add(*this);
  Deferred<std::string> poem = factory_->cache().get();
  waiting_ = poem.cancelHandle();
  std::move(poem)
      .addCallback(bindWeak(weak(this), &ProxyServer::send))
      .addErrback(bindWeak(weak(this), [this](const Failure&) { transport().abortConnection(); }));
}

void ProxyServer::send(const std::string& poem) {
  transport().write(poem);
  transport().loseConnection();
}

// Either it has said all that it had to say (`nc -N`) and still reads, or it is gone. Only sending
// the poem will tell.
void ProxyServer::readConnectionLost() {
  if (waiting_)
    logging::info(fmt::format("{} has closed its side before its poem came; it will be sent one",
                              transport().getPeer().toString()));
}

void ProxyServer::connectionLost(const Failure& reason) {
  factory_->unfinished().remove(*this);
  if (!reason.check<ConnectionDone, ConnectionAborted>())
    logging::info(fmt::format("no poem for {}: {}", transport().getPeer().toString(),
                              reason.getErrorMessage()));
  waiting_.cancel();
}

}  // namespace poetry
