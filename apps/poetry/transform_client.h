#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/net/endpoint.h>
#include <hawser/protocols/netstring_receiver.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace poetry {

/// A transformation service did not do what it was asked for: it closed without an answer, answered
/// with something that is no netstring, or would not take a poem of this length.
class TransformationError : public std::runtime_error {
 public:
  TransformationError(const std::string& service, const std::string& problem);
};

/// One request to a transformation service: sends it as soon as it is connected, and closes when it
/// has the answer.
class TransformClient : public hawser::NetstringReceiver {
 public:
  TransformClient(std::string_view name, std::string_view poem);

  /// The transformed poem; to be asked for once, when connected. Cancelling it aborts the
  /// connection.
  hawser::Deferred<std::string> answer();

  void connectionMade() override;
  void stringReceived(std::string_view poem) override;
  void parseFailed(const hawser::NetstringParseError& error) override;
  void connectionLost(const hawser::Failure& reason) override;

 private:
  hawser::Failure problem(const std::string& what) const;

  std::string name_;
  std::string request_;
  hawser::Resolver<std::string> answered_;
};

/// Has a poem transformed by an external service: `transformPoem(service, "cummingsify", poem)`.
/// Fails with ConnectError, ConnectionLost or TransformationError; cancelling it gives up at
/// whatever step it is.
[[nodiscard]] hawser::Deferred<std::string> transformPoem(const hawser::ClientEndpoint& service,
                                                          std::string_view name,
                                                          std::string_view poem);

}  // namespace poetry
