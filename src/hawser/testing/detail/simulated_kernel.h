#pragma once

#include <hawser/base/clock.h>
#include <hawser/base/unique_function.h>
#include <hawser/net/address.h>
#include <hawser/reactor/detail/intrusive_list.h>
#include <hawser/reactor/timers.h>
#include <hawser/testing/network_conditions.h>
#include <hawser/testing/network_event.h>
#include <hawser/testing/simulated_random.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hawser::testing::simulated {

class SimulatedChannel;
class SimulatedDatagramChannel;
class SimulatedSocket;

/// A machine of the simulated network.
struct SimulatedHost {
  bool isolated = false;
};

/// What lies between two hosts.
struct SimulatedRoute {
  SimulatedHost* one;
  SimulatedHost* other;
  std::optional<NetworkConditions> conditions;  // none: those of the network
  bool cut = false;

  bool passable() const noexcept { return !cut && !one->isolated && !other->isolated; }
};

/// The simulated world: time, what will happen and when, who listens where, and which channels
/// have something to tell. Shared by the SimulatedNetwork and the backend.
///
/// Time moves in `wait` only, from one event to the next; events change the state of connections
/// and mark channels, and call nobody. Handlers are called in `deliver`.
class SimulatedKernel {
 public:
  using Duration = Clock::Duration;
  using TimePoint = Clock::TimePoint;

  SimulatedKernel(std::uint64_t seed, const NetworkConditions& network,
                  const KernelConditions& kernel);
  SimulatedKernel(const SimulatedKernel&) = delete;
  SimulatedKernel& operator=(const SimulatedKernel&) = delete;
  ~SimulatedKernel();

  TimePoint now() const noexcept { return clock_.now(); }
  SimulatedRandom& random() noexcept { return random_; }
  std::uint64_t seed() const noexcept { return seed_; }

  // Events.

  /// Calls `happen` at `time`, inside a wait.
  void at(TimePoint time, unique_function<void()> happen);
  void after(Duration delay, unique_function<void()> happen) {
    at(now() + delay, std::move(happen));
  }
  void wait(std::optional<TimePoint> until);
  void wake() noexcept { woken_.store(true); }

  /// Records what happened: in the digest, and for the observer.
  void note(NetworkEvent::Kind kind, const Address& host, const Address& peer,
            std::size_t bytes = 0, std::error_code error = {});
  std::uint64_t digest() const noexcept { return digest_; }
  std::uint64_t events() const noexcept { return noted_; }
  std::function<void(const NetworkEvent&)> observer;

  // The network.

  SimulatedRoute& route(const Address& one, const Address& other);
  SimulatedHost& host(const Address& address);
  const NetworkConditions& conditionsOf(const SimulatedRoute& route) const noexcept {
    return route.conditions ? *route.conditions : network;
  }
  Duration latency(const SimulatedRoute& route);
  NetworkConditions network;  ///< where the route has none of its own
  KernelConditions kernel;
  /// The host of whoever does not say where it is.
  Address defaultHost(Address::Family family) const;

  // Addresses.

  /// Whose listening channel a connection to `address` reaches; null: nobody's.
  SimulatedChannel* listenerAt(const Address& address) const noexcept;
  /// False if somebody listens there.
  bool claim(const Address& address, SimulatedChannel& channel);
  void release(const Address& address, const SimulatedChannel& channel) noexcept;
  std::uint16_t freePort(const Address& host);

  // Datagrams.

  /// May a datagram socket have this address, one that shares it or one that does not?
  bool datagramPortFree(const Address& address, bool shared);
  std::uint16_t freeDatagramPort(const Address& host);
  /// The hosts on which somebody has joined the group, one for each.
  std::vector<Address> hostsHearing(const Address& group);
  /// Puts it into the buffers of those on the host `receiver` who are open for what is sent to
  /// `to`. False if there is nobody.
  bool deliverDatagram(const std::string& bytes, const Address& from, const Address& to,
                       const Address& receiver);

  // Channels.

  void add(SimulatedSocket& channel) noexcept;
  /// Lets it work in the next `deliver`.
  void schedule(SimulatedSocket& channel) noexcept;
  /// Closed: destroys it as soon as nobody works on it.
  void bury(SimulatedSocket& channel) noexcept;
  void deliver();
  /// The backend dies: the channels that still live do nothing from now on.
  void detachAll() noexcept;
  std::size_t channels() const noexcept { return channels_; }
  bool full() const noexcept { return channels_ >= kernel.maxChannels; }
  /// Calls `look` for each open channel, oldest first.
  void forEachChannel(const std::function<void(const SimulatedSocket&)>& look);
  /// What the open channels wait for, a line each; "" if there are none.
  std::string describeChannels();

 private:
  class Time final : public Clock {
   public:
    TimePoint now() const noexcept override { return now_; }
    DelayedCall callLater(Duration, unique_function<void()>, std::source_location) override {
      return {};
    }
    void moveTo(TimePoint time) noexcept { now_ = time > now_ ? time : now_; }

   private:
    TimePoint now_{};
  };
  class Working;
  using HostPair = std::pair<Address, Address>;

  void happen();
  void countTurn();
  std::vector<SimulatedDatagramChannel*> hearing(const Address& to);

  Time clock_;
  TimerQueue events_;
  SimulatedRandom random_;
  const std::uint64_t seed_;
  std::uint64_t digest_ = 0xcbf29ce484222325;
  std::uint64_t noted_ = 0;
  std::uint64_t turnsWithoutTime_ = 0;
  TimePoint lastTurn_{};
  std::unordered_map<Address, SimulatedHost> hosts_;
  std::map<HostPair, SimulatedRoute> routes_;
  std::unordered_map<Address, SimulatedChannel*> listeners_;
  std::uint16_t lastPort_ = 49151;
  std::size_t channels_ = 0;
  hawser::detail::IntrusiveList<SimulatedSocket> open_;  // oldest first
  std::vector<SimulatedSocket*> scheduled_;
  std::vector<SimulatedSocket*> round_;
  std::vector<SimulatedSocket*> buried_;
  std::atomic<bool> woken_{false};
  bool working_ = false;
};

}  // namespace hawser::testing::simulated
