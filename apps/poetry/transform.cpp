#include <poetry/transform.h>
#include <poetry/transform_server.h>

#include <utility>

namespace poetry {

using namespace hawser;

Deferred<int> transform(Reactor& reactor, TransformOptions options) {
  return serveUntilStopped(reactor, std::move(options.where),
                           transformServerFactory(reactor, options.idleTime));
}

}  // namespace poetry
