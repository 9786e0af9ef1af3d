#include <poetry/poem_file.h>
#include <poetry/serve.h>

#include <memory>
#include <utility>

namespace poetry {

using namespace hawser;

Deferred<int> serve(Reactor& reactor, ServeOptions options) {
  auto factory =
      std::make_shared<PoetryServerFactory>(reactor, readPoemFile(options.file), options.pace);
  return serveUntilStopped(reactor, std::move(options.where), std::move(factory));
}

}  // namespace poetry
