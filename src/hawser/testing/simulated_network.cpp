#include <hawser/testing/simulated_network.h>

#include <hawser/reactor/reactor.h>
#include <hawser/testing/detail/simulated_backend.h>
#include <hawser/testing/detail/simulated_kernel.h>
#include <hawser/testing/detail/simulated_socket.h>

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace hawser::testing {

namespace {

Address hostAt(const std::string& text) {
  const auto address = Address::fromNumericHost(text, 0);
  if (!address)
    throw std::invalid_argument(
        fmt::format("SimulatedNetwork: \"{}\" is not a numeric address", text));
  return *address;
}

}  // namespace

SimulatedNetwork::SimulatedNetwork(std::uint64_t seed, const NetworkConditions& network,
                                   const KernelConditions& kernel)
    : kernel_(std::make_shared<simulated::SimulatedKernel>(seed, network, kernel)),
      random_(kernel_->random().fork()) {}

SimulatedNetwork::~SimulatedNetwork() = default;

std::unique_ptr<Backend> SimulatedNetwork::makeBackend() {
  if (std::exchange(hasBackend_, true))
    throw std::logic_error("SimulatedNetwork::makeBackend: a network has one reactor");
  return std::make_unique<simulated::SimulatedBackend>(kernel_);
}

std::uint64_t SimulatedNetwork::seed() const noexcept { return kernel_->seed(); }
SimulatedNetwork::TimePoint SimulatedNetwork::now() const noexcept { return kernel_->now(); }

void SimulatedNetwork::setConditions(const NetworkConditions& conditions) {
  kernel_->network = conditions;
}

void SimulatedNetwork::setConditions(const std::string& one, const std::string& other,
                                     const NetworkConditions& conditions) {
  kernel_->route(hostAt(one), hostAt(other)).conditions = conditions;
}

void SimulatedNetwork::setKernelConditions(const KernelConditions& conditions) {
  kernel_->kernel = conditions;
}

void SimulatedNetwork::partition(const std::string& one, const std::string& other) {
  kernel_->route(hostAt(one), hostAt(other)).cut = true;
  kernel_->note(NetworkEvent::Kind::partitioned, hostAt(one), hostAt(other));
}

void SimulatedNetwork::heal(const std::string& one, const std::string& other) {
  kernel_->route(hostAt(one), hostAt(other)).cut = false;
  kernel_->note(NetworkEvent::Kind::healed, hostAt(one), hostAt(other));
}

void SimulatedNetwork::isolate(const std::string& host) {
  kernel_->host(hostAt(host)).isolated = true;
  kernel_->note(NetworkEvent::Kind::partitioned, hostAt(host), Address());
}

void SimulatedNetwork::rejoin(const std::string& host) {
  kernel_->host(hostAt(host)).isolated = false;
  kernel_->note(NetworkEvent::Kind::healed, hostAt(host), Address());
}

void SimulatedNetwork::run(Reactor& reactor, const std::function<bool()>& done) {
  while (!done()) reactor.iterate(Duration::max());
}

void SimulatedNetwork::settle(Reactor& reactor, Duration longest) {
  const TimePoint end = now() + longest;
  try {
    while (now() <= end) reactor.iterate(Duration::max());
  } catch (const SimulationStuckError&) {
    return;
  }
  throw SimulationSpinsError(fmt::format(
      "the simulation (seed {}) has not come to rest in {} s\n{}", seed(),
      std::chrono::duration_cast<std::chrono::seconds>(longest).count(), describeChannels()));
}

void SimulatedNetwork::onEvent(std::function<void(const NetworkEvent&)> observer) {
  kernel_->observer = std::move(observer);
}

std::uint64_t SimulatedNetwork::digest() const noexcept { return kernel_->digest(); }
std::uint64_t SimulatedNetwork::events() const noexcept { return kernel_->events(); }
std::size_t SimulatedNetwork::channels() const noexcept { return kernel_->channels(); }

std::size_t SimulatedNetwork::channelsBetween(const std::string& host,
                                              const std::string& peer) const {
  const Address here = hostAt(host);
  const Address there = hostAt(peer);
  std::size_t count = 0;
  kernel_->forEachChannel([&](const simulated::SimulatedSocket& channel) {
    if (channel.local().withPort(0) == here && channel.peer().withPort(0) == there) ++count;
  });
  return count;
}

std::string SimulatedNetwork::describeChannels() const { return kernel_->describeChannels(); }

}  // namespace hawser::testing
