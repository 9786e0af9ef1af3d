#include <poetry/poetry_client.h>

#include <poetry/poem_limits.h>

#include <hawser/net/errors.h>
#include <hawser/net/transport.h>

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace poetry {

using namespace hawser;

PoemTooLongError::PoemTooLongError(const std::string& peer, std::size_t limit)
    : std::runtime_error(
          fmt::format("{} sends more than {} bytes, which is too long for a poem", peer, limit)) {}

Deferred<std::string> PoetryClient::poem() {
  auto [poem, whole] = makeDeferred<std::string>([this] {
    whole_ = {};
    transport().abortConnection();
  });
  whole_ = std::move(whole);
  return std::move(poem);
}

void PoetryClient::dataReceived(std::string_view bytes) {
  if (poem_.size() + bytes.size() > maxPoemBytes) {
    transport().abortConnection();
    whole_.errback(PoemTooLongError(transport().getPeer().toString(), maxPoemBytes));
    return;
  }
  poem_ += bytes;
  if (onPiece_) onPiece_(bytes);
}

void PoetryClient::connectionLost(const Failure& reason) {
  if (!whole_) return;  // cancelled, or too long
  if (reason.check<ConnectionDone>())
    whole_.callback(std::move(poem_));
  else
    whole_.errback(reason);
}

Deferred<std::string> getPoem(const ClientEndpoint& server, OnPiece onPiece) {
  return connectProtocol(server, std::make_shared<PoetryClient>(std::move(onPiece)))
      .addCallback([](const std::shared_ptr<PoetryClient>& client) { return client->poem(); });
}

}  // namespace poetry
