#pragma once

#include <poetry/poem_cache.h>
#include <poetry/unfinished.h>

#include <hawser/defer/cancel_handle.h>
#include <hawser/net/factory.h>
#include <hawser/net/protocol.h>

#include <memory>
#include <string>
#include <string_view>

namespace poetry {

/// What all connections of one proxy share.
class ProxyFactory : public hawser::ServerFactory,
                     public std::enable_shared_from_this<ProxyFactory> {
 public:
  explicit ProxyFactory(std::shared_ptr<PoemCache> cache) : cache_(std::move(cache)) {}

  std::shared_ptr<hawser::Protocol> buildProtocol(const hawser::Address& peer) override;

  PoemCache& cache() noexcept { return *cache_; }
  Unfinished& unfinished() noexcept { return unfinished_; }

 protected:
  void stopFactory() override;

 private:
  std::shared_ptr<PoemCache> cache_;
  Unfinished unfinished_;
};

/// One client of the proxy: gets the cache's poem, at once or when it comes.
///
/// If there is none to be had the connection is aborted. The poetry protocol has no word for that,
/// and closing in order would hand out an empty poem; a reset cannot be taken for one.
class ProxyServer : public hawser::Protocol {
 public:
  explicit ProxyServer(std::shared_ptr<ProxyFactory> factory) : factory_(std::move(factory)) {}

  void connectionMade() override;
  void dataReceived(std::string_view) override {}
  void readConnectionLost() override;
  void connectionLost(const hawser::Failure& reason) override;

 private:
  void send(const std::string& poem);

  std::shared_ptr<ProxyFactory> factory_;
  hawser::CancelHandle waiting_;
};

}  // namespace poetry
