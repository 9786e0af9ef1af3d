#include <poetry/cummingsify.h>
#include <poetry/transform_server.h>

#include <hawser/base/logging.h>
#include <hawser/net/errors.h>
#include <hawser/net/transport.h>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace poetry {

using namespace hawser;

namespace {

// A name that we do not know may be anything; the log gets the beginning of it.
constexpr std::size_t maxShown = 60;

}  // namespace

Transformations allTransformations() { return {{"cummingsify", cummingsify}}; }

TransformServer::TransformServer(Clock& clock, Clock::Duration idleTime,
                                 std::shared_ptr<const Transformations> transformations)
    : clock_(clock), idleTime_(idleTime), transformations_(std::move(transformations)) {}

void TransformServer::connectionMade() {
  idle_ = clock_.callLater(idleTime_, [self = weak(this)] {
    if (const auto server = self.lock()) server->tooQuiet();
  });
}

void TransformServer::dataReceived(std::string_view bytes) {
  received_ += bytes.size();
  NetstringReceiver::dataReceived(bytes);
}

void TransformServer::stringReceived(std::string_view request) {
  completed_ += fmt::formatted_size("{}:{},", request.size(), request);
  idle_.reset(idleTime_);
  const std::size_t dot = request.find('.');
  if (dot == std::string_view::npos)
    return refuse("a request must be NAME.POEM, and there is no dot in this one");
  const std::string_view name = request.substr(0, dot);
  const auto found = transformations_->find(name);
  if (found == transformations_->end())
    return refuse(fmt::format("there is no transformation {:?}", name.substr(0, maxShown)));
  sendString(found->second(request.substr(dot + 1)));
}

void TransformServer::parseFailed(const NetstringParseError& error) {
  closing_ = true;
  NetstringReceiver::parseFailed(error);
}

void TransformServer::refuse(const std::string& why) {
  closing_ = true;
  logging::warn(fmt::format("{}: {}; closing the connection", peer(), why));
  transport().loseConnection();
}

void TransformServer::tooQuiet() {
  closing_ = true;
  const double seconds = std::chrono::duration<double>(idleTime_).count();
  logging::warn(fmt::format("{}: no request for {:g} s; closing the connection", peer(), seconds));
  // A peer that does not even read its answer would keep an orderly end waiting.
  if (transport().queuedBytes() > 0)
    transport().abortConnection();
  else
    transport().loseConnection();
}

void TransformServer::connectionLost(const Failure& reason) {
  if (idle_.active()) idle_.cancel();
  if (closing_) return;
  if (received_ > completed_)
    logging::warn(fmt::format("{} left in the middle of a request, after {} bytes of it: {}",
                              peer(), received_ - completed_, reason.getErrorMessage()));
  else if (!reason.check<ConnectionDone>())
    logging::info(reason.getErrorMessage());
}

std::string TransformServer::peer() const { return transport().getPeer().toString(); }

std::shared_ptr<Factory> transformServerFactory(Clock& clock, Clock::Duration idleTime) {
  auto transformations = std::make_shared<const Transformations>(allTransformations());
  return factoryFrom([&clock, idleTime, transformations](const Address&) {
    return std::make_shared<TransformServer>(clock, idleTime, transformations);
  });
}

}  // namespace poetry
