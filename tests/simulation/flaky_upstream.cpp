#include "simulation/flaky_upstream.h"

#include <hawser/net/protocol.h>
#include <hawser/net/transport.h>
#include <poetry/poetry_server.h>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <utility>

namespace simulation {

using namespace hawser;
using namespace std::chrono_literals;

namespace {

/// Says so much, and breaks off after a while.
class BreaksOff final : public Protocol {
 public:
  BreaksOff(Clock& clock, std::string words, Clock::Duration after)
      : clock_(clock), words_(std::move(words)), after_(after) {}

  void connectionMade() override {
    transport().write(words_);
    breakOff_ = clock_.callLater(after_, [this] { transport().abortConnection(); });
  }
  void dataReceived(std::string_view) override {}
  void readConnectionLost() override {}
  void connectionLost(const Failure&) override {
    if (breakOff_.active()) breakOff_.cancel();
  }

 private:
  Clock& clock_;
  std::string words_;
  Clock::Duration after_;
  DelayedCall breakOff_;
};

}  // namespace

std::string FlakyUpstream::newPoem() {
  if (poems_.empty() && random_.chance(0.1)) return {};
  const std::size_t length =
      random_.chance(0.05) ? random_.between(20'000, 60'000) : random_.between(1, 2'000);
  // No two poems are alike, and none is the beginning of another.
  std::string text = fmt::format("Poem {}, of {} bytes.\n", poems_.size(), length);
  for (int line = 0; text.size() < length; ++line)
    text += fmt::format("{} Lines of the Storm, said the Sea; {}\n", line, text.size());
  text += fmt::format("The End of Poem {}\n", poems_.size());
  return text;
}

std::shared_ptr<Protocol> FlakyUpstream::buildProtocol(const Address& peer) {
  const bool faulty = random_.chance(faults_);
  poems_.push_back({newPoem(), clock_.now(), !faulty});
  const std::string& text = poems_.back().text;
  if (faulty) {
    if (random_.chance(0.3))  // never a word; nobody waits for that for ever
      return std::make_shared<BreaksOff>(clock_, "", 100s);
    const std::size_t bytes =
        random_.chance(0.2) ? text.size() : random_.between(std::size_t{0}, text.size());
    return std::make_shared<BreaksOff>(clock_, text.substr(0, bytes), random_.between(0s, 3s));
  }
  const poetry::Pace pace{random_.between(1 + text.size() / 20, 1 + text.size()),
                          random_.between(0ms, 400ms)};
  return std::make_shared<poetry::PoetryServerFactory>(clock_, text, pace)->buildProtocol(peer);
}

}  // namespace simulation
