#include "simulation/proxy_run.h"

#include <hawser/defer/registry.h>
#include <hawser/net/errors.h>
#include <hawser/net/tcp.h>
#include <poetry/cummingsify.h>
#include <poetry/proxy.h>
#include <poetry/transform_server.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace simulation {

using namespace hawser;
using testing::NetworkEvent;

namespace {

constexpr std::uint16_t upstreamPortNumber = 10000;
constexpr std::uint16_t proxyPortNumber = 10001;
constexpr std::uint16_t transformPortNumber = 10002;

/// Longer than anything may take that ends by itself: connecting (30 s), a fetch (30 s), what
/// remains of a connection that the network has cut (a minute and its retries).
constexpr auto patience = 300s;

double inSeconds(Clock::TimePoint time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::string shortType(const Failure& failure) {
  const std::string name = failure.typeName();
  return name.substr(name.rfind(':') + 1);
}

}  // namespace

ProxyRun::ProxyRun(std::uint64_t seed, std::optional<Flaw> flaw)
    : flaw_(flaw),
      quiet_(logging::silenceStderr()),
      listening_(logging::addObserver([this](const logging::Event& event) {
        const bool expected = event.kind == logging::EventKind::message &&
                              (event.level < logging::Level::error ||
                               event.message.find("cannot accept") != std::string::npos);
        if (!expected)
          blame(fmt::format("this was logged: {}{}", event.message,
                            event.failure ? ": " + event.failure->getErrorMessage() : ""));
      })),
      network_(seed),
      random_(network_.random()),
      weather_(random_),
      reactor_(network_.makeBackend()) {
  network_.setConditions(weather_.calm);
  network_.setKernelConditions(weather_.kernel);
  network_.setConditions(proxyHost, upstreamHost, weather_.upstreamRoute);
  network_.setConditions(proxyHost, transformHost, weather_.upstreamRoute);
  network_.onEvent([this](const NetworkEvent& event) { see(event); });
}

ProxyRun::~ProxyRun() = default;

void ProxyRun::blame(std::string what) {
  faults_.push_back(fmt::format("at {:.6f} s: {}", inSeconds(network_.now()), what));
}

// The stage.

void ProxyRun::startServers() {
  upstream_ = std::make_shared<FlakyUpstream>(reactor_, random_.fork(), weather_.upstreamFaults);
  upstreamPort_ = listenTCP(reactor_, upstreamPortNumber, upstream_, defaultBacklog, upstreamHost);
  if (weather_.transforming)
    ports_.push_back(listenTCP(reactor_, transformPortNumber,
                               poetry::transformServerFactory(reactor_, 60s), defaultBacklog,
                               transformHost));
}

std::shared_ptr<ServerFactory> ProxyRun::proxy() {
  poetry::PoemSource source{{upstreamHost, upstreamPortNumber}, {}, weather_.fetchTimeout};
  if (weather_.transforming)
    source.transform = poetry::ServerName{transformHost, transformPortNumber};
  if (flaw_) return flawedProxy(*flaw_, reactor_, std::move(source), weather_.timeToLive);
  return poetry::proxyFactory(reactor_, std::move(source), weather_.timeToLive);
}

void ProxyRun::startProxy() {
  proxyPort_ = listenTCP(reactor_, proxyPortNumber, proxy(), weather_.backlog, proxyHost);
  if (weather_.stopAt)
    reactor_.callLater(*weather_.stopAt, [this] { proxyPort_->stopListening(); });
}

void ProxyRun::planPartition(const std::string& one, const std::string& other) {
  const Duration begin = random_.between(0s, weather_.horizon);
  reactor_.callLater(begin, [this, one, other] { network_.partition(one, other); });
  reactor_.callLater(begin + random_.between(100ms, 30s),
                     [this, one, other] { network_.heal(one, other); });
}

void ProxyRun::planFaults() {
  for (std::size_t left = random_.between(std::size_t{0}, std::size_t{3}); left > 0; --left)
    planPartition(proxyHost, random_.chance(0.7) ? upstreamHost : transformHost);
  if (!random_.chance(0.3)) return;
  const Duration begin = random_.between(0s, weather_.horizon);
  reactor_.callLater(begin, [this] { upstreamPort_->stopListening(); });
  reactor_.callLater(begin + random_.between(1s, 20s), [this] {
    if (ending_) return;
    upstreamPort_ =
        listenTCP(reactor_, upstreamPortNumber, upstream_, defaultBacklog, upstreamHost);
  });
}

void ProxyRun::planAskers() {
  // Some come alone, some in crowds.
  Duration crowd{};
  for (std::size_t i = 0; i < clients; ++i) {
    askers_.push_back(std::make_unique<Asker>(reactor_, i, random_));
    Asker& asker = *askers_.back();
    if (!asker.waitsForEver()) {
      network_.setConditions(asker.host(), proxyHost, weather_.rough);
      if (random_.chance(0.05)) planPartition(asker.host(), proxyHost);
    }
    if (random_.chance(0.1)) crowd = random_.between(0s, weather_.horizon);
    const Duration when = random_.chance(0.5) ? random_.between(0s, weather_.horizon) : crowd;
    reactor_.callLater(when, [this, &asker] { askOne(asker); });
  }
}

void ProxyRun::askOne(Asker& asker) {
  ++asked_;
  asker.ask(HostnameEndpoint(reactor_, proxyHost, proxyPortNumber,
                             {.bindAddress = *Address::fromNumericHost(asker.host(), 0)}));
}

// The run.

bool ProxyRun::allAnswered() const {
  return asked_ == clients && std::all_of(askers_.begin(), askers_.end(), [](const auto& asker) {
           return asker->answer().has_value();
         });
}

std::vector<std::string> ProxyRun::run(Tally& tally) {
  startServers();
  startProxy();
  planFaults();
  planAskers();
  const Clock::TimePoint late = reactor_.now() + weather_.horizon + patience;
  try {
    network_.run(reactor_,
                 [&] { return !faults_.empty() || allAnswered() || reactor_.now() > late; });
  } catch (const testing::SimulationStuckError& stuck) {
    blame(stuck.what());
  }
  if (faults_.empty()) {
    ending_ = true;
    proxyPort_->stopListening();
    upstreamPort_->stopListening();
    for (const auto& port : ports_) port->stopListening();
    network_.settle(reactor_);
    checkAnswers();
    checkRemains();
  }

  ++tally.runs;
  tally.askers += askers_.size();
  tally.fetches += fetches_;
  tally.events += network_.events();
  tally.seconds += inSeconds(network_.now());
  for (const auto& asker : askers_) {
    if (!asker->answer()) continue;
    if (*asker->answer())
      ++tally.poems;
    else
      ++tally.errors[shortType(asker->answer()->failure())];
  }
  return faults_;
}

// What must hold.

void ProxyRun::see(const NetworkEvent& event) {
  if (look_) look_(event);
  if (event.kind == NetworkEvent::Kind::connecting && event.peer.port() == upstreamPortNumber)
    seeFetch();
}

void ProxyRun::seeFetch() {
  ++fetches_;
  if (const std::size_t open = network_.channelsBetween(proxyHost, upstreamHost); open > 1)
    blame(fmt::format("the proxy has {} connections to the upstream", open));
  const FlakyUpstream::Poem* fresh = nullptr;
  for (const auto& poem : upstream_->poems())
    if (network_.now() < poem.asked + weather_.timeToLive && wasServed(poem)) fresh = &poem;
  if (fresh) blame("the proxy fetches a poem although it has served one that is fresh still");
}

bool ProxyRun::wasServed(const FlakyUpstream::Poem& poem) {
  const std::string& text = served(poem);
  return std::any_of(askers_.begin(), askers_.end(), [&](const auto& asker) {
    return asker->answer() && *asker->answer() && **asker->answer() == text;
  });
}

const std::string& ProxyRun::served(const FlakyUpstream::Poem& poem) {
  if (!weather_.transforming) return poem.text;
  const auto& poems = upstream_->poems();
  for (std::size_t known = served_.size(); known < poems.size(); ++known)
    served_.push_back(poetry::cummingsify(poems[known].text));
  return served_[static_cast<std::size_t>(&poem - poems.data())];
}

void ProxyRun::checkAnswers() {
  for (const auto& asker : askers_) checkAnswer(*asker);
}

void ProxyRun::checkAnswer(const Asker& asker) {
  const auto who = [&] {
    return fmt::format("the {} client {}", nameOf(asker.manner()), asker.host());
  };
  if (asker.answers() != 1) return blame(fmt::format("{} got {} answers", who(), asker.answers()));
  if (!*asker.answer()) return;
  const std::string& text = **asker.answer();
  const auto& poems = upstream_->poems();
  const auto found = std::find_if(poems.begin(), poems.end(), [&](const FlakyUpstream::Poem& poem) {
    return poem.whole && text == served(poem);
  });
  if (found == poems.end())
    return blame(fmt::format("{} took these {} bytes for a poem: \"{}\"", who(), text.size(),
                             text.substr(0, 60)));
  if (asker.askedAt() > found->asked + weather_.fetchTimeout + weather_.timeToLive)
    blame(fmt::format("{} got a poem that was too old", who()));
}

void ProxyRun::checkRemains() {
  if (const std::size_t timers = reactor_.getDelayedCalls().size(); timers > 0)
    blame(fmt::format("{} timers are left", timers));
  if (network_.channels() > 0)
    blame(
        fmt::format("{} channels are left:\n{}", network_.channels(), network_.describeChannels()));
  if (!registry::pending().empty())
    blame(fmt::format("somebody waits still:\n{}", registry::toText()));
}

}  // namespace simulation
