#include <hawser/testing/detail/simulated_kernel.h>

#include <hawser/defer/registry.h>
#include <hawser/testing/detail/simulated_channel.h>
#include <hawser/testing/detail/simulated_datagram_channel.h>
#include <hawser/testing/simulation_errors.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace hawser::testing::simulated {

namespace {

/// Far more turns than any program needs to come to rest.
constexpr std::uint64_t mostTurnsAtOneTime = 100'000;
constexpr std::size_t linesOfChannels = 20;

double seconds(SimulatedKernel::TimePoint time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

Address hostOf(const Address& address) { return address.withPort(0); }

}  // namespace

SimulatedKernel::SimulatedKernel(std::uint64_t seed, const NetworkConditions& itsNetwork,
                                 const KernelConditions& itsKernel)
    : network(itsNetwork), kernel(itsKernel), events_(clock_), random_(seed), seed_(seed) {}

// Events own connections, and these know the kernel.
SimulatedKernel::~SimulatedKernel() { events_.clear(); }

// Events.

void SimulatedKernel::at(TimePoint time, unique_function<void()> happen) {
  events_.add(std::max(time - now(), Duration::zero()), std::move(happen),
              std::source_location::current());
}

void SimulatedKernel::happen() {
  while (auto due = events_.popDue(now())) due->call();
}

void SimulatedKernel::wait(std::optional<TimePoint> until) {
  if (woken_.exchange(false)) return;
  countTurn();
  happen();
  const bool forever = !until || *until == TimePoint::max();
  while (scheduled_.empty()) {
    const std::optional<TimePoint> next = events_.nextDue();
    if (next && (forever || *next <= *until)) {
      clock_.moveTo(*next);
      happen();
    } else if (!forever) {
      clock_.moveTo(*until);
      return;
    } else {
      std::string text =
          fmt::format("nothing is left to happen in the simulation (seed {}, at {:.9f} s)", seed_,
                      seconds(now()));
      if (const std::string waiting = describeChannels(); !waiting.empty())
        text += ", but somebody waits:\n" + waiting;
      if (registry::enabled()) text += registry::toText();
      throw SimulationStuckError(text);
    }
  }
}

void SimulatedKernel::countTurn() {
  if (now() != std::exchange(lastTurn_, now())) turnsWithoutTime_ = 0;
  if (++turnsWithoutTime_ > mostTurnsAtOneTime)
    throw SimulationSpinsError(
        fmt::format("the simulation (seed {}) has made {} turns at {:.9f} s and does not come to "
                    "rest\n{}",
                    seed_, mostTurnsAtOneTime, seconds(now()), describeChannels()));
}

void SimulatedKernel::note(NetworkEvent::Kind kind, const Address& host, const Address& peer,
                           std::size_t bytes, std::error_code error) {
  ++noted_;
  const auto mix = [this](std::uint64_t value) {
    digest_ = (digest_ ^ value) * 0x100000001b3;
    digest_ ^= digest_ >> 29;
  };
  mix(static_cast<std::uint64_t>(kind));
  mix(static_cast<std::uint64_t>(now().time_since_epoch().count()));
  mix(std::uint64_t{host.port()} << 16 | peer.port());
  mix(std::uint64_t{host.bytes()[3]} << 8 | peer.bytes()[3]);
  mix(bytes);
  mix(static_cast<std::uint64_t>(error.value()));
  if (observer) observer(NetworkEvent{kind, now(), host, peer, bytes, error});
}

// The network.

Address SimulatedKernel::defaultHost(Address::Family family) const {
  return *Address::fromNumericHost(family == Address::Family::ipv6 ? "fd00::1" : "10.0.0.1", 0);
}

SimulatedHost& SimulatedKernel::host(const Address& address) { return hosts_[hostOf(address)]; }

SimulatedRoute& SimulatedKernel::route(const Address& one, const Address& other) {
  const HostPair ends = std::minmax(hostOf(one), hostOf(other));
  const auto found = routes_.find(ends);
  if (found != routes_.end()) return found->second;
  const SimulatedRoute made{&host(ends.first), &host(ends.second), std::nullopt};
  return routes_.emplace(ends, made).first->second;
}

SimulatedKernel::Duration SimulatedKernel::latency(const SimulatedRoute& route) {
  const NetworkConditions& conditions = conditionsOf(route);
  return random_.between(conditions.minLatency, conditions.maxLatency);
}

// Addresses.

SimulatedChannel* SimulatedKernel::listenerAt(const Address& address) const noexcept {
  const auto exact = listeners_.find(address);
  if (exact != listeners_.end()) return exact->second;
  const auto any = listeners_.find(Address::any(address.family(), address.port()));
  return any == listeners_.end() ? nullptr : any->second;
}

bool SimulatedKernel::claim(const Address& address, SimulatedChannel& channel) {
  return listeners_.emplace(address, &channel).second;
}

void SimulatedKernel::release(const Address& address, const SimulatedChannel& channel) noexcept {
  const auto found = listeners_.find(address);
  if (found != listeners_.end() && found->second == &channel) listeners_.erase(found);
}

std::uint16_t SimulatedKernel::freePort(const Address& host) {
  do {
    lastPort_ = lastPort_ == 65535 ? 49152 : static_cast<std::uint16_t>(lastPort_ + 1);
  } while (listenerAt(host.withPort(lastPort_)));
  return lastPort_;
}

// Datagrams.

std::vector<SimulatedDatagramChannel*> SimulatedKernel::hearing(const Address& to) {
  std::vector<SimulatedDatagramChannel*> found;
  forEachChannel([&](const SimulatedSocket& socket) {
    const auto* const channel = dynamic_cast<const SimulatedDatagramChannel*>(&socket);
    if (channel && channel->hears(to))
      found.push_back(const_cast<SimulatedDatagramChannel*>(channel));
  });
  return found;
}

bool SimulatedKernel::datagramPortFree(const Address& address, bool shared) {
  bool free = true;
  forEachChannel([&](const SimulatedSocket& socket) {
    const auto* const channel = dynamic_cast<const SimulatedDatagramChannel*>(&socket);
    if (!channel || channel->local().port() != address.port()) return;
    const Address any = Address::any(address.family(), address.port());
    const Address& other = channel->local();
    const bool collides = other == address || other == any || address == any;
    if (other.family() == address.family() && collides && !(shared && channel->shares()))
      free = false;
  });
  return free;
}

std::uint16_t SimulatedKernel::freeDatagramPort(const Address& host) {
  std::uint16_t port = 0;
  do {
    port = freePort(host);
  } while (!datagramPortFree(host.withPort(port), false));
  return port;
}

std::vector<Address> SimulatedKernel::hostsHearing(const Address& group) {
  std::vector<Address> hosts;
  for (const SimulatedDatagramChannel* channel : hearing(group)) {
    const bool any = channel->local().bytes() == Address::Bytes{};
    const Address host = any ? defaultHost(group.family()) : hostOf(channel->local());
    if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
  }
  return hosts;
}

bool SimulatedKernel::deliverDatagram(const std::string& bytes, const Address& from,
                                      const Address& to, const Address& receiver) {
  auto found = hearing(to);
  const bool group = to != receiver;
  std::erase_if(found, [&](const SimulatedDatagramChannel* channel) {
    const bool any = channel->local().bytes() == Address::Bytes{};
    const Address host = any ? defaultHost(to.family()) : hostOf(channel->local());
    return group && host != hostOf(receiver);
  });
  if (found.empty()) return group;
  if (group) {
    for (SimulatedDatagramChannel* channel : found) channel->arrive(bytes, from);
  } else {
    found[random_.between(0, found.size() - 1)]->arrive(bytes, from);
  }
  return true;
}

// Channels.

/// While one exists no channel is destroyed.
class SimulatedKernel::Working {
 public:
  explicit Working(SimulatedKernel& kernel) noexcept : kernel_(kernel) { kernel_.working_ = true; }
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;
  ~Working() {
    kernel_.working_ = false;
    for (SimulatedSocket* channel : kernel_.buried_) delete channel;
    kernel_.buried_.clear();
  }

 private:
  SimulatedKernel& kernel_;
};

void SimulatedKernel::add(SimulatedSocket& channel) noexcept {
  open_.pushBack(channel);
  ++channels_;
}

void SimulatedKernel::schedule(SimulatedSocket& channel) noexcept {
  if (!std::exchange(channel.scheduled, true)) scheduled_.push_back(&channel);
}

void SimulatedKernel::bury(SimulatedSocket& channel) noexcept {
  --channels_;
  if (channel.scheduled) std::erase(scheduled_, &channel);
  if (working_)
    buried_.push_back(&channel);
  else
    delete &channel;
}

void SimulatedKernel::deliver() {
  round_.clear();
  round_.swap(scheduled_);
  for (SimulatedSocket* channel : round_) channel->scheduled = false;
  // The kernel promises no order between connections.
  for (std::size_t left = round_.size(); left > 1; --left)
    std::swap(round_[left - 1], round_[random_.between(0, left - 1)]);
  const Working working(*this);
  for (SimulatedSocket* channel : round_) channel->work();
}

void SimulatedKernel::detachAll() noexcept {
  while (!open_.empty()) open_.popFront().detach();
  scheduled_.clear();
  channels_ = 0;
  events_.clear();
}

void SimulatedKernel::forEachChannel(const std::function<void(const SimulatedSocket&)>& look) {
  hawser::detail::IntrusiveList<SimulatedSocket> seen;
  while (!open_.empty()) {
    SimulatedSocket& channel = open_.popFront();
    seen.pushBack(channel);
    look(channel);
  }
  open_.take(seen);
}

std::string SimulatedKernel::describeChannels() {
  std::string text;
  std::size_t described = 0;
  forEachChannel([&](const SimulatedSocket& channel) {
    if (++described <= linesOfChannels) text += "  " + channel.describe() + "\n";
  });
  if (described > linesOfChannels)
    text += fmt::format("  and {} more channels\n", described - linesOfChannels);
  return text;
}

}  // namespace hawser::testing::simulated
