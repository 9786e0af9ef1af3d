#include "simulation/flawed_proxy.h"

#include <poetry/proxy_server.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace simulation {

using namespace hawser;
using poetry::PoemCache;
using poetry::PoemSource;

namespace {

class EveryoneFetches final : public ServerFactory {
 public:
  EveryoneFetches(Reactor& reactor, PoemSource upstream)
      : reactor_(reactor), upstream_(std::move(upstream)) {}

  std::shared_ptr<Protocol> buildProtocol(const Address& peer) override {
    auto cache = std::make_shared<PoemCache>(reactor_, Clock::Duration::zero(), [this] {
      return poetry::fetchPoem(reactor_, upstream_);
    });
    auto alone = std::make_shared<poetry::ProxyFactory>(std::move(cache));
    return alone->buildProtocol(peer);
  }

 private:
  Reactor& reactor_;
  PoemSource upstream_;
};

Deferred<std::string> fetchWhatComes(Reactor& reactor, const PoemSource& upstream) {
  auto come = std::make_shared<std::string>();
  return poetry::fetchPoem(reactor, upstream, [come](std::string_view piece) { *come += piece; })
      .addErrback([come](Failure why) -> Result<std::string> {
        if (come->empty()) return why;
        return std::move(*come);
      });
}

}  // namespace

std::optional<Flaw> flawNamed(std::string_view name) {
  static constexpr std::pair<std::string_view, Flaw> flaws[] = {
      {"everyone-fetches", Flaw::everyoneFetches}, {"half-is-whole", Flaw::halfIsWhole},
      {"empty-is-poem", Flaw::emptyIsPoem},        {"silent-error", Flaw::silentError},
      {"keeps-forever", Flaw::keepsForever},
  };
  for (const auto& [known, flaw] : flaws)
    if (known == name) return flaw;
  return std::nullopt;
}

std::shared_ptr<ServerFactory> flawedProxy(Flaw flaw, Reactor& reactor, PoemSource upstream,
                                           Clock::Duration timeToLive) {
  PoemCache::Fetch fetch;
  switch (flaw) {
    case Flaw::everyoneFetches:
      return std::make_shared<EveryoneFetches>(reactor, std::move(upstream));
    case Flaw::halfIsWhole:
      fetch = [&reactor, upstream] { return fetchWhatComes(reactor, upstream); };
      break;
    case Flaw::emptyIsPoem:
      fetch = [&reactor, upstream] {
        return poetry::fetchPoem(reactor, upstream).addErrback([](const Failure&) {
          return std::string();
        });
      };
      break;
    case Flaw::silentError:
      fetch = [&reactor, upstream, forgotten = std::vector<Resolver<std::string>>()]() mutable {
        return poetry::fetchPoem(reactor, upstream).addErrback([&forgotten](const Failure&) {
          auto [never, resolver] = makeDeferred<std::string>();
          forgotten.push_back(std::move(resolver));
          return std::move(never);
        });
      };
      break;
    case Flaw::keepsForever:
      timeToLive = std::chrono::hours(24 * 365);
      fetch = [&reactor, upstream] { return poetry::fetchPoem(reactor, upstream); };
      break;
  }
  return std::make_shared<poetry::ProxyFactory>(
      std::make_shared<PoemCache>(reactor, timeToLive, std::move(fetch)));
}

}  // namespace simulation
