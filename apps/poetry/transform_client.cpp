#include <poetry/transform_client.h>

#include <hawser/net/errors.h>
#include <hawser/net/transport.h>

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace poetry {

using namespace hawser;

TransformationError::TransformationError(const std::string& service, const std::string& problem)
    : std::runtime_error(fmt::format("the transformation service {} {}", service, problem)) {}

TransformClient::TransformClient(std::string_view name, std::string_view poem)
    : name_(name), request_(fmt::format("{}.{}", name, poem)) {}

Deferred<std::string> TransformClient::answer() {
  auto [answer, answered] = makeDeferred<std::string>([this] {
    answered_ = {};
    transport().abortConnection();
  });
  answered_ = std::move(answered);
  return std::move(answer);
}

void TransformClient::connectionMade() { sendString(std::exchange(request_, {})); }

void TransformClient::stringReceived(std::string_view poem) {
  transport().loseConnection();
  answered_.callback(std::string(poem));
}

void TransformClient::parseFailed(const NetstringParseError& error) {
  transport().abortConnection();
  answered_.errback(problem(fmt::format("did not answer with a netstring: {}", error.what())));
}

void TransformClient::connectionLost(const Failure& reason) {
  if (!answered_) return;
  if (reason.check<ConnectionDone>())
    answered_.errback(problem(fmt::format("closed without an answer to {}", name_)));
  else
    answered_.errback(reason);
}

Failure TransformClient::problem(const std::string& what) const {
  return TransformationError(transport().getPeer().toString(), what);
}

Deferred<std::string> transformPoem(const ClientEndpoint& service, std::string_view name,
                                    std::string_view poem) {
  const std::size_t length = name.size() + 1 + poem.size();
  if (length > NetstringReceiver::defaultMaxLength)
    return Failure(TransformationError(
        service.toString(), fmt::format("takes requests of at most {} bytes, and this one has {}",
                                        NetstringReceiver::defaultMaxLength, length)));
  return connectProtocol(service, std::make_shared<TransformClient>(name, poem))
      .addCallback([](const std::shared_ptr<TransformClient>& client) { return client->answer(); });
}

}  // namespace poetry
