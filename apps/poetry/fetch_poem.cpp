#include <poetry/fetch_poem.h>
#include <poetry/transform_client.h>

#include <hawser/defer/timeout.h>
#include <hawser/reactor/reactor.h>

#include <utility>

namespace poetry {

using namespace hawser;

namespace {

Deferred<std::string> getAndTransform(Reactor& reactor, PoemSource source, OnPiece onPiece) {
  std::string poem = co_await getPoem(source.server.endpoint(reactor), std::move(onPiece));
  if (!source.transform) co_return poem;
  co_return co_await transformPoem(source.transform->endpoint(reactor), "cummingsify", poem);
}

}  // namespace

Deferred<std::string> fetchPoem(Reactor& reactor, PoemSource source, OnPiece onPiece) {
  const Clock::Duration timeout = source.timeout;
  return getAndTransform(reactor, std::move(source), std::move(onPiece))
      .addTimeout(timeout, reactor);
}

}  // namespace poetry
