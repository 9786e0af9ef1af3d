#include <hawser/net/stream.h>

namespace hawser {

Deferred<Stream> connectStream(const ClientEndpoint& endpoint) {
  return connectProtocol(endpoint, std::make_shared<StreamProtocol>())
      .addCallback(
          [](std::shared_ptr<StreamProtocol> protocol) { return Stream(std::move(protocol)); });
}

}  // namespace hawser
