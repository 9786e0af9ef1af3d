#include <poetry/poetry_server.h>

#include <hawser/base/logging.h>
#include <hawser/net/errors.h>
#include <hawser/net/transport.h>

#include <fmt/format.h>

#include <utility>

namespace poetry {

using namespace hawser;

PoetryServerFactory::PoetryServerFactory(Clock& clock, std::string poem, Pace pace)
    : clock_(clock), poem_(std::move(poem)), pace_(pace) {
  if (pace_.bytes == 0 || pace_.delay == Clock::Duration::zero()) pace_.bytes = poem_.size();
}

std::shared_ptr<Protocol> PoetryServerFactory::buildProtocol(const Address&) {
  ++served_;
  return std::make_shared<PoetryServer>(shared_from_this());
}

void PoetryServerFactory::stopFactory() {
  if (const std::size_t count = unfinished_.abortAll(); count > 0)
    logging::info(fmt::format("stopped while {} {} being sent", count,
                              count == 1 ? "poem was" : "poems were"));
}

PoetryServer::PoetryServer(std::shared_ptr<PoetryServerFactory> factory)
    : factory_(std::move(factory)),
      rest_(factory_->poem()),
      sending_(factory_->clock(), [this] { sendPiece(); }) {}

void PoetryServer::connectionMade() {
  factory_->unfinished().add(*this);
  sending_.start(factory_->pace().delay).addErrback(logging::err);
}

void PoetryServer::sendPiece() {
  const std::string_view piece = rest_.substr(0, factory_->pace().bytes);
  transport().write(piece);
  rest_.remove_prefix(piece.size());
  if (!rest_.empty()) return;
  sending_.stop();
  transport().loseConnection();
}

void PoetryServer::connectionLost(const Failure& reason) {
  factory_->unfinished().remove(*this);
  if (sending_.running()) sending_.stop();
  if (reason.check<ConnectionDone, ConnectionAborted>()) return;
  logging::info(fmt::format("no whole poem for {}: {}", transport().getPeer().toString(),
                            reason.getErrorMessage()));
}

}  // namespace poetry
