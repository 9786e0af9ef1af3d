#pragma once

#include <hawser/base/durations.h>
#include <hawser/net/address.h>
#include <hawser/reactor/backend.h>
#include <hawser/testing/network_conditions.h>
#include <hawser/testing/network_event.h>
#include <hawser/testing/simulated_random.h>
#include <hawser/testing/simulation_errors.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace hawser {
class Reactor;
}

namespace hawser::testing {

namespace simulated {
class SimulatedKernel;
}

/// A network that exists in memory only, and has the worst of days as often as a test wants it.
///
/// A program that talks over a network fails in ways that no test on real sockets shows: when the
/// answer comes in single bytes, the peer vanishes between two of them, the router forgets the
/// connection, and all that in one unlucky order. Here the order is chosen by a seed. The program
/// runs unchanged, on a Reactor whose backend is this network; hours of it pass in milliseconds,
/// and the same seed gives the same run again, event by event.
///
///     SimulatedNetwork network(seed);
///     Reactor reactor(network.makeBackend());
///     auto port = listenTCP(reactor, 10000, factory, defaultBacklog, "10.0.0.2");
///     reactor.callLater(3s, [&] { network.partition("10.0.0.1", "10.0.0.2"); });
///     network.run(reactor, [&] { return poem.has_value(); });
///
/// **Hosts** are addresses: all parties live in one program, on one reactor, and a host exists as
/// soon as somebody listens there or connects from there (`ConnectOptions::bindAddress`). Who does
/// not say where he is, is on 10.0.0.1 (or fd00::1). Names are looked up by threads of the real
/// world, so use numeric addresses.
///
/// **Time** moves only while the reactor waits, from one event to the next, and begins at 0. When
/// nothing is left to happen, `wait` throws SimulationStuckError, which says who still waits.
///
/// **Datagrams** each find their way alone: NetworkConditions say how many get lost or arrive
/// twice, their latencies in which order they come. What is sent to a multicast group reaches all
/// who have joined it.
///
/// **What is simulated**: UDP, and TCP as programs see it. Latency and order, bounded buffers,
/// partial reads and writes, the listen queue, half-close, resets, and what closing does with bytes
/// unread; what goes wrong is up to NetworkConditions and KernelConditions. What is not: UNIX
/// sockets, descriptors, threads, names.
///
/// Everything belongs to the reactor's thread. The network may be destroyed before or after the
/// reactor.
class SimulatedNetwork {
 public:
  using Duration = std::chrono::nanoseconds;
  using TimePoint = Backend::TimePoint;

  explicit SimulatedNetwork(std::uint64_t seed, const NetworkConditions& network = {},
                            const KernelConditions& kernel = {});
  SimulatedNetwork(const SimulatedNetwork&) = delete;
  SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;
  ~SimulatedNetwork();

  /// What the Reactor is made with.
  /// @throws std::logic_error the second time: a network has one reactor
  std::unique_ptr<Backend> makeBackend();

  std::uint64_t seed() const noexcept;
  /// Choices for the test's own use, decided by the seed too.
  SimulatedRandom& random() noexcept { return random_; }
  TimePoint now() const noexcept;

  // What goes wrong. All of it takes effect for what happens from now on.

  void setConditions(const NetworkConditions& conditions);
  /// Between these two hosts, instead of the network's.
  void setConditions(const std::string& one, const std::string& other,
                     const NetworkConditions& conditions);
  void setKernelConditions(const KernelConditions& conditions);

  /// Nothing passes between these two hosts, either way. Connections between them stay, and go on
  /// if the network heals before they are given up.
  void partition(const std::string& one, const std::string& other);
  void heal(const std::string& one, const std::string& other);
  /// The same, between a host and all others.
  void isolate(const std::string& host);
  void rejoin(const std::string& host);

  // Running.

  /// Lets the reactor make turns until `done()`, which is asked before each.
  /// @throws SimulationStuckError if nothing is left to happen before that
  void run(Reactor& reactor, const std::function<bool()>& done);
  /// Lets it make turns until nothing is left to happen.
  /// @throws SimulationSpinsError if that takes longer than `longest`, in simulated time: somebody
  /// calls himself again and again
  void settle(Reactor& reactor, Duration longest = std::chrono::hours(24));

  // Looking.

  /// Is told of everything that happens, when it happens: to look and to write down only.
  void onEvent(std::function<void(const NetworkEvent&)> observer);
  /// A number that sums up all events so far, with their times: equal for equal runs.
  std::uint64_t digest() const noexcept;
  std::uint64_t events() const noexcept;
  /// How many channels (sockets) the program has open.
  std::size_t channels() const noexcept;
  /// How many channels on `host` have a connection with `peer`, or try to.
  std::size_t channelsBetween(const std::string& host, const std::string& peer) const;
  /// What the open channels wait for, a line each.
  std::string describeChannels() const;

 private:
  std::shared_ptr<simulated::SimulatedKernel> kernel_;
  SimulatedRandom random_;
  bool hasBackend_ = false;
};

}  // namespace hawser::testing
