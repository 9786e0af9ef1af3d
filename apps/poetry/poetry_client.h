#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/net/endpoint.h>
#include <hawser/net/protocol.h>

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace poetry {

/// Somebody sends more than the longest poem that we take.
class PoemTooLongError : public std::runtime_error {
 public:
  PoemTooLongError(const std::string& peer, std::size_t limit);
};

/// Is shown each piece of a poem as it arrives.
using OnPiece = std::function<void(std::string_view piece)>;

/// The reader's side of the poetry protocol: the server sends a poem and closes; nobody says how
/// long it is. So only a connection that was closed in order has brought a whole poem. One that was
/// reset has brought a part of one, which is worth nothing, and the Deferred fails with
/// ConnectionLost.
class PoetryClient : public hawser::Protocol {
 public:
  explicit PoetryClient(OnPiece onPiece = {}) : onPiece_(std::move(onPiece)) {}

  /// The poem; to be asked for once, when connected. Cancelling it aborts the connection.
  hawser::Deferred<std::string> poem();

  void dataReceived(std::string_view bytes) override;
  void connectionLost(const hawser::Failure& reason) override;

 private:
  OnPiece onPiece_;
  std::string poem_;
  hawser::Resolver<std::string> whole_;
};

/// Connects to a server and reads its poem. Fails with what connecting fails with (ConnectError),
/// with ConnectionLost or PoemTooLongError; cancelling it gives up at whatever step it is.
[[nodiscard]] hawser::Deferred<std::string> getPoem(const hawser::ClientEndpoint& server,
                                                    OnPiece onPiece = {});

}  // namespace poetry
