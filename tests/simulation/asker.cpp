#include "simulation/asker.h"

#include <hawser/defer/bind_weak.h>
#include <hawser/defer/timeout.h>
#include <hawser/net/transport.h>
#include <poetry/poetry_client.h>

#include <fmt/format.h>

#include <utility>

namespace simulation {

using namespace hawser;
using poetry::PoetryClient;
using testing::SimulatedRandom;

namespace {

class HalfCloser final : public PoetryClient {
 public:
  void connectionMade() override { transport().loseWriteConnection(); }
};

class Rude final : public PoetryClient {
 public:
  void connectionMade() override { transport().abortConnection(); }
};

class SlowReader final : public PoetryClient {
 public:
  SlowReader(Clock& clock, SimulatedRandom random) : clock_(clock), random_(random) {}

  void dataReceived(std::string_view bytes) override {
    PoetryClient::dataReceived(bytes);
    if (naps_ == 0) return;
    --naps_;
    transport().pauseProducing();
    nap_ = clock_.callLater(random_.between(0ms, 500ms), [this] { transport().resumeProducing(); });
  }
  void connectionLost(const Failure& reason) override {
    if (nap_.active()) nap_.cancel();
    PoetryClient::connectionLost(reason);
  }

 private:
  Clock& clock_;
  SimulatedRandom random_;
  DelayedCall nap_;
  int naps_ = 20;
};

std::shared_ptr<PoetryClient> clientFor(Asker::Manner manner, Clock& clock,
                                        const SimulatedRandom& random) {
  switch (manner) {
    case Asker::Manner::halfCloser:
      return std::make_shared<HalfCloser>();
    case Asker::Manner::slowReader:
      return std::make_shared<SlowReader>(clock, random);
    case Asker::Manner::rude:
      return std::make_shared<Rude>();
    case Asker::Manner::patient:
    case Asker::Manner::wary:
    case Asker::Manner::fickle:
      break;
  }
  return std::make_shared<PoetryClient>();
}

}  // namespace

const char* nameOf(Asker::Manner manner) {
  static constexpr const char* names[Asker::manners] = {"patient", "half-closing", "slow",
                                                        "wary",    "fickle",       "rude"};
  return names[static_cast<std::size_t>(manner)];
}

Asker::Asker(Reactor& reactor, std::size_t number, SimulatedRandom& random)
    : reactor_(reactor),
      random_(random.fork()),
      host_(fmt::format("10.1.{}.{}", number / 200, 1 + number % 200)),
      manner_(static_cast<Manner>(random_.between(std::size_t{0}, manners - 1))) {}

void Asker::ask(const ClientEndpoint& proxy) {
  askedAt_ = reactor_.now();
  auto poem =
      connectProtocol(proxy, clientFor(manner_, reactor_, random_))
          .addCallback([](const std::shared_ptr<PoetryClient>& client) { return client->poem(); });
  if (manner_ == Manner::wary)
    poem = std::move(poem).addTimeout(random_.between(500ms, 40s), reactor_);
  if (manner_ == Manner::fickle)
    reactor_.callLater(random_.between(0s, 3s),
                       [handle = poem.cancelHandle()]() mutable { handle.cancel(); });
  std::move(poem).addBoth([this](Result<std::string> result) {
    ++answers_;
    answer_ = std::move(result);
  });
}

}  // namespace simulation
